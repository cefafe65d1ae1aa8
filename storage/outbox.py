"""The relay's view of the user database: what is to be published, and that it was."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pymongo
from bson import Int64
from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from models.fields.user import User
from openapi.description import Description
from storage.client import Json, now
from storage.contacts import Contacts
from storage.durable import DatabaseUnavailable, heed_cancellation, read_all, write
from storage.redaction import redacted
from storage.system_fields import (
    BUILD,
    CHANGED_AT,
    CONTACT_VERSION,
    OUTBOX,
    SINCE,
    TRACEPARENT,
    name_of,
    value_of,
)
from storage.users import user_codec

_TO_BE_PUBLISHED = {SINCE: {"$exists": True}}
_NEEDED = (User.emails, User.deliveryAddress, CONTACT_VERSION, OUTBOX)

# Every change of contact data raises the version, and nothing else does: neither the insertion of
# a user nor the removal of an entry wakes the relay. (The path is one name there.)
_RAISED = {"$getField": {"field": CONTACT_VERSION, "input": "$updateDescription.updatedFields"}}
_CHANGES: list[Json] = [
    {"$match": {"$expr": {"$ne": [{"$type": _RAISED}, "missing"]}}},
    {"$project": {"_id": 1}},
]
_WAKE_UP_WITHIN_MS = 4000
"""How long the server holds a request for the next change; shorter than the client's timeout."""

RESYNC = "resync"
"""Stands for the build where a resync, and no change, is what must be published."""


@dataclass(frozen=True, slots=True)
class Change:
    """A user's contact data that must be published, as one read of one document found it.

    `changed_at` is when this version was written, `since` when the oldest version was that has
    not been published, `build` which build wrote this version.
    """

    contacts: Contacts
    changed_at: datetime
    since: datetime
    build: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many users' newest change, written by `build`, is to be published.

    `oldest` is the time of the oldest change of theirs that has not been.
    """

    build: str
    users: int
    oldest: datetime


class Outbox(Protocol):
    """The user database, for the relay. All operations raise DatabaseUnavailable."""

    def unpublished(self, most: int) -> AsyncGenerator[list[Change], None]:
        """All that is to be published, the longest waiting first, in lists of up to `most`.

        Only what can no more be lost: a version that a crash of the database could undo would be
        given again, to other data. Changes made during the iteration may or may not be in it.
        """

    async def mark_published(self, changes: Collection[Change]) -> None:
        """Remove the pending entries of those users whose version is still the published one."""

    async def backlog(self) -> Sequence[Backlog]:
        """What is to be published, in figures, for each build of which there is something."""

    def wake_ups(self) -> AsyncGenerator[None, None]:
        """Yield once when changes can be noticed, then whenever there are some, soon after.

        A change made after the first yield is noticed or the iteration raises; it is not said
        which change, nor how many.
        """


class MongoOutbox:
    """`Outbox` on the collection `users` of the user database."""

    def __init__(self, users: AsyncCollection[Json], api: Description) -> None:
        """Take a collection of users as `api` has them."""
        self._users, self._codec = users, user_codec(api)
        self._majority = users.with_options(read_concern=ReadConcern("majority"))

    async def unpublished(self, most: int) -> AsyncGenerator[list[Change], None]:
        """See `Outbox`."""
        try:
            found = self._majority.find(
                _TO_BE_PUBLISHED,
                _NEEDED,
                sort=[(SINCE, pymongo.ASCENDING)],
                batch_size=most,
            )
            async with found:
                while batch := await found.to_list(most):
                    yield [self._change(document) for document in batch]
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error

    async def mark_published(self, changes: Collection[Change]) -> None:
        """See `Outbox`."""
        await write(
            self._users,
            [
                UpdateOne(
                    {"_id": each.contacts.user_id, CONTACT_VERSION: each.contacts.version},
                    {"$unset": {OUTBOX: ""}},
                )
                for each in changes
            ],
        )

    async def backlog(self) -> Sequence[Backlog]:
        """See `Outbox`."""
        figures = {"users": {"$sum": 1}, "oldest": {"$min": f"${SINCE}"}}
        found = await read_all(
            self._users.aggregate(
                [{"$match": _TO_BE_PUBLISHED}, {"$group": {"_id": f"${BUILD}", **figures}}]
            )
        )
        return [Backlog(each["_id"], each["users"], each["oldest"]) for each in found]

    async def wake_ups(self) -> AsyncGenerator[None, None]:
        """See `Outbox`."""
        try:
            # Whole answers, unread: what has changed the outbox says. (pymongo declares another
            # class of cursor than it gives.)
            answers: Any = await self._users.aggregate_raw_batches(
                [{"$changeStream": {}}, *_CHANGES], maxAwaitTimeMS=_WAKE_UP_WITHIN_MS
            )
            async with answers:
                yield
                while answers.alive:
                    if await answers.try_next() is not None:
                        yield
                    heed_cancellation()
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        raise DatabaseUnavailable("the change stream has ended")

    async def user_ids(self, most: int) -> AsyncGenerator[list[str], None]:
        """Every user, in lists of up to `most`. Raises DatabaseUnavailable."""
        try:
            found = self._users.find({}, ["_id"], sort=[("_id", pymongo.ASCENDING)])
            async with found:
                while batch := await found.to_list(most):
                    yield [document["_id"] for document in batch]
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error

    async def publish_above(self, versions: Mapping[str, int], leap: int) -> int:
        """Give each a version `leap` above theirs and the one given, and a pending entry.

        Returns how many of them there were. Raises DatabaseUnavailable.
        """
        moment = now()
        return await write(
            self._users,
            [
                UpdateOne({"_id": user_id}, _raise_above(version, leap, moment))
                for user_id, version in versions.items()
            ],
        )

    def _change(self, document: Json) -> Change:
        user_id, version = document["_id"], int(value_of(document, CONTACT_VERSION))
        entry = value_of(document, OUTBOX)
        user = self._codec.to_wire(document)
        return Change(
            Contacts(user_id, version, tuple(user[User.emails]), user[User.deliveryAddress]),
            changed_at=entry[name_of(CHANGED_AT)],
            since=entry[name_of(SINCE)],
            build=entry[name_of(BUILD)],
            traceparent=entry.get(name_of(TRACEPARENT)),
        )


def _raise_above(version: int, leap: int, moment: datetime) -> list[Json]:
    """The update of one user; whoever waits for an earlier change waits since then."""
    highest = {"$max": [f"${CONTACT_VERSION}", Int64(version)]}
    entry = {CHANGED_AT: moment, SINCE: {"$min": [f"${SINCE}", moment]}, BUILD: RESYNC}
    return [
        {"$set": {CONTACT_VERSION: {"$add": [highest, Int64(leap)]}, **entry}},
        {"$unset": TRACEPARENT},
    ]
