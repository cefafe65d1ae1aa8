"""Under `kill -9` of every part, every update of an order is in the trace of what caused it."""

import random

import pytest

from local.stack import Stack
from tests.tracing.killed import KILLED, run
from tests.tracing.receiver import Collector


@pytest.mark.parametrize("changes", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_update_is_in_the_trace_of_its_change_whatever_is_killed(
    traced: Stack, sent: Collector, changes: int
) -> None:
    """What was lost with a process is counted; a hole is never filled by another trace."""
    seed = random.randrange(10**9)
    report = run(traced, sent, changes, seed)
    print(f"seed {seed}\n{report}")  # noqa: T201 - `pytest -s` shows it
    assert not report.foreign
    assert not report.orders_behind
    assert len(report.acknowledged) == changes + 10
    assert set(report.kills) == set(KILLED)
    assert report.came["an order's update in their trace"] > 0
