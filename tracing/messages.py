"""The spans of an event, by the semantic conventions of messaging.

In the trace of the request that caused it, one after the other: it waits in the outbox, is
published, waits in a queue, and is processed; where that fails, it is published again, to where it
waits for its next turn or stays as a dead letter. Each is only made where the trace is recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from opentelemetry import trace
from opentelemetry.semconv._incubating.attributes.messaging_attributes import (
    MESSAGING_DESTINATION_NAME,
    MESSAGING_MESSAGE_ID,
    MESSAGING_OPERATION_NAME,
    MESSAGING_OPERATION_TYPE,
    MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY,
    MESSAGING_SYSTEM,
)
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import SpanKind

from tracing.cause import Cause
from tracing.links import MERGED, links

OUTCOME = "aware.outcome"
"""Attribute of what was processed: `applied`, `stale` where something newer had been, `retried` or
`dead-lettered`."""

KEY = "aware.key"
"""Attribute: of what the event tells, such as the id of a user."""

RETRY = "aware.retry"
"""Attribute: how often it had failed before."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An exchange, and the queue that is bound to it by its own name."""

    exchange: str
    queue: str


class MessageSpans:
    """Makes them. For one event loop."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("aware.messaging")
        self._is_off = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)

    def waited(self, causes: Sequence[Cause], changes: int, since: datetime) -> None:
        """The wait in an outbox is over, of `changes` that ended as one.

        Args:
            causes: The requests that made the last of them, the newest last: the wait is in its
                trace, and linked to the others.
            changes: How many there were.
            since: When the newest one was made.
        """
        if self._is_off:
            return
        span = self._tracer.start_span(
            "wait in outbox",
            causes[-1].context(),
            start_time=nanoseconds(since),
            links=links(causes[:-1]),
        )
        if changes > 1:
            span.set_attribute(MERGED, changes - 1)
        span.end()

    @contextmanager
    def publishing(self, cause: Cause, to: Destination, message_id: str) -> Iterator[Cause]:
        """While a message is published; yields the cause that it is to carry."""
        if self._is_off:
            yield cause
            return
        span = self._tracer.start_span(
            f"publish {to.queue}",
            cause.context(),
            SpanKind.PRODUCER,
            _attributes("publish", "send", to, message_id),
        )
        try:
            yield _at(span, cause)
        except BaseException as error:
            _fail(span, type(error).__qualname__)
            raise
        finally:
            span.end()

    def processing(
        self,
        cause: Cause,
        at: Destination,
        message_id: str,
        *,
        published_at: datetime | None,
        retries: int,
    ) -> "Processing":
        """A message was taken from a queue: what it waited there, and its processing from now on.

        Args:
            cause: What the message carries.
            at: The queue.
            message_id: Its id.
            published_at: When it was published, if it says so.
            retries: How often it has failed before.
        """
        if self._is_off:
            return Processing(cause, None)
        context = cause.context()
        retry: Mapping[str, int] = {RETRY: retries} if retries else {}
        if published_at is not None:
            words = f"wait for retry {retries}" if retries else f"wait in {at.queue}"
            waited = self._tracer.start_span(
                words, context, attributes=retry, start_time=nanoseconds(published_at)
            )
            waited.end()
        span = self._tracer.start_span(
            f"process {at.queue}",
            context,
            SpanKind.CONSUMER,
            {**_attributes("process", "process", at, message_id), **retry},
        )
        return Processing(_at(span, cause), span)


@dataclass(frozen=True, slots=True)
class Processing:
    """A message that is being processed; `cause` is that of whatever comes of it."""

    cause: Cause
    _span: trace.Span | None

    def of(self, key: str) -> None:
        """It is an event that tells of this."""
        if self._span is not None:
            self._span.set_attribute(KEY, key)

    def stands_for(self, others: Sequence["Processing"]) -> None:
        """It is processed for these, too, which are older: linked are those that links are for."""
        if self._span is not None and others:
            for link in links([each.cause for each in others]):
                self._span.add_link(link.context)
            self._span.set_attribute(MERGED, len(others))

    def end(self, outcome: str, error: str = "") -> None:
        """It is done, and this came of it; `error` is the kind of what went wrong."""
        if self._span is not None:
            self._span.set_attribute(OUTCOME, outcome)
            if error:
                _fail(self._span, error)
            self._span.end()


def nanoseconds(moment: datetime) -> int:
    """A moment as spans have it."""
    return int(moment.timestamp() * 1_000_000) * 1000


def _at(span: trace.Span, cause: Cause) -> Cause:
    found = span.get_span_context()
    return Cause.at(found, cause.request_id) if found.is_valid else cause


def _fail(span: trace.Span, error: str) -> None:
    span.set_attribute(ERROR_TYPE, error)
    span.set_status(trace.StatusCode.ERROR)


def _attributes(name: str, kind: str, to: Destination, message_id: str) -> dict[str, str]:
    return {
        MESSAGING_SYSTEM: "rabbitmq",
        MESSAGING_OPERATION_NAME: name,
        MESSAGING_OPERATION_TYPE: kind,
        MESSAGING_DESTINATION_NAME: f"{to.exchange}:{to.queue}",
        MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY: to.queue,
        MESSAGING_MESSAGE_ID: message_id,
    }
