"""gunicorn's asgi worker, whose own errors are problem+json too."""

import asyncio
import gc
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus

import gunicorn.workers.gasgi
from gunicorn.asgi import protocol
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gasgi import ASGIWorker

from contract.errors import FAILED, Malformed, Problem
from processes.logs import configure_logs
from processes.settings import drain_after_seconds, drain_seconds

_NEW_OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""Requests leave hardly any cycles; Python's 700 cost six percent of each."""


LINGER_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 10
"""How much more is taken, and for how long, from a client that was answered before it had sent all.

Closing at once would reset the connection, and a client that is still sending would lose its
answer (RFC 9112, 9.6).
"""


class Logger(GunicornLogger):
    """gunicorn's own lines, sent where ours go."""

    def setup(self, config: Config) -> None:
        """Prepare the logs of arbiter and workers."""
        super().setup(config)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        configure_logs(config.proc_name)


class Worker(ASGIWorker):
    """Runs the protocol below. gunicorn has no setting for that: it names its own class."""

    def init_process(self) -> None:
        """Begin to serve."""
        gunicorn.workers.gasgi.ASGIProtocol = _Protocol
        # gunicorn says "412 Unknown", and the same of some others.
        protocol._REASON_PHRASES.update({each.value: each.phrase for each in HTTPStatus})  # noqa: SLF001
        gc.set_threshold(_NEW_OBJECTS_BETWEEN_COLLECTIONS)
        super().init_process()

    def handle_exit_signal(self) -> None:
        """End, but not before the gateway has seen that new requests are to go elsewhere."""
        after, seconds = drain_after_seconds(), drain_seconds()
        self.loop.call_later(after, self.asgi.drain)
        self.loop.call_later(after + seconds, super().handle_exit_signal)


class _Protocol(ASGIProtocol):
    """HTTP as gunicorn speaks it, but for the words of its refusals and a close that lingers."""

    _closed: bool
    _refused = False
    _discarded = 0
    _linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take a connection; it ends where no request comes for as long as one may be idle."""
        super().connection_made(transport)
        self._arm_keepalive_timer()  # gunicorn does so only after the first request

    def data_received(self, data: bytes) -> None:
        """Take what came in; after the last answer, discard it."""
        if self._closed:
            self._discarded += len(data)
            if self._discarded > LINGER_BYTES:
                self.transport.abort()
            return
        try:
            super().data_received(data)
        except ValueError:  # from a Content-Length of thousands of digits
            self._send_error_response(HTTPStatus.BAD_REQUEST, "")
            self._close_transport()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._linger is not None:
            self._linger.cancel()
        super().connection_lost(exc)

    def _close_transport(self) -> None:
        """Close; where the client may be sending still, end the answer and wait for its end."""
        if self._closed or not (self._refused or self._is_body_unread()):
            super()._close_transport()
            return
        self._closed = True
        self._linger = self.worker.loop.call_later(LINGER_SECONDS, self.transport.abort)
        with suppress(OSError, RuntimeError):  # the client is gone: connection_lost follows
            self.transport.write_eof()
        self._resume_reading()

    def _is_body_unread(self) -> bool:
        body = self._body_receiver
        return body is not None and not body._complete  # noqa: SLF001 - it has no other name

    def _will_close(self, request: object, response_requires_close: bool) -> bool:  # noqa: FBT001
        """Say so, too, of an answer that goes out before the body is in: gunicorn closes then."""
        return self._is_body_unread() or bool(super()._will_close(request, response_requires_close))

    def _send_error_response(
        self, status: int, _message: str, extra_headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Refuse what is no request, or answer for an application that failed; then close."""
        self._refused = True
        failed = status == HTTPStatus.INTERNAL_SERVER_ERROR
        answer = (Problem(FAILED) if failed else Malformed.of(status)).response()
        headers = [
            *((name.decode(), value.decode()) for name, value in answer.raw_headers),
            *extra_headers,
            ("connection", "close"),
        ]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        phrase = HTTPStatus(answer.status_code).phrase
        head = f"HTTP/1.1 {answer.status_code} {phrase}\r\n{lines}\r\n"
        self._safe_write(head.encode("latin-1") + bytes(answer.body))
