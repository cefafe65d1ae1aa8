"""What is measured: services of the project, and the floor beside them, on one MongoDB."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.collector import collector
from local import leftovers
from local.errors import LocalError
from local.ports import Ports
from local.stack import ROOT, Stack
from services.reading import declared

# The relay and the consumer would take the two cores of a small machine from what is measured.
_PARTS = ("mongodb", "mongodb-setup")
_SETTINGS = {"WORKERS": "1", "VALIDATE_RESPONSES": "false"}
MEASURED = {"users": "user-service-v2", "orders": "order-service"}
"""Processes, by what they store."""

_FLOOR = {"users": "bench.floor:users()", "orders": "bench.floor:orders()"}
_PATIENCE = 60.0  # seconds

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Server:
    """One HTTP service: where it answers, without a slash at the end, and the process that does."""

    url: str
    worker: psutil.Process

    def cpu_seconds(self) -> float:
        """The CPU time that the worker has taken so far."""
        times = self.worker.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> float:
        """The worker's proportional set size, in MiB: what is shared counts in parts."""
        return float(self.worker.memory_full_info().pss) / 2**20


TRACED = "traced"
"""The side of the project that records traces."""

Side = Mapping[str, Server]
"""The servers of the project or of the floor: `users` and `orders`."""


@contextlib.contextmanager
def servers(folder: Path, progress: Progress) -> Iterator[Mapping[str, Side]]:
    """The sides `project`, `floor` and `traced`, ready for requests; nothing is left of them.

    The last is the project again, of which one trace in ten is recorded. All six servers are
    started in the same way: a kernel that shares the CPU out by sessions is to treat them alike.

    Raises LocalError where something does not start.
    """
    system = Stack(folder, Ports.free(), 50, _PARTS, _SETTINGS)
    try:
        system.start(progress)
        with contextlib.ExitStack() as started:
            traced = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": started.enter_context(collector()),
                "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                "OTEL_TRACES_SAMPLER_ARG": "0.1",
            }
            sides = {
                side: {
                    name: started.enter_context(
                        _server(system, f"{side}-{name}", name, application, more)
                    )
                    for name, application in applications.items()
                }
                for side, applications, more in (
                    ("project", _project(), {}),
                    ("floor", _FLOOR, {}),
                    (TRACED, _project(), traced),
                )
            }
            progress("project and floor are up")
            yield sides
    finally:
        system.stop()


def _project() -> Mapping[str, str]:
    found = {name: declared().http[process] for name, process in MEASURED.items()}
    return {name: service.application(version) for name, (service, version) in found.items()}


@contextlib.contextmanager
def _server(
    system: Stack, title: str, name: str, application: str, more: Mapping[str, str]
) -> Iterator[Server]:
    """An application under gunicorn, with the settings and the login of the service `name`."""
    address = Ports.free().address("gateway")
    environment = system.environment(MEASURED[name]) | {"BIND": address, **more}
    log = system.logs / f"{title}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py", application],
            cwd=ROOT,
            env={**os.environ, **environment, **leftovers.mark(system.state)},
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is for us; we stop it
        )
    try:
        _wait(f"http://{address}", process, log)
        (worker,) = psutil.Process(process.pid).children()
        yield Server(f"http://{address}", worker)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when `url` answers anything; LocalError where it never will."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=_PATIENCE, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise LocalError(f"{process.args!r} did not start:\n{log.read_text()}")
