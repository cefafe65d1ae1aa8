"""No acknowledged change is lost, and none comes back, whatever is killed."""

import asyncio
import secrets
from pathlib import Path

import pytest

from tests.messaging.chaos.running import run_chaos

FAULTS = 30


@pytest.mark.slow
def test_everything_is_killed_and_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other faults each time; the table is printed."""
    report = asyncio.run(run_chaos(tmp_path, FAULTS, users=15, seed=secrets.randbelow(10**9)))
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201 - asked for
    assert report.faults.total() == FAULTS
    assert report.changes > 100
    assert report.due > 100
    assert not report.violations, str(report)
