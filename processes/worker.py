"""gunicorn's asgi worker, whose own errors are problem+json too."""

from collections.abc import Iterable
from http import HTTPStatus

import gunicorn.workers.gasgi
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

from contract.errors import Malformed


class Worker(ASGIWorker):
    """Runs the protocol below. gunicorn has no setting for that: it names its own class."""

    def init_process(self) -> None:
        """Begin to serve."""
        gunicorn.workers.gasgi.ASGIProtocol = _Protocol
        super().init_process()


class _Protocol(ASGIProtocol):
    """HTTP as gunicorn speaks it, but for the words of its refusals."""

    def data_received(self, data: bytes) -> None:
        """Take what came in."""
        try:
            super().data_received(data)
        except ValueError:  # from a Content-Length of thousands of digits
            self._send_error_response(HTTPStatus.BAD_REQUEST, "")
            self._close_transport()

    def _send_error_response(
        self, status: int, _message: str, extra_headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Refuse what is no request, before the application sees it; the connection ends."""
        answer = Malformed.of(status).response()
        headers = [
            *((name.decode(), value.decode()) for name, value in answer.raw_headers),
            *extra_headers,
            ("connection", "close"),
        ]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        phrase = HTTPStatus(answer.status_code).phrase
        head = f"HTTP/1.1 {answer.status_code} {phrase}\r\n{lines}\r\n"
        self._safe_write(head.encode("latin-1") + bytes(answer.body))
