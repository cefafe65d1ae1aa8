"""`python -m bench`, as a person types it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from bench.load import OPERATIONS, Load, run
from bench.servers import Server
from local.stack import ROOT

_PATIENCE = 300.0  # seconds
_COMMAND = (sys.executable, "-m", "bench", "--rounds", "1", "--seconds", "1")

needs_wrk = pytest.mark.skipif(
    shutil.which("wrk") is None and "CI" not in os.environ, reason="wrk is not installed"
)


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of a shell whose temporary files are the test's own."""
    # A short name: supervisord's socket is to fit below it.
    return {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("b"))}


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a server that answers 500 to everything."""

    class Refusal(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@needs_wrk
def test_one_short_round_measures_every_operation_without_a_failure(
    shell: Mapping[str, str],
) -> None:
    """Both sides start, answer every request, and are gone afterwards."""
    done = subprocess.run(
        _COMMAND,
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    for operation in OPERATIONS:
        assert f"\n{operation.title} " in done.stdout
    _assert_nothing_is_left(shell)


@pytest.mark.slow
@needs_wrk
def test_an_interrupted_run_leaves_nothing_behind(shell: Mapping[str, str]) -> None:
    """SIGTERM in the middle of a load stops all servers and removes the folder."""
    process = subprocess.Popen(
        _COMMAND, cwd=ROOT, env=shell, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    assert any("round 1 of 1" in line for line in process.stderr), "it ended before"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=_PATIENCE)
    assert process.returncode == 1
    _assert_nothing_is_left(shell)


def test_without_wrk_it_says_which_package_to_install(shell: Mapping[str, str]) -> None:
    """And starts nothing."""
    done = subprocess.run(
        _COMMAND, cwd=ROOT, env={**shell, "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "sudo apt-get install wrk" in done.stderr
    assert "mongodb is up" not in done.stderr


@needs_wrk
def test_refused_requests_count_as_failed(refusing: str, tmp_path: Path) -> None:
    """Otherwise a service that refuses everything would be the fastest."""
    users = tmp_path / "users"
    users.write_text("u1")
    (list_orders,) = (each for each in OPERATIONS if each.name == "list_orders")
    sample = run(Server(refusing, psutil.Process()), list_orders, "refused", Load(1, 1, users))
    assert sample.failed > 0
    assert sample.failed >= sample.rate * 0.9  # all of them, in one second or a little more


def _assert_nothing_is_left(shell: Mapping[str, str]) -> None:
    folder = Path(shell["TMPDIR"])
    assert [*folder.iterdir()] == []
    assert [each.pid for each in psutil.process_iter() if _temporary(each) == str(folder)] == []


def _temporary(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("TMPDIR")
    except psutil.Error:
        return None
