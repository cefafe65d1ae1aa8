"""Which request and which trace a line of the log is about."""

from structlog.typing import EventDict

from tracing.cause import Cause


def add_cause(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Add `request_id` and `trace_id` of what is being done, unless the line names others.

    What is done for several requests at once has lists of those that `Several` knows.
    """
    if "request_id" not in event and "trace_id" not in event:
        cause = Cause.current()
        if cause is not None:
            return {**event, **cause.fields()}
    return event
