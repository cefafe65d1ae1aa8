"""When an operation is deprecated, and when it ends: `x-deprecation` and `x-sunset`.

The extensions are called as the headers that tell clients: Deprecation (RFC 9745) and
Sunset (RFC 8594). `externalDocs` of the operation says what to use instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ciso8601

from openapi.bundle import Bundle
from openapi.errors import Violation
from openapi.grammar import walk
from openapi.pointers import pointer_of

if TYPE_CHECKING:
    from openapi.description import Description

SINCE, SUNSET = "x-deprecation", "x-sunset"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when an operation is deprecated, until when it answers, and where one reads more."""

    since: datetime | None
    sunset: datetime | None
    link: str | None

    def __str__(self) -> str:
        said = [
            f"deprecated since {self.since:%Y-%m-%d}" if self.since else "deprecated",
            *([f"it answers until {self.sunset:%Y-%m-%d}"] if self.sunset else []),
        ]
        return ", ".join(said)


def read_deprecation(operation: Mapping[str, Any]) -> Deprecation | None:
    """What a sound operation says of its end; None where it is not deprecated."""
    if not operation.get("deprecated"):
        return None
    return Deprecation(
        since=_moment(operation[SINCE]) if SINCE in operation else None,
        sunset=_moment(operation[SUNSET]) if SUNSET in operation else None,
        link=operation.get("externalDocs", {}).get("url"),
    )


def ended(description: "Description", now: datetime) -> Iterator[str]:
    """A line for each operation whose end is past."""
    for operation in description.operations:
        sunset = operation.deprecation and operation.deprecation.sunset
        if sunset and sunset < now:
            place = description.place(operation.pointer)
            yield f"{place}: {operation} was to answer until {sunset:%Y-%m-%d}: remove it"


def deprecation_violations(bundle: Bundle) -> Iterator[Violation]:
    """Dates that are none, that contradict each other, or beside which nothing is deprecated."""
    for node in walk(bundle.document, bundle.version):
        if node.kind != "operation" or not isinstance(node.value, dict):
            continue
        found: dict[str, datetime] = {}
        for name in (SINCE, SUNSET):
            if name not in node.value:
                continue
            here = node.pointer + pointer_of(name)
            try:
                found[name] = _moment(node.value[name])
            except (TypeError, ValueError):
                yield here, f"{node.value[name]} is no date: write one as 2027-01-31"
            if not node.value.get("deprecated"):
                yield here, f"`{name}` is of what is deprecated: write `deprecated: true` beside it"
        if len(found) > 1 and found[SUNSET] < found[SINCE]:
            here = node.pointer + pointer_of(SUNSET)
            yield here, f"the end is before `{SINCE}`: write a later date"


def _moment(text: str) -> datetime:
    """A date, which begins in UTC, or a moment."""
    if len(text) == len("2027-01-31"):
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    return ciso8601.parse_rfc3339(text).astimezone(UTC)
