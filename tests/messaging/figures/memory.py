"""`memory`: what a consumer holds while its queue is full of the largest events."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import psutil
from bson import Int64
from pymongo.asynchronous.mongo_client import AsyncMongoClient

from local.environments import SET_UPS
from local.parts import DATABASES
from local.ports import Ports
from local.stack import Stack
from messaging.amqp import AmqpBroker
from messaging.nodes import connection_parameters
from messaging.topology import QUEUE_NAME, Topology, for_publishing
from models.fields.order import Order
from models.fields.user import DeliveryAddress
from storage.client import Json, MongoSettings, connect
from storage.system_fields import CONTACT_VERSION
from tests.messaging.figures.population import Population
from tests.messaging.figures.processes import running
from tests.messaging.system import administrator, event

_LOOK_EVERY_SECONDS = 0.02
_AT_ONCE = 200

_EMAILS = tuple(
    f"{number:02}{'a' * 62}@{'.'.join(3 * ['b' * 61])}.{'c' * 3}" for number in range(20)
)
_ADDRESS = dict.fromkeys(
    (
        DeliveryAddress.street,
        DeliveryAddress.city,
        DeliveryAddress.state,
        DeliveryAddress.postalCode,
        DeliveryAddress.country,
    ),
    200 * "\U0001f3e0",
)


@click.command("memory")
@click.option("--events", default=20_000, show_default=True, help="Of as many users.")
@click.option("--swept", default=500, show_default=True, help="Users of them with many orders.")
@click.option("--orders", default=600, show_default=True, help="That each of those has.")
def memory(events: int, swept: int, orders: int) -> None:
    """Fill a consumer's queue with the largest events that fit the spec, and see what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), Ports.free(), 50, (*DATABASES, *SET_UPS))
        stack.start()
        try:
            asyncio.run(_measure(stack, events, swept, orders))
        finally:
            stack.stop()


async def _measure(stack: Stack, events: int, swept: int, orders: int) -> None:
    environment = stack.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        population = Population(client, mongo)
        with click.progressbar(range(swept), label="Users with many orders") as bar:
            users = [await population.add(orders) for _ in bar]
        users += [f"user-{number}" for number in range(events - swept)]
        size = await _publish(stack, users)
        click.echo(f"{events:,} events of {size:,} bytes each, {swept:,} of users with {orders:,}")
        with running(stack, "order-consumer", 1) as (consumer,):
            await _watch(client, mongo, consumer, len(users), users[:swept])


async def _publish(stack: Stack, users: Sequence[str]) -> int:
    """An event of each; how large the last was, in bytes."""
    topology = Topology(QUEUE_NAME)
    settings = administrator(stack.environment("mongodb-setup"))
    parameters, size = connection_parameters(settings, "figures"), 0
    always, if_returned = for_publishing([topology.updates])
    async with AmqpBroker(parameters, if_returned, if_returned=always) as broker:
        await broker.connected()
        with click.progressbar(length=len(users), label="Events") as bar:
            for at in range(0, len(users), _AT_ONCE):
                messages = [
                    event(user, 2, user_emails=_EMAILS, delivery_address=_ADDRESS)
                    for user in users[at : at + _AT_ONCE]
                ]
                await asyncio.gather(*(broker.publish(each, topology.entry) for each in messages))
                size = len(messages[-1].body)
                bar.update(len(messages))
    return size


async def _watch(
    client: AsyncMongoClient[Json],
    mongo: MongoSettings,
    consumer: psutil.Process,
    users: int,
    swept: Sequence[str],
) -> None:
    contacts, orders = client[mongo.orders]["contacts"], client[mongo.orders]["orders"]
    began, least, most = time.monotonic(), consumer.memory_info().rss, 0
    behind, wanted = 1, {Order.userId: {"$in": swept}, CONTACT_VERSION: {"$lt": Int64(2)}}
    while behind or await contacts.estimated_document_count() < users:
        for _ in range(50):
            most = max(most, consumer.memory_info().rss)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        behind = await orders.count_documents(wanted)
    click.echo(f"applied within {time.monotonic() - began:.0f} s")
    click.echo(f"consumer: {least / 1e6:.0f} MB when it was ready, {most / 1e6:.0f} MB at most")
