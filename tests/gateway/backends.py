"""Small real HTTP services to stand behind the gateway, which tell what reached them."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """A request as it arrived, health checks apart. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Behaviour:
    """How a backend answers from now on; change the fields while it runs.

    `status` gives the status of an answer from the request's running number, from 0.
    `before_request` is called before the clock of the answer begins.
    `after_answer` gets the status and the seconds it took, just before the answer is sent.
    """

    ready: bool = True
    status: Callable[[int], int] = lambda _number: 200
    metrics: Callable[[], str] = str
    before_answer: Callable[[], object] = lambda: None
    before_request: Callable[[], object] = lambda: None
    after_answer: Callable[[int, float], object] = lambda _status, _seconds: None


@dataclass
class Backend:
    """An HTTP/1.1 server on 127.0.0.1 with X-Service-Version `build`; use it as a context.

    Answers /health/ready and /metrics; every other request is kept in `received` and answered
    with what it asked, as JSON.
    """

    build: str
    port: int = 0
    host: str = "127.0.0.1"
    behaviour: Behaviour = field(default_factory=Behaviour)
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """`host:port`, the same after a stop and a start."""
        return f"{self.host}:{self.port}"

    def start(self) -> None:
        """Listen; on the port it had before, if any."""
        self._server = Server((self.host, self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Drop every connection at once and listen no more, as a killed process does."""
        if self._server is not None:
            self._server.drop()
            self._server = None


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that it can drop them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], backend: Backend) -> None:
        self.backend = backend
        self.connections: set[Any] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """Note the connection."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's
        """Forget the connection."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """A dropped connection is no news here."""

    def drop(self) -> None:
        """Stop at once."""
        self.shutdown()
        self.server_close()
        for connection in tuple(self.connections):
            self.shutdown_request(connection)


class Handler(BaseHTTPRequestHandler):
    """Answers a request as the backend's behaviour says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        """Answer whatever was asked."""
        backend = self.server.backend
        backend.behaviour.before_request()
        began = time.monotonic()
        body = self.body()
        if self.path == "/health/ready":
            self.send(200 if backend.behaviour.ready else 503, b"{}")
        elif self.path == "/metrics":
            self.send(200, backend.behaviour.metrics().encode(), "text/plain; version=0.0.4")
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            number = len(backend.received)
            backend.received.append(Received(self.command, self.path, headers, body))
            backend.behaviour.before_answer()
            seen = {"method": self.command, "path": self.path, "headers": headers}
            status = backend.behaviour.status(number)
            backend.behaviour.after_answer(status, time.monotonic() - began)
            self.send(status, json.dumps(seen).encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def body(self) -> bytes:
        """The request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def send(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        """Send one answer."""
        head = (
            f"HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nX-Service-Version: {self.server.backend.build}\r\n\r\n"
        )
        self.wfile.write(head.encode() + (b"" if self.command == "HEAD" else body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
