"""Which requests and which traces a line of the log is about."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry import context as otel
from structlog.typing import EventDict

from tracing.cause import Cause

if TYPE_CHECKING:
    from contextvars import Token

_SEVERAL = otel.create_key("causes")
_MAX_NAMED = 8


class Several:
    """While it is entered, everything is done for several causes at once.

    A line that is written meanwhile names eight of them at most, and how many there are.
    """

    def __init__(self, causes: Sequence[Cause]) -> None:
        self._causes = causes
        self._token: Token[otel.Context] | None = None

    def __enter__(self) -> None:
        self._token = otel.attach(otel.set_value(_SEVERAL, self._causes, otel.Context()))

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            otel.detach(self._token)


def add_cause(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Add `request_id` and `trace_id` of what is being done, unless the line names others."""
    if "request_id" in event or "trace_id" in event:
        return event
    several = otel.get_value(_SEVERAL)
    if isinstance(several, Sequence) and several:
        return {**event, **_fields(several)}
    cause = Cause.current()
    return event if cause is None else {**event, **cause.fields()}


def _fields(causes: Sequence[Cause]) -> dict[str, object]:
    if len(causes) == 1:
        return {**causes[0].fields()}
    named = causes[:_MAX_NAMED]
    return {
        "request_id": [each.request_id for each in named],
        "trace_id": [each.trace_id for each in named],
        "requests": len(causes),
    }
