"""HTTP as bytes over a socket: what a client library would tidy up is sent as it stands."""

import http.client
import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Self

DEADLINE = 20.0
"""Seconds in which a service must answer or close, whatever it was sent."""

JSON = b"Content-Type: application/json"


@dataclass(frozen=True)
class Answer:
    """What came back; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body as JSON."""
        return json.loads(self.body)


def request(method: str, path: str, body: bytes | None = None, *headers: bytes) -> bytes:
    """A request with Host, `headers` as they stand, and Content-Length where there is a body."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: service", *headers]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body or b""])


def chunked(method: str, path: str, body: bytes, *headers: bytes, size: int = 65536) -> bytes:
    """The same with the body in chunks of `size` bytes."""
    head = request(method, path, None, b"Transfer-Encoding: chunked", *headers)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in [*pieces, b""])


class Connection:
    """A connection to `address` (host:port); every operation ends within DEADLINE or raises."""

    def __init__(self, address: str, deadline: float = DEADLINE) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), deadline)
        self._file: BinaryIO = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        """The connection itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self._file.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Write all of it; raises where the server resets the connection meanwhile."""
        self._socket.sendall(data)

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self, method: str = "GET") -> Answer | None:
        """The next answer, to a request with `method`; None where the server closed instead."""
        try:
            line = self._file.readline()
        except ConnectionResetError:
            return None
        if not line:
            return None
        status = int(line.split()[1])
        parsed = http.client.parse_headers(self._file)
        headers = {name.lower(): value for name, value in parsed.items()}
        bare = method == "HEAD" or status < 200
        return Answer(status, headers, b"" if bare else self._body(headers))

    def is_closed(self) -> bool:
        """Whether the server closes, sending nothing more."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._file.read(int(headers["content-length"]))
        return self._file.read()
