"""The sync on real parts: databases and queues of a test's own, relays and consumers as wished."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pika
from pymongo import AsyncMongoClient

from health.problems import Problems
from local.stack import Stack
from messaging.amqp import AmqpBroker
from messaging.broker import Message
from messaging.clock import SystemClock
from messaging.consumer import Consumer
from messaging.metrics import ConsumerMetrics, RelayMetrics
from messaging.nodes import Nodes, connection_parameters
from messaging.queue_parts import Parts
from messaging.relay import Relay
from messaging.session import ConsumeOptions
from messaging.settings import RabbitSettings
from messaging.sync import ContactsSync
from messaging.topology import Declarations, Queue, Topology, for_publishing
from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json, MongoSettings, connect, connect_blocking
from storage.contacts import Contacts, ContactsStore, MongoContactsStore
from storage.divisions import MongoDivisionStore
from storage.mongo_outbox import MongoOutbox
from storage.orders import CONTACTS, Orders
from storage.queue_part_counts import MongoPartsStore
from storage.system_fields import OUTBOX
from storage.users import Users
from tests.apis import (
    both_collections,
    change_of,
    contact_events,
    contacts_of,
    orders_of,
    outbox_of,
    users_of,
)
from tests.examples import ADDRESS
from tests.messaging.rabbitmq import RabbitServer
from tests.waiting import until_async

RETRY_PAUSES = (timedelta(milliseconds=50), timedelta(milliseconds=100))
MOVED = ADDRESS | {"street": "1 Infinite Loop"}


@dataclass(frozen=True)
class System:
    """A user database, an order database and queues that nobody else uses."""

    rabbitmq: RabbitServer
    client: AsyncMongoClient[Json]
    mongo: MongoSettings
    parameters: Nodes
    topology: Topology

    @property
    def stack(self) -> Stack:
        """Where the databases are."""
        return self.rabbitmq.stack

    @property
    def users(self) -> Users:
        """As the user service has them."""
        return users_of(self.client[self.mongo.users]["users"], "v1")

    @property
    def orders(self) -> Orders:
        """As the order service has them."""
        return orders_of(self.client[self.mongo.orders])

    @property
    def outbox(self) -> MongoOutbox:
        """As the relay has it."""
        return outbox_of(self.client[self.mongo.users]["users"])

    @property
    def store(self) -> MongoContactsStore:
        """As the consumer has it."""
        return contacts_of(self.client[self.mongo.orders])

    @asynccontextmanager
    async def broker(
        self,
        *,
        receives: bool = False,
        parameters: Nodes | None = None,
        confirm_timeout: float = 10,
    ) -> AsyncIterator[AmqpBroker]:
        """A connection that has declared everything."""
        async with AmqpBroker(
            parameters or self.parameters,
            self.topology.for_consuming(),
            ConsumeOptions((self.topology.updates.name,), 512) if receives else None,
            confirm_timeout=confirm_timeout,
        ) as broker:
            await broker.connected()
            yield broker

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[RelayMetrics]:
        """A running relay."""
        metrics = RelayMetrics()
        always, if_returned = for_publishing([self.topology.updates])
        async with AmqpBroker(self.parameters, always, if_returned=if_returned) as broker:
            relay = Relay(
                self.outbox,
                MongoDivisionStore(self.client[self.mongo.users], "user-relay"),
                broker,
                {CONTACTS: [self.topology.entry]},
                events=contact_events(),
                clock=SystemClock(),
                metrics=metrics,
            )
            async with running(relay.run()):
                yield metrics

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator[ConsumerMetrics]:
        """A running consumer."""
        async with self.broker(receives=True) as broker, self.consuming(broker) as metrics:
            yield metrics

    @asynccontextmanager
    async def subscriber(self, wanted: int) -> AsyncIterator[Parts]:
        """A running consumer of a queue of so many parts."""
        clock, queue = SystemClock(), self.topology.updates.name
        async with AmqpBroker(self.parameters, Declarations()) as broker:
            parts = Parts(
                MongoPartsStore(self.client[self.mongo.orders], queue),
                broker,
                partial(Topology, queue, RETRY_PAUSES, wanted),
                wanted,
                prefetch=512,
                clock=clock,
                problems=Problems("database"),
            )
            async with running(parts.run()), self.consuming(broker):
                yield parts

    @asynccontextmanager
    async def consuming(
        self, broker: AmqpBroker, store: ContactsStore | None = None
    ) -> AsyncIterator[ConsumerMetrics]:
        """A running consumer on this connection, with a store of another kind if need be."""
        metrics = ConsumerMetrics()
        clock = SystemClock()
        consumer = Consumer(
            ContactsSync(store or self.store, clock, metrics.updated),
            broker,
            self.topology,
            events=contact_events(),
            clock=clock,
            metrics=metrics,
        )
        async with running(consumer.run()):
            yield metrics

    async def new_user(self) -> str:
        """Create a user with one address; answers the userId."""
        user = await self.users.create({User.emails: [new_email()], User.deliveryAddress: ADDRESS})
        return str(user[User.userId])

    async def new_order(self, user_id: str) -> str:
        """Create an order with the data of nobody in particular; answers the orderId."""
        order = await self.orders.create(
            {
                Order.userId: user_id,
                Order.items: [{Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}],
                Order.userEmails: ["client@example.com"],
                Order.deliveryAddress: ADDRESS,
                Order.orderStatus: "under process",
            }
        )
        return str(order[Order.orderId])

    async def change(self, user_id: str) -> list[str]:
        """Give a user another address, as a PUT does; answers the addresses it then has."""
        emails = [new_email()]
        await self.users.update_contacts(user_id, {User.emails: emails}, {})
        return emails

    async def in_step(self, order_id: str, emails: list[str]) -> None:
        """Wait until the order has these addresses."""

        async def has_them() -> bool:
            return bool((await self.orders.get(order_id))[Order.userEmails] == emails)

        await until_async(has_them, f"order {order_id} has {emails}")

    async def published(self) -> None:
        """Wait until nothing is left to be published."""

        async def nothing_left() -> bool:
            return not await self.outbox.backlog()

        await until_async(nothing_left, "everything is published")

    async def published_of(self, user_id: str) -> None:
        """Wait until nothing of a user is left to be published."""

        async def nothing_left() -> bool:
            users = self.client[self.mongo.users]["users"]
            return await users.find_one({"_id": user_id, OUTBOX: {"$exists": True}}) is None

        await until_async(nothing_left, f"what {user_id} has changed is published")

    async def stored_order(self, order_id: str) -> Json:
        """The order's document, internal fields included."""
        order = await self.client[self.mongo.orders]["orders"].find_one({"_id": order_id})
        assert order is not None
        return order

    async def dead_letters(self, broker: AmqpBroker, count: int) -> None:
        """Wait until there are so many dead letters."""

        async def as_many() -> bool:
            return await broker.waiting_in(self.topology.dead) == count

        await until_async(as_many, f"{count} dead letters")

    async def take(self, queue: Queue) -> list[Message]:
        """Wait for what is in a queue and take it out."""
        subscribed = ConsumeOptions((queue.name,), 512)
        declared = self.topology.for_consuming()
        async with AmqpBroker(self.parameters, declared, subscribed) as broker:
            deliveries = await broker.receive(512)
            await broker.acknowledge(deliveries)
            return [each.message for each in deliveries]

    def unbind(self, queue: Queue) -> None:
        """Remove a queue's binding."""
        with pika.BlockingConnection(self.parameters) as connection:
            connection.channel().queue_unbind(queue.name, queue.exchange, queue.name)

    def delete(self, queue: Queue) -> None:
        """Delete a queue with all that is in it."""
        with pika.BlockingConnection(self.parameters) as connection:
            connection.channel().queue_delete(queue.name)


def new_email() -> str:
    """An address that nobody has."""
    return f"{uuid4().hex}@example.com"


def event(user_id: str, version: int, **changes: Any) -> Message:  # noqa: ANN401 - JSON is anything
    """The message of a change; `changes` replace fields of its contact data."""
    contacts = Contacts(user_id, version, (f"v{version}@example.com",), MOVED)
    now = SystemClock().now()
    return contact_events().message(change_of(replace(contacts, **changes), now))


@asynccontextmanager
async def new_system(rabbitmq: RabbitServer) -> AsyncIterator[System]:
    """Databases, dropped afterwards, and names of queues, on running servers."""
    environment = rabbitmq.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"],
        environment["MONGO_USERNAME"],
        environment["MONGO_PASSWORD"],
        f"test_{uuid4().hex[:12]}",
    )
    create_collections(mongo)
    topology = Topology(f"test_{uuid4().hex[:12]}", RETRY_PAUSES)
    parameters = connection_parameters(administrator(environment), "tests")
    async with connect(mongo) as client:
        yield System(rabbitmq, client, mongo, parameters, topology)
        for database in (mongo.users, mongo.orders):
            await client.drop_database(database)
    delete_queues(parameters, topology)


def administrator(environment: Mapping[str, str]) -> RabbitSettings:
    """The broker's administrator, from the variables of the set-up."""
    return RabbitSettings(
        environment["RABBITMQ_HOST"],
        int(environment["RABBITMQ_PORT"]),
        environment["RABBITMQ_USER"],
        environment["RABBITMQ_PASSWORD"],
        "unused",
    )


def create_collections(mongo: MongoSettings, *, anew: bool = False) -> None:
    """Collections with validators and indexes, as the set-up makes them."""
    with connect_blocking(mongo) as client:
        for name in (mongo.users, mongo.orders) if anew else ():
            client.drop_database(name)
        for each in both_collections(mongo.users, mongo.orders):
            database = client[each.database]
            database.create_collection(each.name, validator={"$jsonSchema": each.schema})
            if each.indexes:
                database[each.name].create_indexes(list(each.indexes))


def delete_queues(parameters: Nodes, topology: Topology) -> None:
    """Remove a test's queues; the exchanges are everybody's."""
    with pika.BlockingConnection(parameters) as connection:
        for queue in topology.queues:
            connection.channel().queue_delete(queue.name)


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:  # noqa: ANN401 - any coroutine
    """Have it done in the background, and stopped at the end; its errors are passed on."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        done, _ = await asyncio.wait([task])
        for each in done:
            if not each.cancelled():
                await each
