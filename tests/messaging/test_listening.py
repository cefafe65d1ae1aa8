"""When a relay listens for changes, and when it has no need to."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from messaging import relay as relays
from messaging.broker import Address, Message
from messaging.clock import SystemClock
from messaging.metrics import RelayMetrics
from messaging.relay import Relay
from storage.divisions import MongoDivisionStore
from storage.mongo_outbox import MongoOutbox
from storage.orders import CONTACTS
from tests.apis import contact_events
from tests.messaging.system import System, running
from tests.waiting import until_async

pytestmark = pytest.mark.anyio


class Watched(MongoOutbox):
    """Knows whether anybody watches it."""

    is_watched = False

    async def watch_changes(self) -> AsyncGenerator[None, None]:
        """See `Outbox`."""
        self.is_watched = True
        try:
            async for each in super().watch_changes():
                yield each
        finally:
            self.is_watched = False

    async def has_a_watcher(self) -> bool:
        """Whether somebody does just now."""
        return self.is_watched

    async def has_none(self) -> bool:
        """Whether nobody does."""
        return not self.is_watched


class Everywhere:
    """A `Publisher` that takes everything."""

    async def connected(self) -> None:
        """Always."""

    async def publish(self, message: Message, to: Address) -> None:
        """Take it."""


async def test_a_relay_that_publishes_all_the_time_listens_again_when_there_is_nothing(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is woken then, and need not look by itself."""
    monkeypatch.setattr(relays, "LOOK_AGAIN_SECONDS", 3600)
    outbox = system.outbox
    outbox.__class__ = Watched
    assert isinstance(outbox, Watched)
    users = [await system.new_user() for _ in range(8)]
    relay = Relay(
        outbox,
        MongoDivisionStore(system.client[system.mongo.users], "user-relay"),
        Everywhere(),
        {CONTACTS: [Address("", "")]},
        events=contact_events(),
        clock=SystemClock(),
        metrics=RelayMetrics(),
        busy_after=3,
    )

    enough = asyncio.Event()

    async def change(user: str) -> None:
        while not enough.is_set():
            await system.change(user)

    async with running(relay.run()):
        await until_async(outbox.has_a_watcher, "it listens")
        async with asyncio.TaskGroup() as tasks:
            for user in users:
                tasks.create_task(change(user))
            try:
                await until_async(outbox.has_none, "it does not listen")
            finally:
                enough.set()
        await system.published()
        await until_async(outbox.has_a_watcher, "it listens again")
        await system.change(users[0])
        await system.published()
