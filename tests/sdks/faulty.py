"""A server that answers as it is told, and takes note of what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.ports import free_port


@dataclass(frozen=True)
class Reply:
    """One answer. `status` 0 is none at all: the connection is closed; `wait` is in seconds."""

    status: int = 200
    body: bytes = b'{"name": "a"}'
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    wait: float = 0.0


def problem(status: int, **headers: str) -> Reply:
    """A problem, with these headers; `_` stands for `-`."""
    said = {"type": "urn:p", "title": "T", "status": status, "detail": "D", "errors": []}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status, json.dumps(said).encode(), {"Content-Type": "application/problem+json", **sent}
    )


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Faulty:
    """Answers with `replies`, one after the other, and then with what is good."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self.ended = threading.Event()
        self.url = f"http://127.0.0.1:{free_port()}"

    def answers(self, *replies: Reply) -> None:
        """Forget what was, and answer so from now on."""
        self.replies, self.asked = [*replies], []

    def seen(self, name: str) -> list[str | None]:
        """A header of all requests."""
        return [each.headers.get(name.lower()) for each in self.asked]


@contextmanager
def faulty() -> Iterator[Faulty]:
    """The server, while it runs."""
    server = Faulty()
    port = int(server.url.rpartition(":")[2])
    http = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, server))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, server: Faulty, *rest: Any) -> None:  # noqa: ANN401 - of the class above
        self._told = server
        super().__init__(*rest)

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._told.asked.append(Asked(self.command, self.path, headers, self._body(headers)))
        reply = self._told.replies.pop(0) if self._told.replies else Reply()
        self._told.ended.wait(reply.wait)
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" in reply.headers:  # less is sent than was promised
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(headers.get("content-length", "0")))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def do_CONNECT(self) -> None:
        """Be what is at the end of the tunnel, too."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = False

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Nothing: what was asked is in `asked`."""
