"""Relay and consumer as processes of their own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.waiting import until_async

STOP_WITHIN_SECONDS = 20


@dataclass(frozen=True)
class Running:
    """A started process and where it answers."""

    process: subprocess.Popen[bytes]
    address: tuple[str, int]

    def get(self, path: str) -> httpx.Response:
        """What it answers."""
        host, port = self.address
        return httpx.get(f"http://{host}:{port}{path}", timeout=10, trust_env=False)

    async def answers(self, path: str, status: int) -> None:
        """Wait until the path answers with this status."""

        async def it_does() -> bool:
            assert self.process.poll() is None, "the process has ended"
            try:
                return self.get(path).status_code == status
            except httpx.HTTPError:
                return False

        await until_async(it_does, f"{path} answers {status}")

    def stop(self) -> int:
        """Send SIGTERM; answers the exit status."""
        self.process.terminate()
        return self.process.wait(STOP_WITHIN_SECONDS)


@contextmanager
def started(
    name: str, environment: Mapping[str, str], log: Path | None = None
) -> Iterator[Running]:
    """The process of that name, killed at the end if it still runs; its log goes to a file."""
    host, _, port = environment["HEALTH_BIND"].rpartition(":")
    with nullcontext() if log is None else log.open("wb") as stderr:
        command = [sys.executable, "-m", "aware", "run", name]
        process = subprocess.Popen(command, env=environment, stderr=stderr)
        try:
            yield Running(process, (host, int(port)))
        finally:
            process.kill()
            process.wait()
