"""HTTP as the server speaks it to its own gateway and containers."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TIMEOUT = 30


class UntrueError(OSError):
    """Whoever answers shows another certificate than the gateway was given."""


@dataclass(frozen=True)
class Answer:
    """The status of an answer, its body where it is JSON, and the version of the service behind it.

    `version` is empty where the gateway has answered by itself.
    """

    status: int
    body: Any
    version: str = ""


@dataclass(frozen=True)
class Address:
    """Where something answers; `certificate` (DER) is the one it must show, None is any."""

    host: str
    port: int
    tls: bool = False
    certificate: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Client:
    """A kept connection. For one thread. All raise OSError or HTTPException without an answer."""

    def __init__(self, address: Address) -> None:
        """Connects with the first request."""
        self._address = address
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request, with `body` as JSON."""
        content = None if body is None else json.dumps(body)
        status, text, version = self._send(method, path, content)
        try:
            return Answer(status, json.loads(text), version)
        except ValueError:
            return Answer(status, None, version)

    def text(self, path: str) -> str:
        """What GET brings."""
        return self._send("GET", path, None)[1].decode()

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, path: str, content: str | None) -> tuple[int, bytes, str]:
        headers = {**self._address.headers, "Content-Type": "application/json"}
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request(method, path, content, headers)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return response.status, text, response.getheader("X-Service-Version", "")

    def _connect(self) -> http.client.HTTPConnection:
        where = self._address
        if not where.tls:
            return http.client.HTTPConnection(where.host, where.port, timeout=_TIMEOUT)
        context = ssl.create_default_context()
        # It is not the name that is checked here, but that it is this very certificate.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        secure = http.client.HTTPSConnection(
            where.host, where.port, timeout=_TIMEOUT, context=context
        )
        secure.connect()
        shown = secure.sock.getpeercert(binary_form=True) if secure.sock else None
        if where.certificate not in (None, shown):
            secure.close()
            raise UntrueError(f"{where.host}:{where.port} shows another certificate")
        return secure
