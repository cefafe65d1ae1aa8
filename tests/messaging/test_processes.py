"""Relay and consumer as they are deployed: their logins, their life, their health."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import pika
import pytest
from bson import Int64
from pika.exceptions import ChannelClosedByBroker

from local.stack import Stack
from messaging.clock import SystemClock
from messaging.topology import DEAD_LETTER_EXCHANGE, EXCHANGE, Topology
from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json, MongoSettings, connect
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, OUTBOX, system
from tests.apis import orders_of, users_of
from tests.examples import ADDRESS
from tests.messaging.conftest import MACHINE
from tests.messaging.processes import Running, started
from tests.messaging.rabbitmq import RabbitServer
from tests.messaging.system import System, event, new_email
from tests.waiting import until_async

pytestmark = pytest.mark.anyio

NAMES = ("user-relay", "order-consumer")
TOPOLOGY = Topology("user_updates")


@pytest.fixture(params=NAMES)
def running(request: pytest.FixtureRequest, rabbitmq: RabbitServer) -> Iterator[Running]:
    """One of the two processes."""
    with started(request.param, rabbitmq.environment(request.param)) as running:
        yield running


@pytest.fixture
def pair(rabbitmq: RabbitServer) -> Iterator[tuple[Running, Running]]:
    """Both."""
    with (
        started("user-relay", rabbitmq.environment("user-relay")) as relay,
        started("order-consumer", rabbitmq.environment("order-consumer")) as consumer,
    ):
        yield relay, consumer


async def answer(processes: Iterable[Running], path: str, status: int) -> None:
    """Wait until all of them do."""
    for each in processes:
        await each.answers(path, status)


async def test_a_change_is_carried_with_the_logins_of_the_processes(
    rabbitmq: RabbitServer, pair: tuple[Running, Running]
) -> None:
    """From the seed's user u1 to their orders; both processes count it, with its build."""
    await answer(pair, "/health/ready", 200)
    environment = rabbitmq.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        users, orders = (
            users_of(client[mongo.users]["users"], "v2"),
            orders_of(client[mongo.orders]),
        )
        order = await orders.create(
            {
                Order.userId: "u1",
                Order.items: [{Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}],
                Order.userEmails: ["client@example.com"],
                Order.deliveryAddress: ADDRESS,
                Order.orderStatus: "under process",
            }
        )
        emails = [new_email()]
        await users.update_contacts("u1", {User.emails: emails}, {})

        async def in_step() -> bool:
            return bool((await orders.get(order[Order.orderId]))[Order.userEmails] == emails)

        await until_async(in_step, "the order is in step")
    relay, consumer = pair
    assert 'aware_events_published_total{version="v2"} 1.0' in relay.get("/metrics").text
    assert 'aware_events_applied_total{version="v2"} 1.0' in consumer.get("/metrics").text
    assert 'aware_sync_lag_seconds_count{version="v2"} 1.0' in consumer.get("/metrics").text
    assert (
        'aware_queue_messages_ready{queue="user_updates.dead"} 0.0' in consumer.get("/metrics").text
    )


async def test_a_stop_is_clean(running: Running) -> None:
    """SIGTERM ends a ready process with status 0, even while a client of its dawdles."""
    await running.answers("/health/ready", 200)
    with socket.create_connection(running.address) as dawdling:
        dawdling.send(b"GET /health/")
        assert running.stop() == 0


async def test_a_stop_is_clean_while_everything_is_away(databases: Stack) -> None:
    """Also with no broker there."""
    environment = databases.environment("order-consumer") | {"RABBITMQ_PORT": "1"}
    with started("order-consumer", environment) as consumer:
        await consumer.answers("/health/live", 200)
        assert consumer.stop() == 0


async def test_a_relay_that_stops_has_marked_what_it_published_and_nothing_else(
    system: System,
) -> None:
    """In the middle of a backlog: each user is either to be published or in the queue."""
    count = 2000
    users = system.client[system.mongo.users]["users"]
    await users.insert_many([_changed_user(str(number)) for number in range(count)])
    async with system.broker():
        pass  # the queue is there

    async def begun() -> bool:
        return await left() < count

    async def left() -> int:
        return await users.count_documents({OUTBOX: {"$exists": True}})

    with started("user-relay", _environment(system, "user-relay")) as relay:
        await until_async(begun, "something is published")
        assert relay.stop() == 0
    async with system.broker() as broker:
        assert await broker.waiting_in(system.topology.updates) == count - await left()


async def test_a_consumer_that_stops_has_acknowledged_what_it_applied_and_nothing_else(
    system: System,
) -> None:
    """In the middle of many events: each is either applied or in the queue."""
    count = 3000
    async with system.broker() as broker:
        events = [event(str(number), 2) for number in range(count)]
        for some in (events[at : at + 500] for at in range(0, count, 500)):
            to = system.topology.updates.address
            await asyncio.gather(*(broker.publish(each, to) for each in some))
    contacts = system.client[system.mongo.orders]["contacts"]

    async def begun() -> bool:
        return await contacts.count_documents({}) > 0

    with started("order-consumer", _environment(system, "order-consumer")) as consumer:
        await until_async(begun, "something is applied")
        assert consumer.stop() == 0
    async with system.broker() as broker:
        left = await broker.waiting_in(system.topology.updates)
    assert await contacts.count_documents({}) == count - left


@pytest.mark.slow
@pytest.mark.parametrize("rabbitmq", [MACHINE], indirect=True)
async def test_the_order_of_starts_does_not_matter(
    rabbitmq: RabbitServer, pair: tuple[Running, Running]
) -> None:
    """Live without anything they need; ready whenever both are there, and only then."""
    databases = rabbitmq.stack
    await asyncio.to_thread(rabbitmq.stop)
    await asyncio.to_thread(databases.stop_part, "mongodb")
    await answer(pair, "/health/live", 200)
    await answer(pair, "/health/ready", 503)
    await asyncio.to_thread(databases.start_part, "mongodb")
    for each in pair:
        await until_async(_sees(each, broker=False, database=True), "the database alone is there")
    await asyncio.to_thread(rabbitmq.start)
    await answer(pair, "/health/ready", 200)
    await asyncio.to_thread(databases.stop_part, "mongodb")
    for each in pair:
        await until_async(_sees(each, broker=True, database=False), "the broker alone is there")
        assert each.get("/health/ready").status_code == 503
        assert each.get("/health/live").status_code == 200
    await asyncio.to_thread(databases.start_part, "mongodb")
    await answer(pair, "/health/ready", 200)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_variable_is_named(databases: Stack, name: str) -> None:
    """One line on stderr, exit status 1."""
    environment = databases.environment(name)
    del environment["RABBITMQ_HOST"]
    ended = subprocess.run(
        [sys.executable, "-m", "aware", "run", name],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines() == ["aware: RABBITMQ_HOST is not set"]


def test_the_relay_cannot_read_what_it_writes(rabbitmq: RabbitServer) -> None:
    """Its login may neither receive events nor write to the dead letters."""
    with _channel(rabbitmq, "user-relay") as channel, pytest.raises(ChannelClosedByBroker):
        channel.basic_get(TOPOLOGY.updates.name)
    with _channel(rabbitmq, "user-relay") as channel:
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker):
            channel.basic_publish(DEAD_LETTER_EXCHANGE, TOPOLOGY.dead.name, b"")


@pytest.mark.parametrize("name", NAMES)
def test_a_login_may_touch_no_other_names(rabbitmq: RabbitServer, name: str) -> None:
    """Queues and exchanges of others, names that contain ours included, are out of reach."""
    for other in ("other", f"{TOPOLOGY.updates.name}2", f"x{EXCHANGE}"):
        with _channel(rabbitmq, name) as channel, pytest.raises(ChannelClosedByBroker):
            channel.queue_declare(other)
        with _channel(rabbitmq, name) as channel, pytest.raises(ChannelClosedByBroker):
            channel.exchange_declare(other)


@contextmanager
def _channel(
    rabbitmq: RabbitServer, login: str
) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    environment = rabbitmq.environment(login)
    parameters = pika.ConnectionParameters(
        environment["RABBITMQ_HOST"],
        int(environment["RABBITMQ_PORT"]),
        credentials=pika.PlainCredentials(login, environment["RABBITMQ_PASSWORD"]),
    )
    with pika.BlockingConnection(parameters) as connection:
        yield connection.channel()


def _sees(process: Running, **states: bool) -> Callable[[], Awaitable[bool]]:
    """Whether readiness says so."""

    async def it_does() -> bool:
        said = process.get("/health/ready").json()
        return all(said[name] is state for name, state in states.items())

    return it_does


def _changed_user(user_id: str) -> Json:
    """A user whose newest change is to be published."""
    now = SystemClock().now()
    return {
        "_id": user_id,
        User.userId: user_id,
        User.emails: [f"{user_id}@example.com"],
        User.deliveryAddress: ADDRESS,
        **system(
            {
                EMAIL_KEYS: [f"{user_id}@example.com"],
                CONTACT_VERSION: Int64(2),
                OUTBOX: {"since": now, "changedAt": now, "build": "v1"},
            }
        ),
    }


def _environment(system: System, part: str) -> dict[str, str]:
    """The variables of a process on the test's own databases and queues."""
    everywhere = system.rabbitmq.environment("mongodb-setup")
    logins = ("MONGO_USERNAME", "MONGO_PASSWORD", "RABBITMQ_USER", "RABBITMQ_PASSWORD")
    return {
        **system.rabbitmq.environment(part),
        **{name: everywhere[name] for name in logins},
        "DATABASE_NAME": system.mongo.prefix,
        "RABBITMQ_QUEUE_NAME": system.topology.updates.name,
    }
