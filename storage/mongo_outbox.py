"""The outbox of a collection: what of its documents is to be published, and that it was."""

import re
from collections.abc import AsyncGenerator, Collection, Container, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import pymongo
from bson import Int64
from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from services.declaration import Kind
from services.payload import Payload
from storage.causes import of_cause, read_cause, read_causes
from storage.client import Json, now
from storage.codec import Codec
from storage.mongo_io import DatabaseUnavailable, raise_if_cancelled, read_all, write
from storage.outbox import OutboxEntry, OutboxLag
from storage.property_names import stored_paths
from storage.redaction import redacted
from storage.system_fields import (
    BUILD,
    CHANGED_AT,
    CONTACT_VERSION,
    OCCURRED_AT,
    OCCURRENCES,
    OUTBOX,
    PUBLISHED,
    SINCE,
    name_of,
    value_of,
)

_TO_BE_PUBLISHED = {SINCE: {"$exists": True}}
_OCCURRED = {OCCURRED_AT: {"$exists": True}}

# An update that is to be published raises the version, and no other does: the removal of an entry
# wakes nobody. (The path is one name there.) What is inserted or replaced is there as a whole.
_RAISED = {"$getField": {"field": CONTACT_VERSION, "input": "$updateDescription.updatedFields"}}
_CHANGES: list[Json] = [
    {
        "$match": {
            "$or": [
                {"$expr": {"$ne": [{"$type": _RAISED}, "missing"]}},
                {f"fullDocument.{SINCE}": {"$exists": True}},
                {f"fullDocument.{OCCURRED_AT}": {"$exists": True}},
            ]
        }
    },
    {"$project": {"_id": 1}},
]
_WAKE_UP_WITHIN_MS = 4000
"""How long the server holds a request for the next change; shorter than the client's timeout."""

_IDS_FOR_ONE = 4
"""So many ids are read at once for each document that is to be: most may be others'."""

_NUMBER = re.compile(r"-?[0-9]{1,18}")

RESYNC = "resync"
"""Stands for the build where a resync, and no change, is what must be published."""


class MongoOutbox:
    """`Outbox` on a collection."""

    def __init__(
        self, collection: AsyncCollection[Json], codec: Codec, payloads: Collection[Payload]
    ) -> None:
        """Take a collection, the codec of its documents, and what is published of them."""
        self._collection, self._codec = collection, codec
        self._majority = collection.with_options(read_concern=ReadConcern("majority"))
        self._state = next((each for each in payloads if each.event.kind is Kind.STATE), None)
        sources = () if self._state is None else self._state.properties.values()
        self._fields = stored_paths(sources)
        self._has_occurrences = any(each.event.kind is Kind.EACH for each in payloads)

    async def unpublished(
        self, most: int, share: Container[str] | None = None
    ) -> AsyncGenerator[list[OutboxEntry], None]:
        """See `Outbox`."""
        if self._state is not None:
            needed = [*self._fields, CONTACT_VERSION, OUTBOX]
            async for batch in self._found(_TO_BE_PUBLISHED, needed, SINCE, most, share):
                yield [self._change(self._state, document) for document in batch]
        if self._has_occurrences:
            async for batch in self._found(_OCCURRED, [OCCURRENCES], OCCURRED_AT, most, share):
                yield [change for document in batch for change in _occurrences(document)]

    async def _found(
        self,
        what: Json,
        needed: Sequence[str],
        order: str,
        most: int,
        share: Container[str] | None,
    ) -> AsyncGenerator[list[Json], None]:
        """Only what can no more be lost: see `Outbox`. Of what is others', only the id is read."""
        sort = [(order, pymongo.ASCENDING)]
        try:
            if share is None:
                found = self._majority.find(what, needed, sort=sort, batch_size=most)
                async with found:
                    while batch := await found.to_list(most):
                        yield batch
                return
            own: list[Any] = []
            ids = most * _IDS_FOR_ONE
            found = self._majority.find(what, ["_id"], sort=sort, batch_size=ids)
            async with found:
                while batch := await found.to_list(ids):
                    own += (each["_id"] for each in batch if each["_id"] in share)
                    while len(own) >= most:
                        yield await self._whole(own[:most], what, needed, order)
                        del own[:most]
            if own:
                yield await self._whole(own, what, needed, order)
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error

    async def _whole(
        self, ids: Sequence[Any], what: Json, needed: Sequence[str], order: str
    ) -> list[Json]:
        """Those of these documents of which something is still to be published."""
        these = {"_id": {"$in": [*ids]}, **what}
        found = self._majority.find(
            these, needed, sort=[(order, pymongo.ASCENDING)], batch_size=len(ids) + 1
        )
        return await found.to_list()

    async def mark_published(self, changes: Collection[OutboxEntry]) -> None:
        """See `Outbox`."""
        await write(self._collection, [_removal(each) for each in changes])

    async def backlog(self) -> Sequence[OutboxLag]:
        """See `Outbox`."""
        pipelines: list[list[Json]] = []
        if self._state is not None:
            pipelines.append([{"$match": _TO_BE_PUBLISHED}, _counted(BUILD, SINCE)])
        if self._has_occurrences:
            of = f"{OCCURRENCES}.build"
            pipelines.append(
                [{"$match": _OCCURRED}, {"$unwind": f"${OCCURRENCES}"}, _counted(of, OCCURRED_AT)]
            )
        found: dict[str, OutboxLag] = {}
        for pipeline in pipelines:
            for each in await read_all(self._collection.aggregate(pipeline)):
                before = found.get(each["_id"], OutboxLag(each["_id"], 0, each["oldest"]))
                found[each["_id"]] = OutboxLag(
                    each["_id"],
                    before.changes + each["changes"],
                    min(before.oldest, each["oldest"]),
                )
        return [*found.values()]

    async def watch_changes(self) -> AsyncGenerator[None, None]:
        """See `Outbox`."""
        try:
            # Whole answers, unread: what has changed the outbox says. (pymongo declares another
            # class of cursor than it gives.)
            answers: Any = await self._collection.aggregate_raw_batches(
                [{"$changeStream": {}}, *_CHANGES], maxAwaitTimeMS=_WAKE_UP_WITHIN_MS
            )
            async with answers:
                yield
                while answers.alive:
                    if await answers.try_next() is not None:
                        yield
                    raise_if_cancelled()
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        raise DatabaseUnavailable("the change stream has ended")

    async def keys(self, most: int) -> AsyncGenerator[list[str], None]:
        """Every key as text, in lists of up to `most`. Raises DatabaseUnavailable."""
        try:
            found = self._collection.find({}, ["_id"], sort=[("_id", pymongo.ASCENDING)])
            async with found:
                while batch := await found.to_list(most):
                    yield [str(document["_id"]) for document in batch]
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error

    async def bump_versions(self, versions: Mapping[str, int], leap: int) -> int:
        """Give each a version `leap` above theirs and the one given, and a pending entry.

        Returns how many of them there were. Raises DatabaseUnavailable.
        """
        moment = now()
        return await write(
            self._collection,
            [
                UpdateOne(_with_key(key), _raise_above(version, leap, moment))
                for key, version in versions.items()
            ],
        )

    def _change(self, state: Payload, document: Json) -> OutboxEntry:
        key, entry = document["_id"], value_of(document, OUTBOX)
        made_by, changes = read_causes(entry)
        return OutboxEntry(
            state.event.name,
            str(key),
            int(value_of(document, CONTACT_VERSION)),
            {**state.data(self._codec.to_wire(document)), state.key: key},
            changed_at=entry[name_of(CHANGED_AT)],
            since=entry[name_of(SINCE)],
            build=entry[name_of(BUILD)],
            causes=made_by,
            changes=changes,
        )


def _with_key(text: str) -> Json:
    """The query for the document with a key, which in its collection may be a number."""
    return {"_id": {"$in": [text, int(text)]} if _NUMBER.fullmatch(text) else text}


def _occurrences(document: Json) -> list[OutboxEntry]:
    """All that are pending of a document, the oldest first."""
    return [
        OutboxEntry(
            each["event"],
            str(document["_id"]),
            int(each["version"]),
            orjson.loads(each["data"]),
            changed_at=each["at"],
            since=each["at"],
            build=each["build"],
            causes=(read_cause(each.get("cause")),),
            is_occurrence=True,
        )
        for each in value_of(document, OCCURRENCES)
    ]


def _removal(change: OutboxEntry) -> UpdateOne:
    """The update that takes out the pending entry of a change."""
    if change.is_occurrence:
        entry = {"event": change.event, "version": Int64(change.version)}
        return UpdateOne(_with_key(change.key), {"$pull": {OCCURRENCES: entry}})
    known = {**_with_key(change.key), CONTACT_VERSION: change.version}
    published: Json = {
        "version": Int64(change.version),
        "changedAt": change.changed_at,
        "at": now(),
    }
    if change.cause.traceparent:
        published["cause"] = of_cause(change.cause)
    return UpdateOne(known, {"$unset": {OUTBOX: ""}, "$set": {PUBLISHED: published}})


def _counted(build: str, since: str) -> Json:
    """The stage that counts, by what is at the path `build`."""
    return {"$group": {"_id": f"${build}", "changes": {"$sum": 1}, "oldest": {"$min": f"${since}"}}}


def _raise_above(version: int, leap: int, moment: datetime) -> list[Json]:
    """The update of one document; whoever waits for an earlier change waits since then."""
    highest = {"$max": [f"${CONTACT_VERSION}", Int64(version)]}
    entry = {CHANGED_AT: moment, SINCE: {"$min": [f"${SINCE}", moment]}, BUILD: RESYNC}
    return [{"$set": {CONTACT_VERSION: {"$add": [highest, Int64(leap)]}, **entry}}]
