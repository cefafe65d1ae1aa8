"""Several relays on one outbox: each publishes its share, and nothing is published twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import hypothesis
import pytest
from hypothesis import strategies

from health.problems import Problems
from messaging.broker import Address, Message
from messaging.clock import SystemClock
from messaging.events import Events
from messaging.metrics import RelayMetrics
from messaging.relay import Relay
from messaging.shares import Share, divided, slot_of
from storage.divisions import SLOTS, MongoDivisionStore
from storage.orders import CONTACTS
from tests.apis import contact_events
from tests.messaging.system import System, running
from tests.waiting import until_async

pytestmark = pytest.mark.anyio

MEMBERS = ["a", "b", "c", "d", "e"]


@dataclass
class Notes:
    """Takes what relays publish, and knows who has published what."""

    published: Counter[tuple[str, int]] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    events: Events = field(default_factory=contact_events)


@dataclass
class Taking:
    """The `Publisher` of one relay, as fast as can be."""

    notes: Notes
    name: str

    async def connected(self) -> None:
        """Always."""

    async def publish(self, message: Message, to: Address) -> None:  # noqa: ARG002
        """Take a note, and a little time."""
        await asyncio.sleep(0.002)
        event = self.notes.events.read(message)
        self.notes.published[event.key, event.version] += 1
        self.notes.by[self.name] += 1


@asynccontextmanager
async def relaying(system: System, notes: Notes) -> AsyncIterator[str]:
    """One more relay, which leaves at the end; its name."""
    name = uuid4().hex
    relay = Relay(
        system.outbox,
        MongoDivisionStore(system.client[system.mongo.users], "user-relay"),
        Taking(notes, name),
        {CONTACTS: [Address("", "")]},
        events=contact_events(),
        clock=SystemClock(),
        metrics=RelayMetrics(),
    )
    async with running(relay.run()):
        yield name


async def test_relays_that_come_and_go_publish_every_change_once(system: System) -> None:
    """While others come, and leave, and changes go on."""
    notes = Notes()
    users = [await system.new_user() for _ in range(60)]
    changes = 0

    async def change_all() -> None:
        nonlocal changes
        for user in users:
            await system.change(user)
            changes += 1
            await system.published_of(user)

    async with AsyncExitStack() as staying:
        first = await staying.enter_async_context(relaying(system, notes))
        await change_all()
        second = await staying.enter_async_context(relaying(system, notes))
        while not notes.by[second]:
            await change_all()
        async with relaying(system, notes) as third:
            while not notes.by[third]:
                await change_all()
        await change_all()
    assert notes.by[first]
    assert notes.published.total() == changes
    assert set(notes.published.values()) == {1}


async def test_the_share_of_a_dead_relay_goes_to_another(system: System) -> None:
    """Within seconds, although it did not leave."""
    notes, store = Notes(), MongoDivisionStore(system.client[system.mongo.users], "user-relay")
    dead = await store.beat("dead")
    assert await store.replace(dead, ["dead"], ["dead"] * SLOTS)
    user = await system.new_user()
    await system.change(user)
    async with relaying(system, notes):
        await system.published()
    assert notes.published.total() == 1


async def test_a_relay_that_cannot_beat_publishes_nothing(system: System) -> None:
    """It may be that others have its share already."""
    clock = SystemClock()
    store = MongoDivisionStore(system.client[system.mongo.users], "user-relay")
    share = Share(store, clock, lambda: None, Problems("database"), lease=0.2)
    assert "u1" not in share
    async with running(share.run()):
        await until_async(lambda: _true("u1" in share), "it has a share")
        assert share.is_whole
        await until_async(lambda: _true("u1" not in share), "its lease has run out")


async def _true(value: bool) -> bool:  # noqa: FBT001
    return value


@hypothesis.given(
    strategies.lists(strategies.sampled_from([*MEMBERS, "", "x"]), max_size=SLOTS),
    strategies.sets(strategies.sampled_from(MEMBERS), min_size=1),
    strategies.sampled_from(MEMBERS),
)
def test_only_the_giver_gives_up(owners: list[str], members: set[str], giver: str) -> None:
    """Every slot ends with a member, and of the others none loses any."""
    found = divided(owners, members, giver)
    assert len(found) == SLOTS
    assert {*found} <= members
    for slot, owner in enumerate(owners):
        if owner in members and owner != giver:
            assert found[slot] == owner


@hypothesis.given(
    strategies.lists(strategies.sampled_from([*MEMBERS, ""]), max_size=SLOTS),
    strategies.sets(strategies.sampled_from(MEMBERS), min_size=1),
)
def test_turns_end_in_a_fair_division(owners: list[str], members: set[str]) -> None:
    """When each of them has given up what it has too much of, none has two more than another."""
    for giver in sorted(members):
        owners = divided(owners, members, giver)
    counts = [owners.count(each) for each in members]
    assert sum(counts) == SLOTS
    assert max(counts) - min(counts) <= 1
    assert divided(owners, members, min(members)) == owners


def test_keys_are_spread_over_the_slots() -> None:
    """About evenly, and always in the same way."""
    counts = Counter(slot_of(str(each)) for each in range(64_000))
    assert len(counts) == SLOTS
    assert max(counts.values()) < 2 * min(counts.values())
    assert slot_of("u1") == slot_of("u1")
