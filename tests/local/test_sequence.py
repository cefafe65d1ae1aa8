"""Starting and stopping in order, on a real supervisord with small programs."""

import os
import signal
from pathlib import Path

import pytest

from local import sequence
from local.errors import PartFailedError
from local.sequence import bring_up, take_down
from tests.local.conftest import Supervise
from tests.local.programs import part, touching


def _ignore(_: str) -> None:
    """Progress that nobody reads."""


def test_a_part_starts_only_when_all_that_it_needs_are_healthy(
    supervise: Supervise, tmp_path: Path
) -> None:
    """`second` runs only after `first` has been called healthy."""
    begun = tmp_path / "begun"
    looks: list[bool] = []

    def healthy_at_the_fifth_look() -> bool:
        looks.append(begun.exists())
        return len(looks) >= 5

    parts = [
        part("second", touching(begun), needs=("first",), healthy=begun.exists),
        part("first", healthy=healthy_at_the_fifth_look),
    ]
    bring_up(parts, supervise(parts), tmp_path, _ignore)
    assert begun.exists()
    assert not any(looks)


def test_progress_names_each_part_as_it_becomes_healthy(
    supervise: Supervise, tmp_path: Path
) -> None:
    """In the order in which it happens."""
    parts = [part("b", needs=("a",)), part("a", "", once=True)]
    said: list[str] = []
    bring_up(parts, supervise(parts), tmp_path, said.append)
    assert [line.split()[0] for line in said] == ["a", "b"]


def test_a_part_that_dies_ends_the_start_with_its_name_and_last_lines(
    supervise: Supervise, tmp_path: Path
) -> None:
    """The log's lines are those of this start."""
    (tmp_path / "doomed.log").write_text("from an earlier start\n")
    parts = [part("doomed", "import sys; sys.exit('no such luck')", healthy=lambda: False)]
    with pytest.raises(PartFailedError) as caught:
        bring_up(parts, supervise(parts), tmp_path, _ignore)
    assert caught.value.part == "doomed"
    assert caught.value.lines == ("no such luck",)
    assert "doomed died while the system was starting" in str(caught.value)


def test_a_healthy_part_that_dies_while_others_start_ends_the_start(
    supervise: Supervise, tmp_path: Path
) -> None:
    """It was healthy, but the system never was."""

    def kill_first() -> bool:
        os.kill(supervisor.states()["first"].pid, signal.SIGKILL)
        return False

    parts = [part("first"), part("second", needs=("first",), healthy=kill_first)]
    supervisor = supervise(parts)

    with pytest.raises(PartFailedError, match="first died"):
        bring_up(parts, supervisor, tmp_path, _ignore)


def test_a_run_that_fails_ends_the_start_with_its_status(
    supervise: Supervise, tmp_path: Path
) -> None:
    """A set-up is not tried again."""
    parts = [part("set-up", "print('bad'); raise SystemExit(3)", once=True)]
    with pytest.raises(PartFailedError, match=r"(?s)set-up failed with status 3.*bad"):
        bring_up(parts, supervise(parts), tmp_path, _ignore)


def test_a_part_that_never_becomes_healthy_ends_the_start_at_its_deadline(
    supervise: Supervise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that hangs does not make a start that hangs."""
    monkeypatch.setattr(sequence, "DEADLINE", 0.5)
    parts = [part("idle", healthy=lambda: False)]
    with pytest.raises(PartFailedError, match="idle was not healthy after"):
        bring_up(parts, supervise(parts), tmp_path, _ignore)


def test_parts_stop_after_those_that_need_them(supervise: Supervise, tmp_path: Path) -> None:
    """Also where only a finished run stands between them."""
    parts = [
        part("database"),
        part("set-up", "", needs=("database",), once=True),
        part("service", needs=("set-up",)),
        part("gateway", needs=("service",)),
    ]
    supervisor = supervise(parts)
    bring_up(parts, supervisor, tmp_path, _ignore)
    said: list[str] = []
    take_down(parts, supervisor, said.append)
    assert said == ["stopping gateway", "stopping service", "stopping database"]
    assert {state.pid for state in supervisor.states().values()} == {0}


def test_what_a_set_up_says_of_migrations_is_told_while_it_runs(
    supervise: Supervise, tmp_path: Path
) -> None:
    """What is pending, and how far it is; nothing else of its log."""
    log = tmp_path / "says"
    log.write_text(
        "Pending: 0001_x: orders\n"
        '{"task": "migrate orders", "done": 5000, "of": 9000, "event": "progress"}\n'
        '{"task": "seed", "done": 5, "of": 20, "event": "progress"}\n'
        "MongoDB: 3 collections are ready.\n"
    )
    code = f"print(open({str(log)!r}).read())"
    parts = [part("set-up", code, once=True)]
    said: list[str] = []
    bring_up(parts, supervise(parts), tmp_path, said.append)
    assert said[:2] == ["Pending: 0001_x: orders", "  migrate orders: 5,000 of 9,000"]
    assert [line for line in said[2:] if not line.startswith("set-up is up")] == []
