"""Runs a command, and leaves nothing of it behind, however it or its caller ends. For Linux.

Run as `python -m tests.reaper FILE COMMAND...`; FILE gets what `Used` says, as JSON. TMPDIR, where
it is set, is taken for the command's own, and removed.
"""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

RUN = "TEST_RUN"
"""The variable with the run's name, which is part of the names of its containers."""

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_STOPPING_SECONDS = 120
_TERMINATING_SECONDS = 10


@dataclass(frozen=True)
class Used:
    """What a command took, its daemons included: seconds of a clock, seconds of processors.

    `left` are the command lines of processes that outlived it, and were ended.
    """

    seconds: float
    cpu_seconds: float
    left: Sequence[str]


def container_name(what: str) -> str:
    """A name for a container, project or image which says to which run it belongs."""
    return f"{_containers()}-{what}"


def run(command: Sequence[str]) -> tuple[int, Used]:
    """Run `command` to its end; its status, 128 and more where a signal ended it.

    SIGTERM, SIGINT and the death of the parent process, of whatever signal, interrupt the command
    as Ctrl-C does; what has not stopped after two minutes is killed.
    """
    began = time.monotonic()
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's `&` has it ignored, by children too
    process = subprocess.Popen(command, start_new_session=True)

    def stop(number: int, _frame: object) -> None:
        alarm = number == signal.SIGALRM
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if alarm else signal.SIGINT)
        if not alarm:
            signal.alarm(_STOPPING_SECONDS)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before that
        os.kill(os.getpid(), signal.SIGTERM)
    while (ended := os.wait())[0] != process.pid:
        pass
    signal.alarm(0)
    left = _end_descendants()
    status = os.waitstatus_to_exitcode(ended[1])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.monotonic() - began
    return status if status >= 0 else 128 - status, Used(
        seconds, used.ru_utime + used.ru_stime, left
    )


def _end_descendants() -> list[str]:
    """End every process that was left, and collect all; their command lines."""
    left: dict[int, str] = {}
    this, kill = psutil.Process(), False
    while found := [each for each in this.children(recursive=True) if _runs(each)]:
        for each in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.setdefault(each.pid, " ".join(each.cmdline()))
                each.kill() if kill else each.terminate()
        psutil.wait_procs(found, _TERMINATING_SECONDS)
        kill = True
    with contextlib.suppress(ChildProcessError):
        while os.wait():
            pass
    return [*left.values()]


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _containers() -> str:
    """What the names of the run's containers begin with."""
    return f"aware-test-{os.environ.get(RUN) or os.getpid()}"


def remove_containers() -> None:
    """Remove what the run left in a Docker engine: containers, networks, volumes and images."""
    if shutil.which("docker") is None:
        return
    named = f"name={_containers()}"
    for kind, listing, removal in (
        (
            "container",
            ("ls", "--all", "--quiet", "--filter", named),
            ("rm", "--force", "--volumes"),
        ),
        ("network", ("ls", "--quiet", "--filter", named), ("rm",)),
        ("volume", ("ls", "--quiet", "--filter", named), ("rm",)),
        ("image", ("ls", "--quiet", f"{_containers()}*"), ("rm", "--force")),
    ):
        done = subprocess.run(
            ["docker", kind, *listing], capture_output=True, text=True, check=False
        )
        if found := {*done.stdout.split()}:
            subprocess.run(["docker", kind, *removal, *found], capture_output=True, check=False)


def remove_folder(folder: Path) -> None:
    """Remove `folder`, and what is mounted below."""
    for line in reversed(Path("/proc/self/mounts").read_text("utf-8").splitlines()):
        mounted = line.split()[1]
        if Path(mounted).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", mounted], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def main(file: str, *command: str) -> int:
    """See the module."""
    status, used = run(command)
    remove_containers()
    if "TMPDIR" in os.environ:
        remove_folder(Path(os.environ["TMPDIR"]))
    Path(file).write_text(json.dumps(asdict(used)), "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
