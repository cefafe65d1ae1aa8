"""The span of a request to an HTTP service, by the semantic conventions of HTTP.

Not opentelemetry-instrumentation-asgi: it takes 35 to 45 µs of a request that is not even sampled,
a tenth of it, and puts addresses of clients and queries into spans.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from random import getrandbits
from types import TracebackType
from typing import TYPE_CHECKING, Self

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_ROUTE,
)
from opentelemetry.semconv.attributes.url_attributes import URL_PATH, URL_SCHEME
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context
from starlette.types import Scope

from tracing.cause import TRACEPARENT, TRACESTATE, Cause, with_request_id

if TYPE_CHECKING:
    from contextvars import Token

REQUEST_ID_HEADER = b"x-request-id"
"""The header by which the gateway says what a request is called, and a service answers it."""

REQUEST_ID_ATTRIBUTE = f"http.request.header.{REQUEST_ID_HEADER.decode()}"

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE", "CONNECT")
_WORDS = {method: (method, {HTTP_REQUEST_METHOD: method}) for method in _METHODS}
_OTHER = ("HTTP", {HTTP_REQUEST_METHOD: "_OTHER"})

# What a client calls a request ends in logs: a plain name as the gateway takes it, and no address.
_NAME = re.compile(rb"[A-Za-z0-9._-]{1,128}")

# An id and not, for one, an e-mail address in the place of one: nothing personal goes into spans.
_PLAIN = re.compile(r"[\w./~-]*", re.ASCII)


class RequestSpans:
    """Begins the span of each request. Thread-safe."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("aware.http")
        self._is_off = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)

    def begin(self, scope: Scope) -> "RequestSpan":
        """The span of a request, in the trace that its client names or in a new one.

        It is not recorded where the sampler leaves it out, or where nobody takes spans. It has ids
        all the same, which logs and outbox have.
        """
        request_id, context = _sent(scope)
        if self._is_off:
            known_span = None if context is _NO_CONTEXT else trace.get_current_span(context)
            return RequestSpan(_unrecorded(known_span), request_id, scope)
        words, known = _WORDS.get(scope["method"], _OTHER)
        span = self._tracer.start_span(words, context, SpanKind.SERVER, known)
        return RequestSpan(_unrecorded(span), request_id, scope)


class RequestSpan:
    """A request that is being answered; within it, everything is done for that request.

    `request_id` is what it is called. An exception ends the span and goes on, and its context stays
    what it is: the server logs it, too.
    """

    def __init__(self, span: trace.Span, request_id: str, scope: Scope) -> None:
        self._span, self.request_id, self._scope = span, request_id, scope
        self._token: Token[otel.Context] | None = None

    def __enter__(self) -> Self:
        context = set_span_in_context(self._span, _NO_CONTEXT)
        self._token = otel.attach(with_request_id(self.request_id, context))
        return self

    def answered(self, route: str | None, status: int) -> None:
        """Take note of the answer: the route that was found, if one was, and the status."""
        span = self._span
        if not span.is_recording():
            return
        method, path = self._scope["method"], self._scope["path"]
        shown = path if _PLAIN.fullmatch(path) else route or "REDACTED"
        attributes = {
            URL_SCHEME: self._scope["scheme"],
            URL_PATH: shown,
            HTTP_RESPONSE_STATUS_CODE: status,
            REQUEST_ID_ATTRIBUTE: self.request_id,
        }
        if route is not None:
            span.update_name(f"{method} {route}")
            attributes[HTTP_ROUTE] = route
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            attributes[ERROR_TYPE] = str(status)
            span.set_status(trace.StatusCode.ERROR)
        span.set_attributes(attributes)

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is not None and self._span.is_recording():
            self._span.set_attribute(ERROR_TYPE, kind.__qualname__)
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()
        if kind is None and self._token is not None:
            otel.detach(self._token)


def _unrecorded(span: trace.Span | None) -> trace.Span:
    """The span, or where it has no ids one with ids of its own, which nobody takes."""
    if span is not None and span.get_span_context().is_valid:
        return span
    # Zeros alone are no ids.
    ids = getrandbits(128) or 1, getrandbits(64) or 1
    return NonRecordingSpan(SpanContext(*ids, is_remote=False, trace_flags=TraceFlags(0)))


def _sent(scope: Scope) -> tuple[str, otel.Context]:
    """What a request is called, by its client or else from now on, and its client's trace."""
    request_id = ""
    found: dict[str, str] | None = None
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER:
            request_id = value.decode() if _NAME.fullmatch(value) else ""
        elif name in _TRACE:
            found = found or {}
            part = _TRACE[name]
            # Of two, neither is to be believed.
            found[part] = "" if part in found else value.decode("latin-1")
    context = _NO_CONTEXT if found is None else Cause(**found).context()
    return request_id or f"{getrandbits(128):032x}", context


_NO_CONTEXT = otel.Context()

_TRACE: Mapping[bytes, str] = {each.encode(): each for each in (TRACEPARENT, TRACESTATE)}
