"""The spans of commands to MongoDB, by the semantic conventions of databases.

Not opentelemetry-instrumentation-pymongo: it puts MongoDB's own words into spans, which quote what
people wrote, begins traces for what nobody asked for, such as the wait for a change stream, and
knows the names of the conventions only where a variable says so.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

from opentelemetry import trace
from opentelemetry.semconv.attributes.db_attributes import (
    DB_COLLECTION_NAME,
    DB_NAMESPACE,
    DB_OPERATION_BATCH_SIZE,
    DB_OPERATION_NAME,
    DB_RESPONSE_STATUS_CODE,
    DB_SYSTEM_NAME,
)
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS, SERVER_PORT
from opentelemetry.trace import SpanKind
from pymongo import AsyncMongoClient, MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    _EventListeners,
)

from tracing.cause import Cause

MONGODB = "mongodb"


class CommandSpans(CommandListener):
    """Makes a span of each command that is sent within a trace that is recorded.

    Thread-safe. Logins are left out.
    """

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("aware.mongodb")
        self._open: dict[int, trace.Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin a span."""
        # pymongo shows nothing of a login: that of a new connection is nothing that was asked for.
        current = trace.get_current_span().get_span_context()
        if not current.trace_flags.sampled or not event.command:
            return
        name = event.command_name
        attributes: dict[str, str | int] = {
            DB_SYSTEM_NAME: MONGODB,
            DB_NAMESPACE: event.database_name,
            DB_OPERATION_NAME: name,
            SERVER_ADDRESS: event.connection_id[0],
        }
        if event.connection_id[1] is not None:
            attributes[SERVER_PORT] = event.connection_id[1]
        collection = event.command.get("collection" if name == "getMore" else name)
        words = name
        if isinstance(collection, str):
            attributes[DB_COLLECTION_NAME] = collection
            words = f"{name} {collection}"
        span = self._tracer.start_span(words, kind=SpanKind.CLIENT, attributes=attributes)
        self._open[event.request_id] = span

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End it."""
        if (span := self._open.pop(event.request_id, None)) is not None:
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """End it, with the code of the error and none of its words."""
        if (span := self._open.pop(event.request_id, None)) is None:
            return
        code = event.failure.get("code")
        if code is not None:
            span.set_attribute(DB_RESPONSE_STATUS_CODE, str(code))
        span.set_attribute(ERROR_TYPE, str(code or event.failure.get("errtype") or "_OTHER"))
        span.set_status(trace.StatusCode.ERROR)
        span.end()


class BatchSpans:
    """While it is entered, documents are updated for several causes by one command.

    Each of those whose trace is recorded has a span of it, and no other.
    """

    def __init__(self, collection: str, database: str, causes: Iterable[Cause]) -> None:
        self._names = {DB_NAMESPACE: database, DB_COLLECTION_NAME: collection}
        self._causes = causes
        self._open: list[trace.Span] = []

    def __enter__(self) -> None:
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            return
        causes = [each for each in self._causes if each.traceparent]
        attributes: dict[str, str | int] = {
            **self._names,
            DB_SYSTEM_NAME: MONGODB,
            DB_OPERATION_NAME: "update",
        }
        if len(causes) > 1:
            attributes[DB_OPERATION_BATCH_SIZE] = len(causes)
        tracer = trace.get_tracer("aware.mongodb")
        words = f"update {self._names[DB_COLLECTION_NAME]}"
        self._open = [
            tracer.start_span(words, each.context(), SpanKind.CLIENT, attributes) for each in causes
        ]

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        for each in self._open:
            if kind is not None:
                each.set_attribute(ERROR_TYPE, kind.__qualname__)
                each.set_status(trace.StatusCode.ERROR)
            each.end()


def command_listeners() -> list[CommandListener]:
    """What a client of MongoDB is to tell of its commands: nobody, where nobody takes spans."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return []
    return [CommandSpans()]


class _WhereRecorded(_EventListeners):
    """Asked by pymongo for each command whether anybody listens."""

    @property
    def enabled_for_commands(self) -> bool:
        """Whether the command is sent within a trace that is recorded."""
        return trace.get_current_span().get_span_context().trace_flags.sampled


def listen_where_recorded(client: AsyncMongoClient[Any] | MongoClient[Any]) -> None:
    """Have a client that has these listeners tell them of commands in recorded traces alone.

    What pymongo does for a listener is 12 to 20 µs of every command, recorded or not, and it has no
    other way to listen to some: what is used here is private to it.
    """
    listeners = client.options.pool_options._event_listeners  # noqa: SLF001
    if listeners is not None and listeners.event_listeners():
        listeners.__class__ = _WhereRecorded
