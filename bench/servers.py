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

from local import leftovers
from local.ports import Ports
from local.stack import ROOT, Stack

# The relay and the consumer would take the two cores of a small machine from what is measured.
_PARTS = ("mongodb", "mongodb-setup", "user-service-v2", "order-service")
_SERVICES = {"users": "user-service-v2", "orders": "order-service"}
_ONE_WORKER = {"WORKERS": "1", "VALIDATE_RESPONSES": "false"}
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


Side = Mapping[str, Server]
"""The servers of the project or of the floor: `users` and `orders`."""


@contextlib.contextmanager
def servers(folder: Path, progress: Progress) -> Iterator[Mapping[str, Side]]:
    """The sides `project` and `floor`, ready for requests; nothing is left of them afterwards.

    Raises LocalError where something does not start.
    """
    system = Stack(folder, Ports.free(), 50, _PARTS, _ONE_WORKER)
    try:
        system.start(progress)
        with _floor(system) as floor:
            progress("the floor is up")
            yield {"project": _project(system), "floor": floor}
    finally:
        system.stop()


def _project(system: Stack) -> Side:
    masters = {each.name: each.pid for each in system.status()}
    return {
        name: Server(f"http://{system.environment(part)['BIND']}", _worker(masters[part]))
        for name, part in _SERVICES.items()
    }


@contextlib.contextmanager
def _floor(system: Stack) -> Iterator[Side]:
    ports = Ports.free()
    addresses = {
        "users": ports.address("user_service_v2"),
        "orders": ports.address("order_service"),
    }
    with contextlib.ExitStack() as started:
        masters = {
            name: started.enter_context(_gunicorn(system, name, address))
            for name, address in addresses.items()
        }
        for address in addresses.values():
            _wait(f"http://{address}/")
        yield {
            name: Server(f"http://{address}", _worker(masters[name]))
            for name, address in addresses.items()
        }


@contextlib.contextmanager
def _gunicorn(system: Stack, name: str, address: str) -> Iterator[int]:
    """The floor's `name`, with the settings and the login of the service it stands beside."""
    environment = system.environment(_SERVICES[name]) | {"BIND": address}
    command = [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py"]
    with (system.logs / f"floor-{name}.log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"bench.floor:{name}()"],
            cwd=ROOT,
            env={**os.environ, **environment, **leftovers.mark(system.state)},
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we stop it
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait(url: str) -> None:
    """Return when `url` answers anything."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            httpx.get(url, timeout=_PATIENCE, trust_env=False)
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _worker(master: int) -> psutil.Process:
    (worker,) = psutil.Process(master).children()
    return worker
