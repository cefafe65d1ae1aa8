"""The requests whose changes a pending outbox entry stands for, as the entry keeps them.

The newest one is last. Before it are those whose changes it has replaced before they were
published: so many as a span links to, and a count of all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import Int64

from storage.client import Json
from storage.system_fields import CAUSES, CHANGES, name_of
from tracing.cause import Cause
from tracing.links import MAX_LINKS

KEPT = MAX_LINKS + 1

_TRACEPARENT, _TRACESTATE, _REQUEST_ID = "traceparent", "tracestate", "requestId"

CAUSE_SCHEMA: Json = {
    "bsonType": "object",
    "required": [_TRACEPARENT, _REQUEST_ID],
    "properties": {
        name: {"bsonType": "string"} for name in (_TRACEPARENT, _TRACESTATE, _REQUEST_ID)
    },
    "additionalProperties": False,
}
"""Of what is kept of a request."""


def pushed() -> dict[str, Json]:
    """The update operators that add the request which is being answered to an entry."""
    current = Cause.current()
    counted = {"$inc": {CHANGES: Int64(1)}}
    if current is None:
        return counted
    return {**counted, "$push": {CAUSES: {"$each": [of_cause(current)], "$slice": -KEPT}}}


def added(entry: Mapping[str, Any]) -> Json:
    """The same as fields, by their paths, of what replaces an entry."""
    current, causes = Cause.current(), entry.get(name_of(CAUSES), [])
    if current is not None:
        causes = [*causes, of_cause(current)][-KEPT:]
    return {CHANGES: Int64(entry.get(name_of(CHANGES), 0) + 1), CAUSES: causes}


def of_cause(cause: Cause) -> Json:
    """What is kept of a request."""
    kept = {_TRACEPARENT: cause.traceparent, _REQUEST_ID: cause.request_id}
    return {**kept, _TRACESTATE: cause.tracestate} if cause.tracestate else kept


def read_cause(kept: Mapping[str, str] | None) -> Cause:
    """The request of which this was kept; one that says nothing where nothing was."""
    if kept is None:
        return Cause()
    return Cause(kept[_TRACEPARENT], kept[_REQUEST_ID], kept.get(_TRACESTATE, ""))


def read_causes(entry: Mapping[str, Any]) -> tuple[Sequence[Cause], int]:
    """The requests that an entry knows, the newest last, and how many there were in all."""
    causes = [read_cause(each) for each in entry.get(name_of(CAUSES), ())]
    return causes or [Cause()], max(int(entry.get(name_of(CHANGES), 1)), len(causes), 1)
