"""One call: its attempts, when there is another, and what comes out of it. Nothing here waits."""

import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict

import httpx

from . import bodies, wire
from .errors import (
    ApiConnectionError,
    ApiStatusError,
    ApiTimeoutError,
    UnreadableAnswerError,
    status_error,
)
from .operations import UNSET, Operation

_log = logging.getLogger(__name__.partition(".")[0])

_BACKOFF_SECONDS, _MAX_BACKOFF_SECONDS = 0.5, 8.0
_MAX_RETRY_AFTER_SECONDS = 60.0
"""Who is asked to wait longer is told so."""

_REFUSED = (425, 429)
"""Nothing was done."""
_UNKNOWN = (408, 502, 503, 504)
"""Whether something was done is not known."""
_REPEATABLE = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")


@dataclass
class Attempt:
    """One request of a call: what hooks are given.

    Before it is sent, `headers` may be added to. Afterwards either `status` or `error` is set.
    """

    operation: str
    method: str
    url: str
    number: int
    headers: httpx.Headers
    status: int | None = None
    request_id: str | None = None
    error: Exception | None = None
    seconds: float = 0.0


class Options(TypedDict, total=False):
    """What one call may have otherwise than its client.

    `on_response` is given the answer as it came, with its headers.
    """

    timeout: float
    retries: int
    headers: Mapping[str, str]
    on_response: Callable[[httpx.Response], None]


Hook = Callable[[Attempt], None]
Secret = str | Callable[[], str]
"""A key or token; or what gives the one that holds now."""


class ClientOptions(TypedDict, total=False):
    """How a client asks.

    Attributes:
        api_key: The key, where one is asked for, or a function that gives it.
        token: The bearer token, likewise.
        timeout: Seconds without a byte after which an attempt has failed; 30.
        retries: Attempts after the first; 4, and 0 switches them off.
        headers: What every request has beside its own.
        before_attempt: Is told of each request before it is sent, and may add headers.
        after_attempt: Is told how it went.
    """

    api_key: Secret | None
    token: Secret | None
    timeout: float
    retries: int
    headers: Mapping[str, str]
    before_attempt: Hook | None
    after_attempt: Hook | None


@dataclass(frozen=True)
class Settings:
    """How a client asks."""

    url: str
    api_key: Secret | None = None
    token: Secret | None = None
    timeout: float = 30.0
    retries: int = 4
    headers: Mapping[str, str] = field(default_factory=dict)
    before_attempt: Hook | None = None
    after_attempt: Hook | None = None


class Call:
    """The course of one call."""

    def __init__(
        self,
        settings: Settings,
        operation: Operation,
        arguments: Mapping[str, Any],
        options: Options | None,
        query: str | None = None,
    ) -> None:
        """Check what is to be sent; `query` stands for that of the arguments."""
        self._settings, self._operation, self._arguments = settings, operation, arguments
        self._options = options or {}
        target = wire.target(operation, arguments)
        target = target if query is None else f"{target.partition('?')[0]}?{query}"
        self._url = settings.url.rstrip("/") + target
        body, content_type = arguments.get("body", UNSET), arguments.get("content_type")
        self._body = bodies.written(operation, body, content_type)
        self._headers = self._all_headers()
        self._left = self._options.get("retries", settings.retries)
        self._attempt: Attempt | None = None
        self._number, self._started = 0, 0.0

    def _all_headers(self) -> dict[str, str]:
        operation, settings = self._operation, self._settings
        found = {"Accept": self._arguments.get("accept") or "*/*"}
        if operation.key_header and settings.api_key is not None:
            found[operation.key_header] = _told(settings.api_key)
        if operation.bearer and settings.token is not None:
            found["Authorization"] = f"Bearer {_told(settings.token)}"
        found |= wire.headers(operation, self._arguments)
        names = {each.name.lower() for each in operation.parameters}
        if _IDEMPOTENCY in names - {name.lower() for name in found}:
            found["Idempotency-Key"] = str(uuid.uuid4())
        if self._body.content_type is not None and self._body.parts is None:
            found["Content-Type"] = self._body.content_type
        return found | {**settings.headers, **self._options.get("headers", {})}

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request of the next attempt."""
        self._number += 1
        headers = httpx.Headers([(k.encode(), v.encode()) for k, v in self._headers.items()])
        self._attempt = Attempt(
            self._operation.id, self._operation.method, self._url, self._number, headers
        )
        if self._settings.before_attempt is not None:
            self._settings.before_attempt(self._attempt)
        self._started = time.monotonic()
        return http.build_request(
            self._operation.method,
            self._url,
            headers=headers,
            timeout=self._options.get("timeout", self._settings.timeout),
            **self._body.arguments(is_async=isinstance(http, httpx.AsyncClient)),
        )

    def failed(self, error: Exception) -> float:
        """Seconds until the next attempt after one that got no answer; raises if there is none."""
        self._done(error=error)
        is_unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        is_bad = isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
        if not is_bad and self._may_repeat(is_unsent=is_unsent):
            return self._backoff()
        kind = ApiTimeoutError if isinstance(error, httpx.TimeoutException) else ApiConnectionError
        text = str(error) or type(error).__name__
        tried = f" (attempt {self._number})" if self._number > 1 else ""
        raise kind(self._operation.id, f"{text}{tried}") from error

    def answered(self, response: httpx.Response) -> float | None:
        """Seconds until the next attempt after an answer; None if it is the one to keep."""
        self._done(response=response)
        wait = _retry_after(response)
        if wait is not None and wait > _MAX_RETRY_AFTER_SECONDS:
            return None
        is_refused = response.status_code in _REFUSED
        is_unknown = response.status_code in _UNKNOWN
        if (is_refused or is_unknown) and self._may_repeat(is_unsent=is_refused):
            return (wait or 0.0) + self._backoff()
        return None

    def result(self, response: httpx.Response) -> Any:  # noqa: ANN401 - as the API declares
        """What the call gives, of an answer that was read to its end."""
        if "on_response" in self._options:
            self._options["on_response"](response)
        if response.is_success:
            found = bodies.answered(self._operation, response)
            if isinstance(found, dict):
                found = wire.Etagged(found)
                found.etag = response.headers.get("etag", "")
            return found
        if response.status_code == httpx.codes.NOT_MODIFIED:
            for each in self._operation.parameters:
                had = self._arguments.get(each.argument)
                if each.name.lower() == "if-none-match" and isinstance(had, Mapping):
                    return had
        raise self.error(response)

    def error(self, response: httpx.Response) -> ApiStatusError:
        """The error of an answer that was read to its end."""
        try:
            body = bodies.read(response)
        except ValueError:
            body = response.content
        return status_error(self._operation.id, response.status_code, response.headers, body)

    def unreadable(self, error: Exception) -> UnreadableAnswerError:
        """The error of an answer that cannot be decoded."""
        self._done(error=error)
        return UnreadableAnswerError(self._operation.id, str(error))

    def _may_repeat(self, *, is_unsent: bool) -> bool:
        if self._left < 1 or not self._body.may_be_repeated:
            return False
        names = {name.lower() for name in self._headers}
        # The second If-Match would fail because of the first.
        is_repeatable = self._operation.method in _REPEATABLE and "if-match" not in names
        if not (is_unsent or is_repeatable or _IDEMPOTENCY in names):
            return False
        self._left -= 1
        return True

    def _backoff(self) -> float:
        """Full jitter: anything up to what doubles each time."""
        most = min(_MAX_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2 ** (self._number - 1))
        return random.uniform(0.0, most)  # noqa: S311 - nobody is to be surprised

    def _done(
        self, *, response: httpx.Response | None = None, error: Exception | None = None
    ) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        attempt.seconds, attempt.error = time.monotonic() - self._started, error
        if response is not None:
            attempt.status = response.status_code
            attempt.request_id = response.headers.get("x-request-id")
        _log.debug(
            "%s attempt=%d status=%s request_id=%s seconds=%.3f error=%s",
            *(attempt.operation, attempt.number, attempt.status, attempt.request_id),
            *(attempt.seconds, type(error).__name__ if error else None),
        )
        self._attempt = None
        if self._settings.after_attempt is not None:
            self._settings.after_attempt(attempt)


_IDEMPOTENCY = "idempotency-key"


def _told(secret: Secret) -> str:
    return secret if isinstance(secret, str) else secret()


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, of a number or of a date; None where there is neither."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
