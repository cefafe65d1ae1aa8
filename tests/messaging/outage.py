"""`python -m tests.messaging.outage`: how fast a backlog drains when the broker is back.

While RabbitMQ is down, clients change users through HTTP; then it comes back, and relay and
consumer bring the orders into step. Figures, no assertions about time.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import click
from pymongo import AsyncMongoClient

from local.environments import SET_UPS
from local.parts import DATABASES, event_processes, http_processes
from local.ports import Ports, accepts
from local.stack import Stack
from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json, MongoSettings, connect
from storage.system_fields import CONTACT_VERSION
from tests.apis import orders_of, outbox_of, users_of
from tests.examples import ADDRESS
from tests.messaging.system import new_email

_CLIENTS = 32
_LOOK_EVERY_SECONDS = 0.03


@dataclass(frozen=True)
class Report:
    """All times in seconds; `first`, `published` and `in_step` since RabbitMQ was back."""

    changes: int
    users: int
    accepted: float
    first: float
    published: float
    in_step: float
    different: int

    def __str__(self) -> str:
        """The table."""
        drained = self.in_step - self.first
        rows = [
            f"{'':<52}{'seconds':>9}{'changes a second':>18}",
            self._row("accepted while RabbitMQ was down, in", self.accepted, rated=True),
            self._row("RabbitMQ is back; first event confirmed after", self.first),
            self._row("newest change of each user confirmed after", self.published),
            self._row("all orders in step after", self.in_step, rated=True),
            self._row("from the first event to the last order", drained, rated=True),
        ]
        times = f"Drained {self.accepted / drained:.1f} times as fast as accepted"
        right = f"{self.different} of {self.users:,} orders differ from their user."
        return "\n".join((*rows, f"{times}; {right}"))

    def _row(self, what: str, seconds: float, *, rated: bool = False) -> str:
        rate = f"{self.changes / seconds:,.0f}" if rated else ""
        return f"{what:<52}{seconds:>9.2f}{rate:>18}".rstrip()


@click.command()
@click.option("--changes", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--users", type=click.IntRange(1), default=5_000, show_default=True)
def main(changes: int, users: int) -> None:
    """Accept changes while the broker is down, then let the backlog drain."""
    if changes < users:
        raise click.UsageError("every user must change: give at least as many --changes as --users")
    click.echo(f"{changes:,} changes to {users:,} users with an order each.")
    with tempfile.TemporaryDirectory() as folder:
        parts = (*DATABASES, *SET_UPS, *http_processes(), *event_processes())
        stack = Stack(Path(folder), Ports.free(), 50, parts)
        click.echo("Starting the system ...", err=True)
        stack.start()
        try:
            report = asyncio.run(_measure(stack, changes, users))
        finally:
            stack.stop()
    click.echo(str(report))
    sys.exit(1 if report.different else 0)


async def _measure(stack: Stack, changes: int, users: int) -> Report:
    environment = stack.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        ids = await _populate(client, mongo, users)
        await asyncio.to_thread(stack.stop_part, "rabbitmq")
        accepted = await _change(stack.ports.url("user-service-v2"), ids, changes)
        first, published, in_step = await _drain(stack, client, mongo, ids)
        different = await _count_different(client, mongo, ids)
    return Report(changes, users, accepted, first, published, in_step, different)


async def _drain(
    stack: Stack, client: AsyncMongoClient[Json], mongo: MongoSettings, ids: Sequence[str]
) -> tuple[float, float, float]:
    """Start RabbitMQ and look on until all orders are in step; see `Report`."""
    outbox = outbox_of(client[mongo.users]["users"])
    orders = client[mongo.orders]["orders"]

    async def unpublished() -> int:
        return sum(each.changes for each in await outbox.backlog())

    async def behind() -> int:
        # Nothing is published of a user but the newest, which is above version 1.
        synced = {User.userId: {"$in": ids}, CONTACT_VERSION: {"$gt": 1}}
        return len(ids) - await orders.count_documents(synced)

    starting = asyncio.create_task(asyncio.to_thread(stack.start_part, "rabbitmq"))
    while not await asyncio.to_thread(accepts, stack.ports.rabbitmq):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    began = time.monotonic()
    first = await _until(unpublished, len(ids) - 1) - began
    published = await _until(unpublished, 0) - began
    in_step = await _until(behind, 0) - began
    await starting
    return first, published, in_step


async def _populate(client: AsyncMongoClient[Json], mongo: MongoSettings, count: int) -> list[str]:
    """Users with an order each; answers their ids."""
    users, orders = users_of(client[mongo.users]["users"], "v1"), orders_of(client[mongo.orders])

    async def make(_: int) -> str:
        emails = [new_email()]
        user = await users.create({User.emails: emails, User.deliveryAddress: ADDRESS})
        await orders.create(
            {
                Order.userId: user[User.userId],
                Order.items: [{Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}],
                Order.userEmails: emails,
                Order.deliveryAddress: ADDRESS,
                Order.orderStatus: "under process",
            }
        )
        return str(user[User.userId])

    ids: list[str] = []
    numbers = iter(range(count))
    with click.progressbar(length=count, label="Users and orders", file=sys.stderr) as bar:
        while some := list(islice(numbers, _CLIENTS)):
            ids += await asyncio.gather(*map(make, some))
            bar.update(len(some))
    return ids


async def _change(url: str, ids: Sequence[str], count: int) -> float:
    """PUT new addresses for all users in turn, over some connections at once; how long it took."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    began = time.monotonic()
    with click.progressbar(range(count), label="Changes", file=sys.stderr) as bar:
        turns: Iterator[str] = (ids[number % len(ids)] for number in bar)

        async def put_in_turn() -> None:
            reader, writer = await asyncio.open_connection(host, port)
            for user_id in turns:
                writer.write(_put(user_id))
                await _read_answer(reader, user_id)
            writer.close()

        await asyncio.gather(*(put_in_turn() for _ in range(_CLIENTS)))
    return time.monotonic() - began


def _put(user_id: str) -> bytes:
    """A request of HTTP/1.1, written by hand: a client library would be the slowest part."""
    body = json.dumps({User.emails: [new_email()]}).encode()
    head = (
        f"PUT /users/{user_id} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read_answer(reader: asyncio.StreamReader, user_id: str) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    if " 200 " not in head.splitlines()[0]:
        raise click.ClickException(f"PUT /users/{user_id}: {head}")
    (length,) = (
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length:")
    )
    await reader.readexactly(length)


async def _until(count: Callable[[], Awaitable[int]], most: int) -> float:
    """Wait until it is no more than that; answers when."""
    while await count() > most:  # noqa: ASYNC110 - databases tell nobody
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return time.monotonic()


async def _count_different(
    client: AsyncMongoClient[Json], mongo: MongoSettings, ids: Sequence[str]
) -> int:
    """How many orders have other addresses than their user."""
    users = client[mongo.users]["users"].find({"_id": {"$in": ids}}, [User.emails])
    emails = {user["_id"]: user[User.emails] async for user in users}
    orders = client[mongo.orders]["orders"].find({User.userId: {"$in": ids}})
    return sum([order[Order.userEmails] != emails[order[Order.userId]] async for order in orders])


if __name__ == "__main__":
    main()
