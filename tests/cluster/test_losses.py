"""Nothing is lost on a replica set and a broker of three, whichever of each is killed."""

import asyncio
from pathlib import Path

import pytest

from tests.cluster.losses import run_losses


@pytest.mark.slow
def test_each_of_three_is_killed_and_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that lead; the system goes on without each. The table is printed."""
    report = asyncio.run(run_losses(tmp_path))
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201 - asked for
    assert len(report.losses) == 6
    assert report.judged > 100
    assert not report.violations, str(report)
