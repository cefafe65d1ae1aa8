"""What is written with a document, in the same write, for the relay to publish."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from bson import Int64

from services.declaration import Kind
from services.payload import Payload
from storage import causes
from storage.client import Json
from storage.system_fields import (
    BUILD,
    CHANGED_AT,
    CONTACT_VERSION,
    OCCURRENCES,
    OUTBOX,
    PUBLISHED,
    SINCE,
    name_of,
)
from tracing.cause import Cause

_KEPT = (OUTBOX, PUBLISHED, OCCURRENCES)
"""What a change of a document leaves as it is, unless it adds to it."""


class Publications:
    """The events of a collection, for whoever writes its documents.

    Args:
        payloads: What they hold.
        followed: The names of those that somebody follows; no other one of the kind *each* is
            written.
        build: Which version of the service writes.
    """

    def __init__(self, payloads: Iterable[Payload], followed: Container[str], build: str) -> None:
        self._payloads = [
            each
            for each in payloads
            if each.event.kind is Kind.STATE or each.event.name in followed
        ]
        self._build = build

    def of_creation(self, value: Mapping[str, Any], moment: datetime) -> Json:
        """Storage's own fields, by their paths, of a document that is new.

        Args:
            value: As it is on the wire.
            moment: When it was made.
        """
        told = [each for each in self._payloads if each.event.on_creation]
        return {CONTACT_VERSION: Int64(1), **self._entries(told, {}, value, 1, moment)}

    def of_change(
        self, own: Mapping[str, Any], before: Json, after: Json, moment: datetime
    ) -> Json:
        """The same, of a document that is changed.

        Args:
            own: What it had below `_system`.
            before: As it was on the wire.
            after: As it will be.
            moment: When.
        """
        told = [
            each
            for each in self._payloads
            if each.event.on_change and each.data(before) != each.data(after)
        ]
        version = own.get(name_of(CONTACT_VERSION), 0) + bool(told)
        kept = {path: own[name_of(path)] for path in _KEPT if name_of(path) in own}
        entries = self._entries(told, kept, after, version, moment)
        return {CONTACT_VERSION: Int64(version), **kept, **entries}

    def _entries(
        self,
        told: Iterable[Payload],
        kept: Json,
        value: Mapping[str, Any],
        version: int,
        moment: datetime,
    ) -> Json:
        entries: Json = {}
        for each in told:
            if each.event.kind is Kind.STATE:
                entry = kept.get(OUTBOX, {})
                since = entry.get(name_of(SINCE), moment)
                changed = {SINCE: since, CHANGED_AT: moment, BUILD: self._build}
                changed |= causes.added(entry)
                entries[OUTBOX] = {name_of(path): of for path, of in changed.items()}
            else:
                pending = {**kept, **entries}.get(OCCURRENCES, [])
                entries[OCCURRENCES] = [*pending, self._occurrence(each, value, version, moment)]
        return entries

    def _occurrence(
        self, of: Payload, value: Mapping[str, Any], version: int, moment: datetime
    ) -> Json:
        current = Cause.current()
        caused = {} if current is None else {"cause": causes.of_cause(current)}
        return {
            **caused,
            "event": of.event.name,
            "version": Int64(version),
            "at": moment,
            "build": self._build,
            # As text: not every JSON can be stored as it is.
            "data": orjson.dumps(of.data(value)).decode(),
        }
