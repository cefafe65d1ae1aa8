"""Where what an event brought came from: the request, and when it passed which place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from storage.causes import CAUSE_SCHEMA, of_cause, read_cause
from storage.client import Json
from tracing.cause import UNKNOWN_CAUSE, Cause

_DATE = {"bsonType": "date"}

ORIGIN_SCHEMA: Json = {
    "bsonType": "object",
    "properties": {
        "cause": CAUSE_SCHEMA,
        "changedAt": _DATE,
        "publishedAt": _DATE,
        "deliveredAt": _DATE,
    },
    "additionalProperties": False,
}
"""Of what is kept of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that made a change, and when that was written, published and delivered.

    A time is None where nobody says.
    """

    cause: Cause = UNKNOWN_CAUSE
    changed_at: datetime | None = None
    published_at: datetime | None = None
    delivered_at: datetime | None = None

    @classmethod
    def of_document(cls, kept: Mapping[str, Any]) -> Self:
        """What was kept of it."""
        times = (kept.get(name) for name in ("changedAt", "publishedAt", "deliveredAt"))
        return cls(read_cause(kept.get("cause")), *times)

    def document(self) -> Json:
        """What is kept of it, without what nobody says."""
        known = {
            "cause": of_cause(self.cause) if self.cause.traceparent else None,
            "changedAt": self.changed_at,
            "publishedAt": self.published_at,
            "deliveredAt": self.delivered_at,
        }
        return {name: value for name, value in known.items() if value is not None}
