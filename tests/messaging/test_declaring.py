"""What is declared: made, kept, changed while everything runs, and taken away last."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from messaging.amqp import AmqpBroker
from messaging.broker import Address, BrokerError, Disconnected, Message, NotDeclared, Returned
from messaging.session import ConsumeOptions, Session
from messaging.topology import EXCHANGE, Binding, Declarations, Exchange, Queue
from tests.messaging.system import System
from tests.waiting import until_async

pytestmark = pytest.mark.anyio

DIRECT = Exchange(EXCHANGE)


class Parts:
    """An exchange that takes what is for the system's queue, and two queues bound to it."""

    def __init__(self, system: System) -> None:
        self.whole = system.topology.updates
        name = self.whole.name
        self.exchange = Exchange(f"{name}.parts", "fanout", bound_to=self.whole.address)
        source = Address(self.exchange.name, "1")
        self.queues = tuple(
            Queue(f"{name}.{number}", self.exchange.name, bound_to=(source,)) for number in range(2)
        )
        self.names = tuple(each.name for each in self.queues)
        self.old_binding = Binding(self.whole.address, name)

    @property
    def declarations(self) -> Declarations:
        """The parts, and the whole that is left to be emptied."""
        whole_and_parts = (self.whole, *self.queues)
        return Declarations((DIRECT, self.exchange), whole_and_parts, (self.old_binding,))


@pytest.fixture
async def parts(system: System) -> AsyncIterator[Parts]:
    """Removed afterwards; the queue that they are parts of is the system's."""
    parts = Parts(system)
    yield parts
    with channel_of(system) as channel:
        channel.exchange_delete(parts.exchange.name)
        for name in parts.names:
            channel.queue_delete(name)


@contextmanager
def channel_of(system: System) -> Iterator[Any]:
    """Somebody else's channel, who may do anything."""
    with pika.BlockingConnection(system.parameters) as connection:
        yield connection.channel()


def exists(system: System, queue: str) -> bool:
    """Whether there is a queue of that name."""
    try:
        with channel_of(system) as channel:
            channel.queue_declare(queue, passive=True)
    except ChannelClosedByBroker:
        return False
    return True


async def receive(broker: AmqpBroker, count: int) -> list[str]:
    """The ids of so many messages, which are then acknowledged."""
    ids: list[str] = []
    while len(ids) < count:
        deliveries = await broker.receive(count)
        ids += [each.message.message_id for each in deliveries]
        await broker.acknowledge(deliveries)
    return ids


async def publish(broker: AmqpBroker, to: Address) -> str:
    """A message, of which this is the id."""
    sent = Message(b"{}", str(uuid4()))
    await broker.publish(sent, to)
    return sent.message_id


def can_be_published(broker: AmqpBroker, to: Address) -> Callable[[], Any]:
    """Whether a message is taken now."""

    async def it_can() -> bool:
        try:
            await publish(broker, to)
        except BrokerError:
            return False
        return True

    return it_can


async def test_a_queue_in_parts_takes_over_while_everything_runs(
    system: System, parts: Parts
) -> None:
    """The parts are declared, bound and consumed from, and the whole is unbound and emptied."""
    async with system.broker(receives=True) as broker:
        before = await publish(broker, parts.whole.address)
        subscribed = ConsumeOptions((parts.whole.name, *parts.names), 512)
        for _ in range(2):  # it may be said again
            await broker.declare(parts.declarations, subscribed)
        after = await publish(broker, parts.whole.address)
        assert sorted(await receive(broker, 3)) == sorted([before, after, after])


async def test_what_is_not_there_can_be_unbound(system: System, parts: Parts) -> None:
    """Whether the queue, the exchange or the binding alone is missing."""
    for_parts = Address(parts.exchange.name, "1")
    unbound = (
        parts.old_binding,
        Binding(for_parts, "nobody"),
        Binding(for_parts, "nobody", to_exchange=True),
        Binding(parts.whole.address, parts.exchange.name, to_exchange=True),
    )
    async with AmqpBroker(system.parameters, Declarations(unbound=unbound)) as broker:
        await broker.connected()


async def test_an_exchange_can_be_unbound(system: System, parts: Parts) -> None:
    """The way back from parts to one."""
    async with AmqpBroker(system.parameters, parts.declarations) as broker:
        await broker.connected()
        back = Binding(parts.whole.address, parts.exchange.name, to_exchange=True)
        subscribed = ConsumeOptions((parts.whole.name,), 512)
        await broker.declare(Declarations((DIRECT,), (parts.whole,), (back,)), subscribed)
        sent = await publish(broker, parts.whole.address)
        assert await receive(broker, 1) == [sent]
        assert [await broker.waiting_in(each) for each in parts.queues] == [0, 0]


async def test_several_queues_share_one_prefetch(system: System, parts: Parts) -> None:
    """No more is held than was said, and what is acknowledged makes room."""
    subscribed = ConsumeOptions(parts.names, 4)
    async with AmqpBroker(system.parameters, parts.declarations, subscribed) as broker:
        await broker.connected()
        for _ in range(5):
            await publish(broker, parts.whole.address)
        held = await broker.receive(10)

        async def nothing_more() -> bool:
            return [await broker.waiting_in(each) for each in parts.queues] == [3, 3]

        await until_async(nothing_more, "each queue holds back what is above its share")
        while len(held) < 4:
            held = [*held, *await broker.receive(10)]
        await broker.acknowledge(held)
        assert len(await receive(broker, 6)) == 6


async def test_what_is_needed_only_for_returned_messages_is_made_then(system: System) -> None:
    """On the same connection, and not before."""
    queue = system.topology.updates
    async with AmqpBroker(
        system.parameters, Declarations((DIRECT,)), if_returned=Declarations.of(queue)
    ) as broker:
        await broker.connected()
        session = broker._session
        assert not exists(system, queue.name)
        with pytest.raises(Returned):
            await publish(broker, queue.address)
        await publish(broker, queue.address)
        assert broker._session is session


async def test_a_queue_with_other_arguments_harms_no_other(system: System) -> None:
    """It is received from and not published to; once it is deleted, it is made as declared."""
    updates, dead = system.topology.updates, system.topology.dead
    with channel_of(system) as channel:
        channel.exchange_declare(EXCHANGE, "direct", durable=True)
        channel.queue_declare(updates.name, durable=True)
        channel.queue_bind(updates.name, EXCHANGE, updates.name)
        channel.basic_publish(EXCHANGE, updates.name, b"{}", pika.BasicProperties(message_id="1"))
    subscribed = ConsumeOptions((updates.name,), 512)
    declared = Declarations.of(updates, dead)
    async with AmqpBroker(system.parameters, declared, subscribed) as broker:
        assert await receive(broker, 1) == ["1"]
        with pytest.raises(NotDeclared, match=updates.name):
            await publish(broker, dead.address)
        assert not broker.is_connected
        assert await broker.waiting_in(dead) == 0
        await asyncio.to_thread(system.delete, updates)
        await until_async(can_be_published(broker, updates.address), "the queue is made anew")
        await broker.connected()
        await receive(broker, 1)


async def test_a_binding_is_back_although_nobody_publishes(system: System) -> None:
    """Within seconds, over the connection that there is."""
    queue = system.topology.updates
    async with system.broker() as broker, AmqpBroker(system.parameters, Declarations()) as other:
        session = broker._session
        await asyncio.to_thread(system.unbind, queue)
        await until_async(can_be_published(other, queue.address), "the binding is back")
        assert broker._session is session


async def test_what_is_wanted_while_a_connection_is_made_is_there_with_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not some seconds later, although what was wanted before is declared already."""
    queue, nothing = system.topology.updates, Declarations()
    declare = Session.declare

    async def declare_and_want_more(session: Session, wanted: Declarations) -> None:
        await declare(session, wanted)
        if wanted is nothing:
            with pytest.raises(Disconnected):
                await broker.declare(Declarations.of(queue))

    monkeypatch.setattr(Session, "declare", declare_and_want_more)
    async with AmqpBroker(system.parameters, nothing) as broker:
        await broker.connected()
        assert await broker.waiting_in(queue) == 0
