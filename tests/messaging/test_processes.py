"""Relay and consumer as they are deployed: their logins, their life, their health."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from local.stack import Stack
from messaging.topology import DEAD_LETTER_EXCHANGE, EXCHANGE, Topology
from storage.client import MongoSettings, connect
from storage.orders import Orders
from storage.users import Users
from tests.messaging.processes import Running, started
from tests.messaging.system import ADDRESS, new_email
from tests.messaging.waiting import until

pytestmark = pytest.mark.anyio

NAMES = ("user-relay", "order-consumer")
TOPOLOGY = Topology("user_updates")


@pytest.fixture(params=NAMES)
def running(request: pytest.FixtureRequest, databases: Stack) -> Iterator[Running]:
    """One of the two processes."""
    with started(request.param, databases.environment(request.param)) as running:
        yield running


@pytest.fixture
async def pair(databases: Stack) -> AsyncIterator[tuple[Running, Running]]:
    """Both, ready."""
    with (
        started("user-relay", databases.environment("user-relay")) as relay,
        started("order-consumer", databases.environment("order-consumer")) as consumer,
    ):
        for each in (relay, consumer):
            await each.answers("/health/ready", 200)
        yield relay, consumer


async def test_a_change_is_carried_with_the_logins_of_the_processes(
    databases: Stack, pair: tuple[Running, Running]
) -> None:
    """From the seed's user u1 to their orders; both processes count it, with its build."""
    environment = databases.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        users, orders = Users(client[mongo.users]["users"], "v2"), Orders(client[mongo.orders])
        order = await orders.create(
            {
                "userId": "u1",
                "items": [{"itemId": "book", "quantity": 1, "price": 9.5}],
                "userEmails": ["client@example.com"],
                "deliveryAddress": ADDRESS,
                "orderStatus": "under process",
            }
        )
        emails = [new_email()]
        await users.update_contacts("u1", {"emails": emails}, {})

        async def in_step() -> bool:
            return bool((await orders.get(order["orderId"]))["userEmails"] == emails)

        await until(in_step, "the order is in step")
    relay, consumer = pair
    assert 'aware_events_published_total{build="v2"} 1.0' in relay.get("/metrics").text
    assert "aware_unpublished_users 0.0" in relay.get("/metrics").text
    assert 'aware_events_applied_total{build="v2"} 1.0' in consumer.get("/metrics").text
    assert 'aware_sync_lag_seconds_count{build="v2"} 1.0' in consumer.get("/metrics").text
    assert 'aware_queue_messages{queue="user_updates.dead"} 0.0' in consumer.get("/metrics").text


async def test_a_stop_is_clean(running: Running) -> None:
    """SIGTERM ends a ready process with status 0."""
    await running.answers("/health/ready", 200)
    assert running.stop() == 0


async def test_a_stop_is_clean_while_everything_is_away(databases: Stack) -> None:
    """Also with no broker there."""
    environment = databases.environment("order-consumer") | {"RABBITMQ_PORT": "1"}
    with started("order-consumer", environment) as consumer:
        await consumer.answers("/health/live", 200)
        assert consumer.stop() == 0


async def test_readiness_follows_broker_and_database(databases: Stack, running: Running) -> None:
    """Live all the time; ready only while both are there; the order of starts does not matter."""
    for part, name in (("rabbitmq", "broker"), ("mongodb", "database")):
        await running.answers("/health/ready", 200)
        await asyncio.to_thread(databases.stop_part, part)
        await running.answers("/health/ready", 503)
        assert running.get("/health/live").status_code == 200
        assert running.get("/health/ready").json()[name] is False
        await asyncio.to_thread(databases.start_part, part)
    await running.answers("/health/ready", 200)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_variable_is_named(databases: Stack, name: str) -> None:
    """One line on stderr, exit status 1."""
    environment = databases.environment(name)
    del environment["RABBITMQ_HOST"]
    ended = subprocess.run(
        [sys.executable, "-m", "aware", name], env=environment, capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines() == ["aware: RABBITMQ_HOST is not set"]


def test_the_relay_cannot_read_what_it_writes(databases: Stack) -> None:
    """Its login may neither receive events nor write to the dead letters."""
    with _channel(databases, "user-relay") as channel, pytest.raises(ChannelClosedByBroker):
        channel.basic_get(TOPOLOGY.updates.name)
    with _channel(databases, "user-relay") as channel:
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker):
            channel.basic_publish(DEAD_LETTER_EXCHANGE, TOPOLOGY.dead.name, b"")


@pytest.mark.parametrize("name", NAMES)
def test_a_login_may_touch_no_other_names(databases: Stack, name: str) -> None:
    """Queues and exchanges of others, names that contain ours included, are out of reach."""
    for other in ("other", f"{TOPOLOGY.updates.name}2", f"x{EXCHANGE}"):
        with _channel(databases, name) as channel, pytest.raises(ChannelClosedByBroker):
            channel.queue_declare(other)
        with _channel(databases, name) as channel, pytest.raises(ChannelClosedByBroker):
            channel.exchange_declare(other)


@contextmanager
def _channel(
    databases: Stack, login: str
) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    environment = databases.environment(login)
    parameters = pika.ConnectionParameters(
        environment["RABBITMQ_HOST"],
        int(environment["RABBITMQ_PORT"]),
        credentials=pika.PlainCredentials(login, environment["RABBITMQ_PASSWORD"]),
    )
    with pika.BlockingConnection(parameters) as connection:
        yield connection.channel()
