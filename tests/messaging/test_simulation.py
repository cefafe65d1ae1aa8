"""Guarantees 1 and 2 under every order of things that a seed comes upon."""

import os
import secrets

import pytest

from tests.messaging.simulation.faulty import FAULTY
from tests.messaging.simulation.running import first_broken, run_histories, silence
from tests.messaging.simulation.world import Parts, Shared, run_history

HISTORIES = int(os.environ.get("SIMULATED_HISTORIES", "20000"))


def test_no_history_breaks_a_guarantee(capsys: pytest.CaptureFixture[str]) -> None:
    """Other seeds each time; the figures are printed, and a failure with how to replay it."""
    first = secrets.randbelow(10**9)
    summary = run_histories(first, HISTORIES, Parts())
    with capsys.disabled():
        print(f"\nSimulation, seeds from {first} on: {summary}")  # noqa: T201 - asked for
    assert summary.histories == HISTORIES
    assert not summary.broken, str(summary)


@pytest.mark.slow
@pytest.mark.parametrize("guard", FAULTY)
def test_a_removed_guard_is_noticed(guard: str) -> None:
    """Without it, some history breaks a guarantee: the check can fail."""
    assert first_broken(FAULTY[guard], most=100_000) is not None


def test_a_seed_replays() -> None:
    """The same seed makes the same history, step by step."""
    silence()
    traces: list[list[str]] = [[], []]
    for trace in traces:
        run_history(7, Parts(), Shared(), trace)
    assert traces[0]
    assert [_without_addresses(each) for each in traces[0]] == [
        _without_addresses(each) for each in traces[1]
    ]


def _without_addresses(line: str) -> str:
    """The line without what a message's id and an object's place in memory make of it."""
    return line.partition(" -> ")[0]
