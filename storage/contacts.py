"""The consumer's view of the order database: the newest contact data, and bringing orders to it."""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bson import Int64
from pymongo import UpdateMany, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from models.fields.events import UserContactsChanged
from models.fields.order import Order
from openapi.description import Description
from storage.client import Json
from storage.codec import Codec
from storage.errors import UnstorableError
from storage.mongo_io import DatabaseRefused, DatabaseUnavailable, read, read_all, write
from storage.orders import CONTACT_FIELDS, contacts_codec, order_codec
from storage.origin import Origin
from storage.redaction import redacted
from storage.system_fields import CONTACT_VERSION, SYNCED_AT, SYSTEM
from tracing.mongodb import BatchSpans


@dataclass(frozen=True, slots=True)
class Contacts:
    """A user's contact data at a version, as it goes into the user's orders."""

    user_id: str
    version: int
    user_emails: tuple[str, ...]
    delivery_address: Mapping[str, str]
    origin: Origin = field(default=Origin(), compare=False)


class ContactsStore(Protocol):
    """The order database, for the consumer.

    Every write is durable when it returns. All operations raise DatabaseUnavailable, where
    nothing is known of what was done, and DatabaseRefused, where a part may have been done.
    """

    async def put_if_newer(self, contacts: Collection[Contacts]) -> None:
        """Keep each as its user's newest, unless what is there is as new or newer.

        Each user is one atomic step of its own. At most one entry a user.
        """

    async def get(self, user_ids: Collection[str]) -> Mapping[str, Contacts]:
        """The newest known of each of these users, of whom there is any, by user."""

    async def known_versions(self, user_ids: Sequence[str]) -> dict[str, int]:
        """The highest version that anything here has of each of these users; 0 where none has."""

    async def count_orders(self, user_ids: Collection[str], most: int) -> Mapping[str, int]:
        """How many orders each of these users has who has any; of all, `most` are counted."""

    async def update_orders(self, contacts: Collection[Contacts], now: datetime) -> int:
        """Bring each user's orders that have a lower version to this one, and return how many.

        Each order is one atomic step of its own. `now` becomes the order's `updatedAt`.
        """

    def behind(self, contacts: Contacts, most: int) -> AsyncGenerator[list[str], None]:
        """The ids of a user's orders that have a lower version, in lists of up to `most`."""

    async def update_some_orders(
        self, contacts: Contacts, ids: Sequence[str], now: datetime
    ) -> int:
        """The same as `update_orders`, for those of the user's orders that have these ids."""


class MongoContactsStore:
    """`ContactsStore` on the collections `contacts` and `orders` of the order database."""

    def __init__(
        self, database: AsyncDatabase[Json], api: Description, events: Description
    ) -> None:
        """Take a database of orders as `api` has them, whose contact data `events` bring."""
        self._codec, self._contacts_codec = order_codec(api), contacts_codec(events)
        self._contacts = database["contacts"]
        self._orders = database["orders"]

    async def put_if_newer(self, contacts: Collection[Contacts]) -> None:
        """See `ContactsStore`."""
        # The filter is the key alone and the comparison in the update, so that the server itself
        # repeats an upsert that collides with another one's insertion of the same user.
        await write(
            self._contacts,
            [
                UpdateOne({"_id": each.user_id}, [self._replace_if_older(each)], upsert=True)
                for each in contacts
            ],
        )

    async def get(self, user_ids: Collection[str]) -> Mapping[str, Contacts]:
        """See `ContactsStore`."""
        found = await read(self._contacts.find({"_id": {"$in": list(user_ids)}}))
        return {document["_id"]: self._known(document) for document in found}

    async def known_versions(self, user_ids: Sequence[str]) -> dict[str, int]:
        """The highest version that anything here has of each of these users; 0 where none has.

        Raises:
            DatabaseUnavailable: It could not be read.
        """
        known = dict.fromkeys(user_ids, 0)
        for user_id, contacts in (await self.get(user_ids)).items():
            known[user_id] = contacts.version
        highest = {
            "$group": {"_id": f"${Order.userId}", "version": {"$max": f"${CONTACT_VERSION}"}}
        }
        of_these = {"$match": {Order.userId: {"$in": list(user_ids)}}}
        for found in await read_all(self._orders.aggregate([of_these, highest])):
            known[found["_id"]] = max(known[found["_id"]], int(found["version"]))
        return known

    async def update_orders(self, contacts: Collection[Contacts], now: datetime) -> int:
        """See `ContactsStore`."""
        # The index on (userId, contactVersion) is walked upwards, and versions only rise: an
        # order that somebody else raises meanwhile moves ahead of the walk, and is not missed.
        with self._spans(contacts):
            return await write(
                self._orders,
                [UpdateMany(_behind(each), self._brought_to(each, now)) for each in contacts],
            )

    async def count_orders(self, user_ids: Collection[str], most: int) -> Mapping[str, int]:
        """See `ContactsStore`."""
        found = await read_all(
            self._orders.aggregate(
                [  # all of it in the index on (userId, contactVersion)
                    {"$match": {Order.userId: {"$in": list(user_ids)}}},
                    {"$project": {"_id": 0, Order.userId: 1}},
                    {"$limit": most},
                    {"$group": {"_id": f"${Order.userId}", "orders": {"$sum": 1}}},
                ]
            )
        )
        return {each["_id"]: each["orders"] for each in found}

    async def behind(self, contacts: Contacts, most: int) -> AsyncGenerator[list[str], None]:
        """See `ContactsStore`."""
        # One walk along the index: from its beginning, each slice would pass by what the slices
        # before it have left there until MongoDB forgets that.
        found = self._orders.find(_behind(contacts), {"_id": 1}, batch_size=most)
        try:
            async with found:
                while batch := await found.to_list(most):
                    yield [each["_id"] for each in batch]
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error

    async def update_some_orders(
        self, contacts: Contacts, ids: Sequence[str], now: datetime
    ) -> int:
        """See `ContactsStore`."""
        these = {"_id": {"$in": [*ids]}, **_behind(contacts)}
        # Else the planner may look for them among all orders of the user.
        update = UpdateMany(these, self._brought_to(contacts, now), hint="_id_")
        with self._spans([contacts]):
            return await write(self._orders, [update])

    def _spans(self, contacts: Iterable[Contacts]) -> BatchSpans:
        causes = [each.origin.cause for each in contacts]
        return BatchSpans(self._orders.name, self._orders.database.name, causes)

    def _brought_to(self, contacts: Contacts, now: datetime) -> Json:
        """The update of an order."""
        return {"$set": {**self._shared(contacts), SYNCED_AT: now}, "$max": {Order.updatedAt: now}}

    def _shared(self, contacts: Contacts) -> Json:
        """What an order takes over."""
        fields = _stored(contacts, CONTACT_FIELDS.values(), self._codec)
        return {**fields, CONTACT_VERSION: Int64(contacts.version)}

    def _replace_if_older(self, contacts: Contacts) -> Json:
        """The stage that replaces a user's document unless it is as new."""
        # What users write may begin with `$`: in a pipeline only $literal keeps it a string.
        document = {
            "_id": contacts.user_id,
            UserContactsChanged.version: Int64(contacts.version),
            SYSTEM: contacts.origin.document(),
            **_stored(contacts, CONTACT_FIELDS, self._contacts_codec),
        }
        known = {"$ifNull": [f"${UserContactsChanged.version}", Int64(0)]}
        older = {"$lt": [known, document[UserContactsChanged.version]]}
        return {"$replaceWith": {"$cond": [older, {"$literal": document}, "$$ROOT"]}}

    def _known(self, document: Json) -> Contacts:
        user_id, version = document["_id"], int(document[UserContactsChanged.version])
        origin = Origin.of_document(document.get(SYSTEM, {}))
        fields = self._contacts_codec.to_wire(document)  # which takes the document apart
        emails, address = (fields[each] for each in CONTACT_FIELDS)
        return Contacts(user_id, version, tuple(emails), address, origin)


def _behind(contacts: Contacts) -> Json:
    """The orders that are to be brought to this."""
    return {Order.userId: contacts.user_id, CONTACT_VERSION: {"$lt": contacts.version}}


def _stored(contacts: Contacts, names: Iterable[str], codec: Codec) -> Json:
    """What is stored of contact data, by these names for them."""
    values = (list(contacts.user_emails), dict(contacts.delivery_address))
    try:
        return codec.to_database(dict(zip(names, values, strict=True)))
    except UnstorableError as error:
        raise DatabaseRefused(f"{error.pointer} {error.why}") from error
