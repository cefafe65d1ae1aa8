"""The orders of users with many are swept beside the window, whose events wait for that alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from messaging.clock import SystemClock
from messaging.events import Event
from messaging.sync import ContactsSync, Limits
from models.fields.order import Order
from storage.contacts import MongoContactsStore
from tests.apis import contact_events
from tests.messaging.system import System, event
from tests.waiting import until_async

pytestmark = pytest.mark.anyio

FEW = Limits(of_a_user=2, of_a_window=6, of_a_slice=2)


class Gated:
    """The store of a system, whose slices wait until the gate is open."""

    def __init__(self, store: MongoContactsStore) -> None:
        self._store = store
        self.gate = asyncio.Event()
        self.slices = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def update_some_orders(self, *arguments: object) -> object:
        """See `ContactsStore`."""
        await self.gate.wait()
        self.slices += 1
        return await self._store.update_some_orders(*arguments)  # type: ignore[arg-type]


@asynccontextmanager
async def syncing(store: object, limits: Limits = FEW) -> AsyncIterator[ContactsSync]:
    """The sync on a store."""
    sync = ContactsSync(store, SystemClock(), lambda _: None, limits)  # type: ignore[arg-type]
    try:
        yield sync
    finally:
        await sync.close()


def told(user: str, version: int) -> Event:
    """The event of a change."""
    return contact_events().read(event(user, version))


async def user_with(system: System, orders: int) -> tuple[str, list[str]]:
    """A user with so many orders, and their ids."""
    user = await system.new_user()
    return user, [await system.new_order(user) for _ in range(orders)]


async def versions(system: System, orders: Sequence[str]) -> set[int]:
    """The versions that orders have, by their addresses."""
    found = [(await system.orders.get(each))[Order.userEmails][0] for each in orders]
    return {int(each[1 : each.index("@")]) if each[0] == "v" else 0 for each in found}


async def test_others_do_not_wait_for_a_sweep(system: System) -> None:
    """They are answered while the sweep cannot even begin; it is answered when all is done."""
    many, orders = await user_with(system, 7)
    few, (order,) = await user_with(system, 1)
    store = Gated(system.store)
    async with syncing(store) as sync:
        events = [told(many, 2), told(few, 2)]
        outcomes = await sync(events)
        swept = outcomes[events[0]]
        assert isinstance(swept, asyncio.Future)
        assert outcomes[events[1]] == 2
        assert await versions(system, [order]) == {2}
        assert not swept.done()
        store.gate.set()
        assert await swept == 2
    assert await versions(system, orders) == {2}


async def test_the_newest_event_stands_for_older_ones(system: System) -> None:
    """Older ones are answered with its version as soon as its data are there, and it waits."""
    many, orders = await user_with(system, 5)
    store = Gated(system.store)
    async with syncing(store) as sync:
        first, second, late = told(many, 2), told(many, 3), told(many, 2)
        older = (await sync([first]))[first]
        assert isinstance(older, asyncio.Future)
        newer = (await sync([second]))[second]
        assert isinstance(newer, asyncio.Future)
        assert await older == 3
        assert (await sync([late]))[late] == 3
        assert not newer.done()
        store.gate.set()
        assert await newer == 3
    assert await versions(system, orders) == {3}


async def test_one_that_is_as_new_takes_its_place(system: System) -> None:
    """It may be the same message, delivered again: only that delivery can be acknowledged."""
    many, _ = await user_with(system, 3)
    store = Gated(system.store)
    async with syncing(store) as sync:
        lost, again = told(many, 2), told(many, 2)
        before = (await sync([lost]))[lost]
        after = (await sync([again]))[again]
        assert isinstance(before, asyncio.Future)
        assert isinstance(after, asyncio.Future)
        assert before.done()
        assert not after.done()
        store.gate.set()
        assert await after == 2


async def test_a_sweep_goes_on_where_another_ended(system: System) -> None:
    """Whoever gets the event next updates the rest alone, and takes up what is newer."""
    many, orders = await user_with(system, 9)
    store = Gated(system.store)
    store.gate.set()
    async with syncing(store) as sync:
        await sync([told(many, 2)])

        async def is_begun() -> bool:
            return store.slices >= 2

        await until_async(is_begun, "it has begun")
    left = [each for each in orders if await versions(system, [each]) == {0}]
    async with syncing(system.store) as sync:
        last = told(many, 2)
        outcome = (await sync([last]))[last]
        assert isinstance(outcome, asyncio.Future)
        assert await outcome == 2
    assert len(left) < len(orders)
    assert await versions(system, orders) == {2}


async def test_a_window_has_a_bound(system: System) -> None:
    """Of many users with few orders each, those beyond it are swept too, and nothing is missed."""
    users = [await user_with(system, 2) for _ in range(6)]
    async with syncing(system.store) as sync:
        events = [told(user, 2) for user, _ in users]
        outcomes = await sync(events)
        swept = [each for each in outcomes.values() if isinstance(each, asyncio.Future)]
        assert len(swept) == 3
        await asyncio.gather(*swept)
    for _, orders in users:
        assert await versions(system, orders) == {2}
