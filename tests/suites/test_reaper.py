"""Nothing outlives a suite, however it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.reaper import remove_folder
from tests.waiting import until

_SLEEP = "[sys.executable, '-c', 'import time; time.sleep(600)']"
_LEAVES_A_DAEMON = f"""
import subprocess, sys
daemon = subprocess.Popen({_SLEEP}, start_new_session=True)
open(sys.argv[1], "w").write(str(daemon.pid))
"""
_STOPS_AFTER_CTRL_C = f"""{_LEAVES_A_DAEMON}
try:
    daemon.wait()
except KeyboardInterrupt:
    open(sys.argv[1] + ".stopped", "w").close()
"""


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    """Where a program writes the process of its daemon."""
    return tmp_path / "pid"


def reaper(code: str, pid_file: Path) -> list[str]:
    """The command that runs a program under a reaper."""
    used = pid_file.with_name("used")
    program = [sys.executable, "-c", code, str(pid_file)]
    return [sys.executable, "-m", "tests.reaper", str(used), *program]


def environment(folder: Path) -> dict[str, str]:
    """With a temporary folder that is the program's own."""
    (folder / "own").mkdir()
    return {**os.environ, "TMPDIR": str(folder / "own"), "TEST_RUN": "reaper"}


def daemon(pid_file: Path) -> psutil.Process:
    """The daemon, as soon as the program has started it."""
    return psutil.Process(int(until(lambda: pid_file.exists() and pid_file.read_text(), "a pid")))


def test_a_daemon_that_a_suite_left_is_ended_and_named(pid_file: Path) -> None:
    """The suite's status stays, and its temporary folder is removed."""
    command = reaper(f"{_LEAVES_A_DAEMON}\nsys.exit(3)", pid_file)
    done = subprocess.run(command, env=environment(pid_file.parent), check=False)
    assert done.returncode == 3
    assert not psutil.pid_exists(int(pid_file.read_text()))
    used = json.loads(pid_file.with_name("used").read_text())
    assert [each for each in used["left"] if "time.sleep(600)" in each] == used["left"] != []
    assert not (pid_file.parent / "own").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_suite_as_ctrl_c_does(pid_file: Path, number: signal.Signals) -> None:
    """So that it can tidy up; what it leaves all the same is ended."""
    command = reaper(_STOPS_AFTER_CTRL_C, pid_file)
    with subprocess.Popen(command, env=environment(pid_file.parent)) as running:
        left = daemon(pid_file)
        running.send_signal(number)
    assert pid_file.with_suffix(".stopped").exists()
    assert not left.is_running()


def test_a_suite_that_was_started_in_the_background_can_be_stopped(pid_file: Path) -> None:
    """A shell starts it with Ctrl-C ignored."""
    command = reaper(_STOPS_AFTER_CTRL_C, pid_file)
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with subprocess.Popen(in_background, env=environment(pid_file.parent)) as running:
        daemon(pid_file)
        running.terminate()
    assert pid_file.with_suffix(".stopped").exists()


def test_a_killed_run_leaves_nothing(pid_file: Path) -> None:
    """The reaper notices that whoever started it is gone, without any signal to itself."""
    run = f"import subprocess; subprocess.run({reaper(_STOPS_AFTER_CTRL_C, pid_file)})"
    command = [sys.executable, "-c", run]
    with subprocess.Popen(command, env=environment(pid_file.parent)) as running:
        left = daemon(pid_file)
        running.kill()
    until(lambda: not left.is_running(), "the daemon has ended")
    until(lambda: not (pid_file.parent / "own").exists(), "the folder is gone")
    assert pid_file.with_suffix(".stopped").exists()


def test_a_folder_goes_with_what_is_in_it(tmp_path: Path) -> None:
    """Also where it does not exist any more."""
    (tmp_path / "own" / "deep").mkdir(parents=True)
    for _ in range(2):
        remove_folder(tmp_path / "own")
        assert not (tmp_path / "own").exists()
