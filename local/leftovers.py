"""Processes that outlived their supervisor, recognised by a variable that they inherit.

nginx writes its titles over what it inherited; its processes are recognised by an open file.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_PAUSE = 0.02  # seconds between two looks
_MARK = "AWARE_PART_OF"


def mark(state: Path) -> dict[str, str]:
    """The variable that everything started for `state` inherits."""
    return {_MARK: str(state)}


def find(state: Path) -> list[psutil.Process]:
    """The processes that carry the mark of `state`, without this one and those that started it."""
    this = psutil.Process()
    ours = {this.pid, *(parent.pid for parent in this.parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in ours and _belongs(process, state)
    ]


def end(state: Path, grace: float) -> int:
    """Stop the processes of `state`: by SIGTERM, and after `grace` seconds by SIGKILL.

    Returns how many there were.
    """
    found = find(state)
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    # Also those that a supervisor restarted before the signal reached it.
    stubborn = {*wait_gone(found, grace), *find(state)}
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_gone([*stubborn], grace)
    return len(found)


def wait_gone(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until `processes` have ended, and return those that have not after `seconds`.

    A zombie has ended: in a container the process that should collect it may never do so.
    """
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if not _has_ended(process)]) and (
        time.monotonic() < deadline
    ):
        time.sleep(_PAUSE)
    return left


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _belongs(process: psutil.Process, state: Path) -> bool:
    try:
        if process.uids().real != os.getuid():
            return False
        if process.environ().get(_MARK) == str(state):
            return True
        return process.name() == "nginx" and any(
            Path(file.path).is_relative_to(state.resolve()) for file in process.open_files()
        )
    except psutil.Error:
        return False
