"""Processes that outlived their supervisor, recognised by a variable that they inherit."""

import contextlib
import os
from pathlib import Path

import psutil

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
    _, stubborn = psutil.wait_procs(found, timeout=grace)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=grace)
    return len(found)


def _belongs(process: psutil.Process, state: Path) -> bool:
    try:
        return process.uids().real == os.getuid() and process.environ().get(_MARK) == str(state)
    except psutil.Error:
        return False
