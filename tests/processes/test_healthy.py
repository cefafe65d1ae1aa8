"""The health check of a container."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.ports import HOST, Ports


@contextmanager
def process(status: int) -> Iterator[str]:
    """Something that answers so to /health/ready, and 404 elsewhere; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.end_headers()
            self.wfile.write(b'{"database": false}')

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def check(variable: str, address: str, kind: str = "ready") -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        [sys.executable, "-m", "processes.healthy", kind],
        env={variable: address},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("variable", ["BIND", "HEALTH_BIND"])
def test_ready_is_status_0(variable: str) -> None:
    """Wherever the process listens."""
    with process(200) as address:
        assert check(variable, address).returncode == 0


def test_not_ready_is_status_1_with_the_answer() -> None:
    """So that `docker inspect` shows it."""
    with process(503) as address:
        done = check("BIND", address)
    assert done.returncode == 1
    assert done.stderr.strip() == '{"database": false}'


def test_the_other_question_is_another_path() -> None:
    """Live and ready are not the same."""
    with process(200) as address:
        assert check("BIND", address, "live").returncode == 1


def test_no_answer_is_status_1() -> None:
    """In one line."""
    done = check("BIND", Ports.free().address("gateway"))
    assert done.returncode == 1
    assert done.stderr.startswith("no answer: ")
    assert len(done.stderr.splitlines()) == 1
