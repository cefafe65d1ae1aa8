"""The orders of the order database, and what its `contacts` say about their users."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bson import Int64
from pymongo.asynchronous.database import AsyncDatabase

from contract.conditions import conditions, conditions_of_write
from models.fields.events import UserContactsChanged
from models.fields.order import Order
from openapi.description import Description
from services.declaration import Collection as Row
from storage import repeats
from storage.client import Json, now
from storage.codec import Codec
from storage.conditional import Conditional
from storage.data_loader import DataLoader
from storage.entity import Entity
from storage.errors import NotFoundError, size_checked
from storage.etags import Etags
from storage.pages import Page, Pages
from storage.system_fields import CONTACT_VERSION, REVISION, system

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

ENTITY = "Order"
"""The schema that orders fit."""

CONTACTS = "UserContactsChanged"
"""The schema that `contacts` fit, of which a user's id is the key."""

CONTACT_FIELDS = {
    UserContactsChanged.userEmails: Order.userEmails,
    UserContactsChanged.deliveryAddress: Order.deliveryAddress,
}
"""What an order takes over from `contacts`: the names there, and the order's."""

_NO_VERSION = Int64(0)


def order_codec(api: Description) -> Codec:
    """Between orders as `api` has them and their documents."""
    return Entity(api, ENTITY).codec()


def contacts_codec(events: Description) -> Codec:
    """Between contact data as `events` has them and their documents."""
    return Entity(events, CONTACTS).codec()


class Orders:
    """Reads and writes orders, as they are on the wire.

    Every method raises `PyMongoError` where MongoDB fails, and those that write UnstorableError
    and DocumentTooLargeError where it cannot hold what was sent.
    """

    def __init__(
        self, database: AsyncDatabase[Json], api: Description, events: Description, row: Row
    ) -> None:
        self._codec, self._contacts_codec = order_codec(api), contacts_codec(events)
        self._orders: AsyncCollection[Json] = database[row.name]
        self._etags = Etags(REVISION, CONTACT_VERSION)
        self._of_clients = Etags(REVISION, CONTACT_VERSION, compared=(REVISION,))
        self._single = Conditional(self._orders, self._etags, api)
        self._pages = Pages(self._orders, self._codec, row)
        self._contacts: AsyncCollection[Json] = database["contacts"]
        self._known = DataLoader(self._known_versions)

    async def create(self, order: Mapping[str, Any]) -> Json:
        """Store a new order and answer it, with an id and times of its own.

        It takes on the version that `contacts` has now: a change known before this never
        touches the order, one that comes later does.
        """
        demanded, user_id = conditions_of_write(), order.get(Order.userId)
        version = _NO_VERSION if user_id is None else await self._known.ask(user_id)
        order_id, moment = conditions().new_id(ENTITY), now()
        document = {
            "_id": order_id,
            **self._codec.to_database({Order.orderId: order_id, **order}),
            Order.createdAt: moment,
            Order.updatedAt: moment,
            **system({CONTACT_VERSION: version, **repeats.of_creation(demanded)}),
        }
        with size_checked:
            document = await self._single.insert(document, demanded)
        return self._etags.tagged(document, self._codec)

    async def get(self, order_id: str) -> Json:
        """One order.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._etags.tagged(await self._single.get(order_id), self._codec)

    async def page(self, status: str | None, limit: int, cursor: str | None) -> Page:
        """Up to `limit` orders, oldest first, of one status or of all, from a cursor on.

        Raises:
            InvalidCursorError: It was not given for such pages.
        """
        return await self._pages.page(limit, cursor, {Order.orderStatus: status})

    async def update_status(self, order_id: str, status: str) -> Json:
        """Give an order another status and answer it.

        `If-Match` demands that no client has changed the order: whether the sync has, is no matter
        here.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError, KeyReusedError: As `Conditional.update` says.
        """
        demanded = conditions_of_write()
        update = {
            "$set": self._codec.to_database({Order.orderStatus: status}),
            "$max": {Order.updatedAt: now()},
            "$inc": {REVISION: Int64(1)},
            **repeats.pushed(demanded),
        }
        return self._etags.tagged(
            await self._single.update(order_id, update, demanded, self._of_clients), self._codec
        )

    async def update_details(self, order_id: str, details: Mapping[str, Any]) -> Json:
        """Replace `userEmails`, `deliveryAddress` or both, and answer the order after that.

        One atomic update: where `contacts` is newer than the order, the order first takes both
        fields and the version from there, then what was sent. A change known before this so
        never undoes it.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError, KeyReusedError: As `Conditional.update` says.
        """
        demanded = conditions_of_write()
        known = await self._orders.find_one({"_id": order_id}, {Order.userId: 1})
        if known is None:
            raise NotFoundError(order_id)
        user_id = known.get(Order.userId)
        contact = None if user_id is None else await self._contacts.find_one({"_id": user_id})
        stages: list[Json] = [] if contact is None else [self._take_over(contact)]
        # What clients write may begin with `$`: in a pipeline only $literal keeps it a string.
        sent = {
            field: {"$literal": value} for field, value in self._codec.to_database(details).items()
        }
        later = {"$max": [f"${Order.updatedAt}", now()]}
        revision = {"$add": [{"$ifNull": [f"${REVISION}", Int64(0)]}, Int64(1)]}
        own = {REVISION: revision, **repeats.stage(demanded)}
        stages.append({"$set": {**sent, Order.updatedAt: later, **own}})
        with size_checked:
            return self._etags.tagged(
                await self._single.update(order_id, stages, demanded), self._codec
            )

    async def _known_versions(self, user_ids: Sequence[str]) -> list[Int64]:
        """What `contacts` has of each of these users."""
        wanted = {"_id": {"$in": list(set(user_ids))}}
        found = self._contacts.find(
            wanted, {UserContactsChanged.version: 1}, batch_size=len(user_ids) + 1
        )
        known = {
            contact["_id"]: contact[UserContactsChanged.version]
            for contact in await found.to_list()
        }
        return [known.get(user_id, _NO_VERSION) for user_id in user_ids]

    def _take_over(self, contact: Json) -> Json:
        """The stage that brings an order to what `contact` says, where that is newer."""
        version = contact[UserContactsChanged.version]
        newer = {"$gt": [version, f"${CONTACT_VERSION}"]}
        shared = self._contacts_codec.to_wire({field: contact[field] for field in CONTACT_FIELDS})
        taken = {CONTACT_FIELDS[field]: value for field, value in shared.items()}
        new = {
            field: {"$literal": value} for field, value in self._codec.to_database(taken).items()
        }
        new[CONTACT_VERSION] = version
        return {
            "$set": {name: {"$cond": [newer, value, f"${name}"]} for name, value in new.items()}
        }
