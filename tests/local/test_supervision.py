"""supervisord as we configure it."""

import os
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from local.errors import LocalError
from local.supervision import Program, Supervisor
from tests.local.conftest import Supervise
from tests.local.programs import SLEEPING, part
from tests.waiting import until


def _backoff(supervisor: Supervisor, name: str) -> Callable[[], bool]:
    return lambda: supervisor.states()[name].state == "BACKOFF"


def test_a_program_that_keeps_dying_is_restarted_with_growing_pauses(
    supervise: Supervise, tmp_path: Path
) -> None:
    """The pauses are 1 s, 2 s, ... after a death within the first seconds."""
    log = tmp_path / "doomed.log"
    supervisor = supervise([part("doomed", "import time; print(time.monotonic())")])
    supervisor.start_program("doomed")
    until(lambda: log.exists() and len(log.read_text().splitlines()) >= 4, "four starts")
    times = [float(line) for line in log.read_text().splitlines()]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] >= 1
    assert pauses[1] >= 2
    assert pauses[2] >= 3


def test_a_program_that_ran_once_is_not_restarted(supervise: Supervise) -> None:
    """Whatever its status was."""
    supervisor = supervise([part("run", "raise SystemExit(3)", once=True)])
    supervisor.start_program("run")
    until(lambda: supervisor.states()["run"].ended, "it has ended")
    assert supervisor.states()["run"].exit_status == 3


def test_children_of_a_program_that_ignores_the_signal_go_with_it(
    supervise: Supervise, tmp_path: Path
) -> None:
    """After its grace both are killed."""
    child = tmp_path / "child"
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); pid = os.fork();"
        f"open({str(child)!r}, 'a').write(str(os.getpid()) + '\\n'); time.sleep(600)"
    )
    stubborn = Program("stubborn", part("", code).program().command, {}, grace=1)
    supervisor = supervise([])
    supervisor.shut_down()
    supervisor.start([stubborn], {"PATH": os.environ["PATH"]})
    supervisor.start_program("stubborn")
    until(lambda: child.exists() and len(child.read_text().split()) == 2, "two processes")
    supervisor.stop_program("stubborn")
    for pid in child.read_text().split():
        until(lambda pid=pid: not Path("/proc", pid).exists(), "it is gone")  # type: ignore[misc]


def test_a_program_gets_its_variables_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the shell's environment slips in; awkward characters arrive as they are."""
    monkeypatch.setenv("RABBITMQ_CONFIG_FILE", "/of/the/shell")
    seen = tmp_path / "seen"
    code = f"import os; open({str(seen)!r}, 'w').write(os.environ['A'] + str(len(os.environ)))"
    command = part("", code).program().command
    supervisor = Supervisor(tmp_path, tmp_path, tmp_path)
    value = "mongodb://h:1/?a=b&c=d, e f"
    supervisor.start([Program("p", command, {"A": value}, once=True)], {})
    supervisor.start_program("p")
    until(lambda: supervisor.states()["p"].ended, "it has ended")
    supervisor.shut_down()
    assert seen.read_text().startswith(value)
    assert "RABBITMQ" not in seen.read_text()


@pytest.mark.parametrize("name", ["with space", "a,b", "a#b;c"])
def test_the_state_folder_may_have_an_awkward_name(tmp_path: Path, name: str) -> None:
    """A clone may lie anywhere."""
    folder = tmp_path / name
    folder.mkdir()
    supervisor = Supervisor(folder, folder, folder)
    supervisor.start([part("p", SLEEPING).program()], {})
    assert supervisor.runs()
    supervisor.shut_down()
    assert not supervisor.runs()


@pytest.mark.parametrize("name", ["a #b", "a ;b", "a\nb", "100%"])
def test_a_name_that_the_configuration_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    """Rather than cut off silently at what looks like a comment."""
    supervisor = Supervisor(tmp_path, tmp_path / name, tmp_path)
    with pytest.raises(LocalError, match="cannot hold"):
        supervisor.start([], {})


def test_a_path_too_long_for_a_socket_is_refused_with_the_variable(tmp_path: Path) -> None:
    """The operating system's own message would not say what to do."""
    with pytest.raises(LocalError, match="AWARE_STATE"):
        Supervisor(tmp_path / ("x" * 100), tmp_path, tmp_path)


def test_a_supervisor_that_was_killed_does_not_run(supervise: Supervise) -> None:
    """The socket that it left behind deceives nobody."""
    supervisor = supervise([])
    os.kill(supervisor.pid(), signal.SIGKILL)
    until(lambda: not supervisor.runs(), "the supervisor has ended")
