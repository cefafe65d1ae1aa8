"""Load on the gateway from several connections at once, with every answer counted."""

import http.client
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit


@dataclass
class Answers:
    """What came back: by status, by build, and the requests that got no answer at all."""

    statuses: Counter[int] = field(default_factory=Counter)
    builds: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All requests sent."""
        return self.statuses.total() + len(self.failures)

    @property
    def failed(self) -> int:
        """Requests without an answer, or with one of 5xx."""
        return len(self.failures) + sum(n for status, n in self.statuses.items() if status >= 500)


@dataclass(frozen=True)
class Request:
    """What is sent again and again."""

    method: str = "PUT"
    path: str = "/users/u1"
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


class Load:
    """Sends `request` over `connections` kept-alive connections until the context ends.

    `answers` is complete when the context has ended; until then it grows.
    """

    def __init__(self, url: str, connections: int = 4, request: Request | None = None) -> None:
        self.answers = Answers()
        self._request = request or Request()
        self._address = urlsplit(url).netloc
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send) for _ in range(connections)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def grown(self, total: int) -> bool:
        """Whether more than `total` requests were sent."""
        return self.answers.total > total

    def _send(self) -> None:
        sent = self._request
        connection = http.client.HTTPConnection(self._address, timeout=30)
        while not self._end.is_set():
            try:
                connection.request(sent.method, sent.path, sent.body, sent.headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                with self._lock:
                    self.answers.failures.append(repr(error))
            else:
                with self._lock:
                    self.answers.statuses[response.status] += 1
                    self.answers.builds[response.headers.get("X-Service-Version", "-")] += 1
        connection.close()
