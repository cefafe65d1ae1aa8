"""`python -m bench.uploads`: what a query, a form and files of 10 MB and 1 GB cost a worker.

With `--peer PYTHON`, an interpreter that has FastAPI, uvicorn and python-multipart, the same
operations in FastAPI are measured in turn with ours: one worker each.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
import psutil

from local.display import columns
from local.ports import free_port

ROOT = Path(__file__).parent.parent

_MB = 1_000_000
_FORM = (
    b"name=Ada+Lovelace&email=ada%40example.com&age=36&height=1.65&tags=a&tags=b&subscribed=true"
)
_BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
_BEFORE = (
    b'--%s\r\nContent-Disposition: form-data; name="note"\r\n\r\nA note.\r\n'
    b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
) % (_BOUNDARY, _BOUNDARY)
_BEHIND = b"\r\n--%s--\r\n" % _BOUNDARY
_PIECE = os.urandom(_MB)
_DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Cost:
    """What one request took: seconds until its answer, and seconds of the worker's CPU time."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Server:
    """A server of the operations, and the process that answers."""

    port: int
    worker: psutil.Process

    def cost(self, requests: Sequence[Sequence[bytes]]) -> Cost:
        """Send requests on one connection, each in pieces, the next when the last is answered."""
        began, cpu = time.perf_counter(), self._cpu()
        with (
            socket.create_connection(("127.0.0.1", self.port), _DEADLINE_SECONDS) as connection,
            connection.makefile("rb") as answers,
        ):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pieces in requests:
                for piece in pieces:
                    connection.sendall(piece)
                _take_answer(answers)
        count = len(requests)
        return Cost((time.perf_counter() - began) / count, (self._cpu() - cpu) / count)

    def _cpu(self) -> float:
        times = self.worker.cpu_times()
        return float(times.user + times.system)


def _take_answer(answers: BinaryIO) -> None:
    status = answers.readline()
    length = int(http.client.parse_headers(answers)["Content-Length"])
    body = answers.read(length)
    if b" 200 " not in status:
        raise click.ClickException(f"refused: {body.decode(errors='replace')}")


def _head(path: str, media_type: bytes, length: int) -> bytes:
    lines = (f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n").encode()
    return lines + b"Content-Type: " + media_type + b"\r\n\r\n"


def query_request() -> list[bytes]:
    """A query with an array of five, and a number."""
    query = "tags=a&tags=bc&tags=d+e&tags=%C3%A9&tags=f%2Cg&limit=50"
    return [f"GET /search?{query} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()]


def form_request() -> list[bytes]:
    """A form of seven fields."""
    return [_head("/form", b"application/x-www-form-urlencoded", len(_FORM)) + _FORM]


def upload_request(megabytes: int) -> list[bytes]:
    """A form with a file, in pieces of a megabyte."""
    length = len(_BEFORE) + megabytes * _MB + len(_BEHIND)
    head = _head("/upload", b"multipart/form-data; boundary=" + _BOUNDARY, length)
    return [head + _BEFORE, *[_PIECE] * megabytes, _BEHIND]


@contextlib.contextmanager
def _started(python: str, arguments: list[str], port: int) -> Iterator[Server]:
    environment = {**os.environ, "BIND": f"127.0.0.1:{port}", "LOG_FORMAT": "json"}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [python, "-m", *arguments], cwd=ROOT, env=environment, stdout=quiet, stderr=quiet
    )
    try:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise click.ClickException(f"{python} -m {' '.join(arguments)} did not start")
            time.sleep(0.05)
        arbiter = psutil.Process(process.pid)
        Server(port, arbiter).cost([form_request()] * 100)
        yield Server(port, (arbiter.children() or [arbiter])[0])
    finally:
        process.terminate()
        process.wait()


def ours() -> contextlib.AbstractContextManager[Server]:
    """Our service, as gunicorn runs it."""
    application = "bench.uploads_service:service()"
    arguments = ["gunicorn", "-c", "processes/gunicorn.conf.py", application]
    return _started(sys.executable, arguments, free_port())


def peer(python: str) -> contextlib.AbstractContextManager[Server]:
    """FastAPI, as uvicorn runs it."""
    port = free_port()
    arguments = ["uvicorn", "bench.fastapi_peer:app", "--port", str(port), "--no-access-log"]
    return _started(python, [*arguments, "--log-level", "warning"], port)


def _peak(server: Server, requests: Sequence[Sequence[bytes]]) -> tuple[float, float]:
    """The worker's memory in MiB before requests, and at its highest while they are answered."""
    before = peak = server.worker.memory_info().rss
    ended = threading.Event()

    def look() -> None:
        nonlocal peak
        while not ended.wait(0.005):
            peak = max(peak, server.worker.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        server.cost(requests)
    finally:
        ended.set()
        looking.join()
    return before / 2**20, peak / 2**20


@click.command()
@click.option("--peer", "python", help="A Python that has FastAPI, uvicorn and python-multipart.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--requests", type=click.IntRange(1), default=2000, show_default=True, help="Forms.")
@click.option("--megabytes", type=click.IntRange(1), default=1000, show_default=True, help="Large.")
def uploads(python: str | None, rounds: int, requests: int, megabytes: int) -> None:
    """Say what forms and uploads cost a worker in time and in memory."""
    with contextlib.ExitStack() as started:
        servers = {"ours": started.enter_context(ours())}
        if python is not None:
            servers["FastAPI"] = started.enter_context(peer(python))
        memory: list[tuple[str, ...]] = [("MiB of memory", "before", "at most", "more")]
        for name, server in servers.items():
            before, peak = _peak(server, [upload_request(megabytes)])
            figures = (f"{each:.1f}" for each in (before, peak, peak - before))
            memory.append((f"a file of {megabytes} MB: {name}", *figures))
        loads = {
            "an array in a query": [query_request()] * requests,
            "a form": [form_request()] * requests,
            "a file of 10 MB": [upload_request(10)] * max(1, requests // 100),
        }
        times: list[tuple[str, ...]] = [("ms of a request", "until its answer", "of CPU time")]
        for title, load in loads.items():
            for name, cost in _least(servers, load, rounds).items():
                figures = (f"{each * 1000:.3f}" for each in (cost.seconds, cost.cpu))
                times.append((f"{title}: {name}", *figures))
        click.echo(f"{columns(memory)}\n\n{columns(times)}")


def _least(
    servers: Mapping[str, Server], load: Sequence[Sequence[bytes]], rounds: int
) -> Mapping[str, Cost]:
    """The least cost of any round; the servers take turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in servers}
    for number in range(rounds):
        for name in sorted(servers, reverse=number % 2 == 1):
            costs[name].append(servers[name].cost(load))
    return {
        name: Cost(min(each.seconds for each in found), min(each.cpu for each in found))
        for name, found in costs.items()
    }


if __name__ == "__main__":
    uploads(prog_name="bench.uploads")
