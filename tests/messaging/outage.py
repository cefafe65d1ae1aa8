"""`python -m tests.messaging.outage`: how fast a backlog drains when the broker is back.

While RabbitMQ is down, clients change users through HTTP; then it comes back, and relay and
consumer bring the orders into step. Figures, no assertions.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import click
from pymongo import AsyncMongoClient

from local.parts import DATABASES, SERVICES, SET_UPS, SYNC
from local.ports import Ports
from local.stack import Stack
from storage.client import Json, MongoSettings, connect
from storage.orders import Orders
from storage.outbox import MongoOutbox
from storage.users import Users
from tests.messaging.system import ADDRESS, new_email

_CLIENTS = 32


@click.command()
@click.option("--changes", default=10_000, show_default=True)
@click.option("--users", default=5_000, show_default=True)
def main(changes: int, users: int) -> None:
    """Accept changes while the broker is down, then let the backlog drain."""
    with tempfile.TemporaryDirectory() as folder:
        parts = (*DATABASES, *SET_UPS, *SERVICES, *SYNC)
        stack = Stack(Path(folder), Ports.free(), 50, parts)
        stack.start()
        try:
            asyncio.run(_measure(stack, changes, users))
        finally:
            stack.stop()


async def _measure(stack: Stack, changes: int, users: int) -> None:
    environment = stack.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        ids = await _populate(client, mongo, users)
        await asyncio.to_thread(stack.stop_part, "rabbitmq")
        began = time.monotonic()
        await _change(stack.ports.url("user_service_v2"), ids, changes)
        accepted = time.monotonic() - began
        await asyncio.to_thread(stack.start_part, "rabbitmq")
        outbox = MongoOutbox(client[mongo.users]["users"])

        async def unpublished() -> int:
            return sum(each.users for each in await outbox.backlog())

        await _until(unpublished, users - 1)
        began = time.monotonic()
        await _until(unpublished, 0)
        published = time.monotonic() - began
        version = 1 + changes // users
        behind = {"userId": {"$in": ids}, "contactVersion": {"$lt": version}}
        orders = client[mongo.orders]["orders"]
        await _until(lambda: orders.count_documents(behind, limit=1), 0)
        drained = time.monotonic() - began
    click.echo(f"{changes} changes to {users} users accepted: {accepted:6.2f} s, ", nl=False)
    click.echo(f"{changes / accepted:.0f} a second")
    click.echo(f"published, the newest of each user: {published:6.2f} s from the first on")
    click.echo(f"all {users} orders in step: {drained:6.2f} s, ", nl=False)
    click.echo(f"{changes / drained:.0f} changes a second")


async def _populate(client: AsyncMongoClient[Json], mongo: MongoSettings, count: int) -> list[str]:
    """Users with an order each; answers their ids."""
    users, orders = Users(client[mongo.users]["users"], "v1"), Orders(client[mongo.orders])

    async def make(_: int) -> str:
        emails = [new_email()]
        user = await users.create({"emails": emails, "deliveryAddress": ADDRESS})
        await orders.create(
            {
                "userId": user["userId"],
                "items": [{"itemId": "book", "quantity": 1, "price": 9.5}],
                "userEmails": emails,
                "deliveryAddress": ADDRESS,
                "orderStatus": "under process",
            }
        )
        return str(user["userId"])

    ids: list[str] = []
    numbers = iter(range(count))
    while some := list(islice(numbers, _CLIENTS)):
        ids += await asyncio.gather(*map(make, some))
    return ids


async def _change(url: str, ids: Sequence[str], count: int) -> None:
    """PUT new addresses for all users in turn, over some connections at once."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    turns: Iterator[str] = (ids[number % len(ids)] for number in range(count))

    async def put_in_turn() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for user_id in turns:
            writer.write(_put(user_id))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
            if " 200 " not in head.splitlines()[0]:
                raise click.ClickException(f"PUT /users/{user_id}: {head}")
            (length,) = (
                int(line.partition(":")[2])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            )
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(put_in_turn() for _ in range(_CLIENTS)))


def _put(user_id: str) -> bytes:
    """A request of HTTP/1.1, written by hand: a client library would be the slowest part."""
    body = json.dumps({"emails": [new_email()]}).encode()
    head = (
        f"PUT /users/{user_id} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _until(count: Callable[[], Awaitable[int]], most: int) -> None:
    while await count() > most:  # noqa: ASYNC110 - databases tell nobody
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    main()
