"""Users, and as many orders of theirs as are asked for."""

import sys
from collections.abc import Mapping, Sequence
from uuid import uuid4

import click
import pymongo
from bson import Int64
from pymongo import UpdateMany
from pymongo.asynchronous.mongo_client import AsyncMongoClient

from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json, MongoSettings
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, SYSTEM, name_of
from tests.apis import orders_of, outbox_of, users_of
from tests.examples import ADDRESS
from tests.messaging.system import new_email

_AT_ONCE = 10_000
_PATIENCE_SECONDS = 900


class Population:
    """The users and orders of a system that runs."""

    def __init__(self, client: AsyncMongoClient[Json], mongo: MongoSettings) -> None:
        self._users = client[mongo.users]["users"]
        self.users = users_of(self._users, "v1")
        self._outbox = outbox_of(self._users)
        self.orders = client[mongo.orders]["orders"]
        self._orders = orders_of(client[mongo.orders])

    async def add(self, orders: int) -> str:
        """A new user with so many orders; answers the userId."""
        emails = [new_email()]
        user = await self.users.create({User.emails: emails, User.deliveryAddress: ADDRESS})
        user_id = str(user[User.userId])
        if orders:
            await self._add_orders({Order.userId: user_id, Order.userEmails: emails}, orders)
        return user_id

    async def add_crowd(self, users: int) -> None:
        """So many users with one order each, as copies of one."""
        user_id = await self.add(1)
        user = await self._users.find_one({"_id": user_id})
        order = await self.orders.find_one({Order.userId: user_id})
        assert user is not None
        assert order is not None
        with click.progressbar(length=users - 1, label="Users", file=sys.stderr) as bar:
            while bar.pos < users - 1:
                some = [str(uuid4()) for _ in range(min(_AT_ONCE, users - 1 - bar.pos))]
                own = user[SYSTEM]
                await self._users.insert_many(
                    [
                        user | {"_id": each, SYSTEM: own | {name_of(EMAIL_KEYS): [each]}}
                        for each in some
                    ],
                    ordered=False,
                )
                await self.orders.insert_many(
                    [order | {"_id": str(uuid4()), Order.userId: each} for each in some],
                    ordered=False,
                )
                bar.update(len(some))

    async def change_crowd(self) -> None:
        """Have something to be published of every user."""
        async for keys in self._outbox.keys(_AT_ONCE):
            await self._outbox.bump_versions(dict.fromkeys(keys, 0), 1)

    async def behind(self) -> int:
        """How many orders no change has reached."""
        return await self.orders.count_documents({CONTACT_VERSION: {"$lt": Int64(1)}})

    async def change(self, user_id: str) -> list[str]:
        """Give a user another address, as a PUT does; answers the addresses it then has."""
        emails = [new_email()]
        await self.users.update_contacts(user_id, {User.emails: emails}, {})
        return emails

    async def have(self, user_id: str, emails: Sequence[str]) -> bool:
        """Whether the one order of a user has these addresses."""
        order = await self.orders.find_one({Order.userId: user_id}, [Order.userEmails])
        return order is not None and order[Order.userEmails] == emails

    async def update_straight(self, user_id: str) -> None:
        """What the sync writes to the orders of a user, by one statement of MongoDB's."""
        fields = {Order.userEmails: [new_email()], Order.deliveryAddress: ADDRESS}
        update = UpdateMany(
            {Order.userId: user_id, CONTACT_VERSION: {"$lt": Int64(1)}},
            {
                "$set": {**fields, CONTACT_VERSION: Int64(1)},
                "$currentDate": {Order.updatedAt: True},
            },
        )
        with pymongo.timeout(_PATIENCE_SECONDS):
            await self.orders.bulk_write([update])

    async def remove_orders(self, user_id: str) -> None:
        """Of a user, all."""
        with pymongo.timeout(_PATIENCE_SECONDS):
            await self.orders.delete_many({Order.userId: user_id})

    async def _add_orders(self, contacts: Mapping[str, object], count: int) -> None:
        first = await self._orders.create(
            {
                Order.items: [{Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}],
                Order.deliveryAddress: ADDRESS,
                Order.orderStatus: "under process",
                **contacts,
            }
        )
        stored = await self.orders.find_one({"_id": first[Order.orderId]})
        assert stored is not None
        with click.progressbar(length=count - 1, label="Orders", file=sys.stderr) as bar:
            while bar.pos < count - 1:
                some = min(_AT_ONCE, count - 1 - bar.pos)
                copies = [stored | {"_id": str(uuid4())} for _ in range(some)]
                await self.orders.insert_many(copies, ordered=False)
                bar.update(some)
