"""Requests that ended as one: the spans of the newest link to those of the others."""

from collections.abc import Iterator, Sequence

from opentelemetry.trace import Link

from tracing.cause import Cause

MAX_LINKS = 8
"""So many requests are linked to, the last ones; the others are counted."""

MERGED = "aware.merged_changes"
"""Attribute: how many changes were replaced by the newest before that went out, linked or not."""


def links(causes: Sequence[Cause]) -> list[Link]:
    """Links to the last of these requests, without those of which no trace is known."""
    return [*_links(causes)][-MAX_LINKS:]


def _links(causes: Sequence[Cause]) -> Iterator[Link]:
    for each in causes:
        span = each.span
        if span.is_valid:
            yield Link(span)
