"""The package of all services in a real browser: on a page that talks to a backend of its own."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdks.conftest import KEY
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGE = Path(__file__).with_name("page.html")


class _Backend(SimpleHTTPRequestHandler):
    """Serves the page and the package, and passes on to the gateway what else is asked."""

    def __init__(self, gateway: str, told: list[Any], *rest: Any, **named: Any) -> None:  # noqa: ANN401
        self._gateway, self._told = gateway, told
        super().__init__(*rest, **named)

    def do_GET(self) -> None:
        """A file, or what the gateway answers."""
        if self.path.startswith("/page.html"):
            self._send(200, {"Content-Type": "text/html"}, PAGE.read_bytes())
        elif self.path.startswith("/package/"):
            self.path = self.path.removeprefix("/package")
            super().do_GET()
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/told":
            self._told.append(json.loads(body))
            self._send(204, {}, b"")
            return
        names = ("Content-Type", "Idempotency-Key", "If-Match", "If-None-Match")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        answer = httpx.request(
            self.command, self._gateway + self.path, content=body, headers=headers | {"apikey": KEY}
        )
        told = ("Content-Type", "ETag", "Link", "X-Request-Id", "Retry-After")
        given = {name: answer.headers[name] for name in told if name in answer.headers}
        self._send(answer.status_code, given, answer.content)

    do_POST = do_PUT = _pass_on  # noqa: N815

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Nothing."""


@contextmanager
def _backend(gateway: str, package: Path) -> Iterator[tuple[str, list[Any]]]:
    told: list[Any] = []
    handler = partial(_Backend, gateway, told, directory=str(package))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_page_uses_the_package_as_it_is(gateway: str, project: Path, tmp_path: Path) -> None:
    """Without a bundler; straight to the gateway, another origin, the browser lets it not."""
    package = project / "node_modules" / "aware-services" / "dist"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
    with _backend(gateway, package) as (url, told):
        page = f"{url}/page.html?gateway={gateway}"
        command = [
            "chromium",
            *flags,
            f"--user-data-dir={tmp_path}",
            "--remote-debugging-port=0",
            page,
        ]
        with (tmp_path / "log").open("w") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: told or browser.poll() is not None, "the page has told")
        finally:
            browser.terminate()
            browser.wait()
    assert told, (tmp_path / "log").read_text("utf-8")[-2000:]
    assert told[0].pop("orders") > 2
    assert told[0] == {
        "made": '"1"',
        "changed": True,
        "same": True,
        "missing": [True, "Not found"],
        "direct": True,
    }
