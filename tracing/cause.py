"""The request that caused something, and the trace that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from contextvars import Token

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
"""How W3C Trace Context calls its two parts, in headers, in an outbox and in messages."""

REQUEST_ID = "request-id"
"""Header of a message: the id of the request."""

_REQUEST_ID = otel.create_key("request-id")
_W3C = TraceContextTextMapPropagator()

_MAX_TRACESTATE = 512
"""Characters of `tracestate` that travel; W3C has everybody pass on as many. More is left out."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a request was called, and where in which trace something came of it.

    `traceparent` and `tracestate` are as W3C Trace Context has them; they are empty where nobody
    knows, and so is `request_id`.
    """

    traceparent: str = ""
    request_id: str = ""
    tracestate: str = ""

    @classmethod
    def current(cls) -> Self | None:
        """That of what is done now; None where it is not done for a request."""
        now = otel.get_current()
        span = trace.get_current_span(now).get_span_context()
        return cls.at(span, request_id(now)) if span.is_valid else None

    @classmethod
    def at(cls, span: trace.SpanContext, request: str) -> Self:
        """That of what comes of a span."""
        state = span.trace_state.to_header() if span.trace_state else ""
        return cls(
            f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}",
            request,
            state if len(state) <= _MAX_TRACESTATE else "",
        )

    @classmethod
    def of_headers(cls, headers: Mapping[str, object]) -> Self:
        """That of a message."""
        names = (TRACEPARENT, REQUEST_ID, TRACESTATE)
        found = (headers.get(each) for each in names)
        return cls(*(each if isinstance(each, str) else "" for each in found))

    def headers(self) -> dict[str, str]:
        """As the headers of a message have it, without what is not known."""
        known = {
            TRACEPARENT: self.traceparent,
            REQUEST_ID: self.request_id,
            TRACESTATE: self.tracestate,
        }
        return {name: value for name, value in known.items() if value}

    @property
    def trace_id(self) -> str:
        """The id of the trace, 32 hexadecimal digits; empty where there is none."""
        span = self.span
        return f"{span.trace_id:032x}" if span.is_valid else ""

    @property
    def span(self) -> trace.SpanContext:
        """The span that it came of; an invalid one where nobody knows."""
        return trace.get_current_span(self.context()).get_span_context()

    def context(self) -> otel.Context:
        """The context of what comes of it."""
        carrier = {TRACEPARENT: self.traceparent, TRACESTATE: self.tracestate}
        context = _W3C.extract(carrier, otel.Context())
        return with_request_id(self.request_id, context) if self.request_id else context

    def fields(self) -> dict[str, str]:
        """As a line of the log has it, without what is not known."""
        known = {"request_id": self.request_id, "trace_id": self.trace_id}
        return {name: value for name, value in known.items() if value}


UNKNOWN_CAUSE = Cause()
"""Where nobody knows."""


def request_id(context: otel.Context | None = None) -> str:
    """What the request is called that something is done for; empty where it is not for one."""
    found = otel.get_value(_REQUEST_ID, context)
    return found if isinstance(found, str) else ""


def with_request_id(name: str, context: otel.Context) -> otel.Context:
    """The context of what is done for a request of that name."""
    return otel.set_value(_REQUEST_ID, name, context)


class Within:
    """While it is entered, everything is done for this cause."""

    def __init__(self, cause: Cause) -> None:
        self._context = cause.context()
        self._token: Token[otel.Context] | None = None

    def __enter__(self) -> None:
        self._token = otel.attach(self._context)

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            otel.detach(self._token)
