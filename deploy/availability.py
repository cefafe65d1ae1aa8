"""Requests through the gateway all through a deployment, and how many of them failed."""

import http.client
import threading
from types import TracebackType
from typing import Self

from deploy.requests import Address, Client, UntrueError

_PAUSE = 0.05
# One for each service behind the gateway; the second is refused by every build.
_REQUESTS: tuple[tuple[str, str, object], ...] = (
    ("GET", "/orders/?limit=1", None),
    ("PUT", "/users/deployment", {}),
)


class AvailabilityProbe:
    """Sends harmless requests from its start to its end."""

    def __init__(self, address: Address) -> None:
        """`address` is the gateway's."""
        self._client = Client(address)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.sent = 0
        self.failed = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; then the figures are final."""
        self._end.set()
        self._thread.join()
        self._client.close()

    def __str__(self) -> str:
        return f"{self.failed} of {self.sent} requests through the gateway failed"

    def _send(self) -> None:
        while not self._end.wait(_PAUSE):
            for method, path, body in _REQUESTS:
                self.sent += 1
                if not self._answered(method, path, body):
                    self.failed += 1

    def _answered(self, method: str, path: str, body: object) -> bool:
        try:
            return self._client.send(method, path, body).status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException, UntrueError):
            return False
