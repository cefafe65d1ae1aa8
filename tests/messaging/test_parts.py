"""The queue in several parts, whose number changes while everything runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from messaging.amqp import AmqpBroker
from messaging.topology import Topology
from storage.queue_part_counts import MongoPartsStore
from tests.messaging.system import RETRY_PAUSES, System, event, new_email
from tests.waiting import until_async

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def declared(system: System, parts: int) -> AsyncIterator[tuple[AmqpBroker, Topology]]:
    """A queue of so many parts, from which nobody receives."""
    topology = Topology(system.topology.updates.name, RETRY_PAUSES, parts, parts)
    async with AmqpBroker(system.parameters, topology.for_consuming()) as broker:
        await broker.connected()
        yield broker, topology


async def counts(broker: AmqpBroker, topology: Topology) -> list[int]:
    """How many messages each part has."""
    return [await broker.waiting_in(each) for each in topology.parts]


async def test_keys_are_spread_over_the_parts(system: System) -> None:
    """Every part has some of them, and a key is always in the same one."""
    async with declared(system, 3) as (broker, topology):
        for number in range(100):
            await broker.publish(event(f"user-{number}", 1), topology.entry)
        await holding(broker, topology, 100)
        before = await counts(broker, topology)
        assert min(before) > 0
        for version in range(2, 12):
            await broker.publish(event("user-1", version), topology.entry)
        await holding(broker, topology, 110)
        after = await counts(broker, topology)
        assert sorted(b - a for a, b in zip(before, after, strict=True)) == [0, 0, 10]


async def test_what_is_tried_again_comes_back_by_its_key(system: System) -> None:
    """From the retry queues to the parts, and from the dead letters."""
    async with declared(system, 3) as (broker, topology):
        await broker.publish(event("user-1", 1), topology.retries[0].address)
        await holding(broker, topology, 1)


async def test_one_part_is_the_paper_s_queue(system: System) -> None:
    """Bound to the paper's exchange by its own name, with nothing in between."""
    async with declared(system, 1) as (broker, topology):
        assert topology.parts == (topology.updates,)
        assert topology.updates.bindings == (topology.entry,)
        await broker.publish(event("user-1", 1), topology.entry)
        await holding(broker, topology, 1)


async def test_the_number_of_parts_changes_while_everything_runs(system: System) -> None:
    """Up and down again, with consumers of both numbers side by side: every order follows."""
    users = [await system.new_user() for _ in range(20)]
    orders = [await system.new_order(user) for user in users]
    newest: dict[str, list[str]] = {}
    changing = True

    async def change() -> None:
        while changing:
            for user, order in zip(users, orders, strict=True):
                newest[order] = await system.change(user)

    async with system.relay():
        task = asyncio.create_task(change())
        async with AsyncExitStack() as first:
            await first.enter_async_context(system.subscriber(1))
            async with system.subscriber(4):
                await asyncio.sleep(2)
                await first.aclose()
                await asyncio.sleep(2)
                async with system.subscriber(2):
                    await asyncio.sleep(2)
        async with system.subscriber(2), system.subscriber(1) as last:
            await asyncio.sleep(2)
            changing = False
            await task
            for order, emails in newest.items():
                await system.in_step(order, emails)
            assert [each.name for each in last.topology.parts][1:] == [
                f"{system.topology.updates.name}.{number}" for number in (2, 3, 4)
            ]


async def test_what_others_made_is_received_from(system: System) -> None:
    """By a consumer that is to have fewer parts, when they have ended and left messages behind."""
    user = await system.new_user()
    order = await system.new_order(user)
    store = MongoPartsStore(system.client[system.mongo.orders], system.topology.updates.name)
    assert await store.announce(3) == 3
    emails = [new_email()]
    async with declared(system, 3) as (broker, topology):
        await broker.publish(event(user, 2, user_emails=tuple(emails)), topology.entry)
    async with system.subscriber(1):
        await system.in_step(order, emails)


async def test_a_part_that_is_made_meanwhile_is_received_from(system: System) -> None:
    """By whoever runs already, within seconds: those who made it may be gone."""
    store = MongoPartsStore(system.client[system.mongo.orders], system.topology.updates.name)
    async with system.subscriber(1) as parts:
        assert await store.announce(2) == 2

        async def are_two() -> bool:
            return len(parts.topology.parts) == 2

        await until_async(are_two, "it receives from two")


async def holding(broker: AmqpBroker, topology: Topology, total: int) -> None:
    """Wait until the parts have so many messages."""

    async def have() -> bool:
        return sum(await counts(broker, topology)) == total

    await until_async(have, f"{total} messages in the parts")
