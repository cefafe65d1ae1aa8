"""A stand-in for the broker: queues that keep, repeat, delay and reorder what is in them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from messaging.broker import Address, Delivery, Disconnected, Message, Returned, Unconfirmed
from messaging.topology import Queue, Topology
from tests.messaging.simulation.scheduler import Process, Scheduler, Steps

Chance = Callable[[str], bool]
"""Whether the fault of that name happens now."""


@dataclass(eq=False)
class Stored:
    """A message in a queue; `holder` is the session to which it was delivered."""

    message: Message
    delivered: bool = False
    holder: object = None


@dataclass(frozen=True)
class Receipt:
    """One delivery of a message: acknowledging it counts only in the same session."""

    stored: Stored
    session: object


@dataclass(eq=False)
class Contents:
    """What is in a queue, delivered or not."""

    queue: Queue
    messages: list[Stored] = field(default_factory=list)


class BrokerServer:
    """One server with the queues of a topology."""

    def __init__(
        self, scheduler: Scheduler, topology: Topology, chance: Chance, *, in_order: bool
    ) -> None:
        self.scheduler = scheduler
        self.topology = topology
        self.chance = chance
        self._in_order = in_order
        self.queues = {queue.address: Contents(queue) for queue in topology.queues}
        self.connections: list[StandInBroker] = []
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def updates(self) -> Contents:
        """The queue of events."""
        return self.queues[self.topology.updates.address]

    def publish(self, message: Message, to: Address) -> Steps[None]:
        """Route, store, confirm."""
        yield
        if to not in self.queues or self.chance("message returned"):
            self.on_return()
            return
        if self.chance("message lost"):
            raise Unconfirmed("lost on its way")
        self.store(message, to)
        if self.chance("message doubled"):
            self.store(message, to)
        yield
        if self.chance("confirm lost"):
            raise Unconfirmed("confirm lost")

    def on_return(self) -> None:
        """No queue takes the message."""
        raise Returned("no queue")

    def store(self, message: Message, to: Address) -> None:
        """Put a message into its queue; from a queue with a pause it goes on by itself."""
        contents = self.queues[to]
        stored = Stored(message)
        contents.messages.append(stored)
        if contents.queue.pause is not None and contents.queue.then is not None:
            pause, then = contents.queue.pause.total_seconds(), contents.queue.then
            self.scheduler.call_later(pause, self._move, contents, stored, then)
        self._wake()

    def take(self, most: int, connection: "StandInBroker") -> Steps[list[Delivery]]:
        """Deliver some of what is ready; whether in order is decided once a history."""
        yield
        deliveries: list[Delivery] = []
        wanted = self.scheduler.random.randint(1, most)
        session = connection.session
        while connection.is_up and len(deliveries) < wanted:
            ready = [each for each in self.updates.messages if each.holder is None]
            if not ready:
                break
            stored = ready[0] if self._in_order else self.scheduler.random.choice(ready)
            stored.holder = session
            receipt = Receipt(stored, session)
            deliveries.append(Delivery(stored.message, receipt, stored.delivered))
            stored.delivered = True
            self.on_delivery(stored)
        return deliveries

    def on_delivery(self, stored: Stored) -> None:
        """A message is on its way to a consumer, and stays here until it is acknowledged."""

    def acknowledge(self, receipts: Sequence[Receipt]) -> Steps[None]:
        """Forget messages, unless the session to which they were delivered is over."""
        for each in receipts:
            yield
            if each.stored.holder is each.session and each.stored in self.updates.messages:
                self.updates.messages.remove(each.stored)

    def requeue(self, session: object) -> None:
        """Take back what a lost session held."""
        for each in self.updates.messages:
            if each.holder is session:
                each.holder = None
        self._wake()

    def arrival(self) -> asyncio.Future[None]:
        """Done as soon as anything changes in the queues."""
        arrived: asyncio.Future[None] = self.scheduler.create_future()
        self._waiting.append(arrived)
        return arrived

    def restart(self) -> None:
        """Go down and come back: what is stored stays, every connection is lost."""
        for connection in self.connections:
            connection.lose()

    def is_empty(self) -> bool:
        """Whether nothing is left to be delivered or acknowledged."""
        dead = self.topology.dead.address
        return all(not each.messages for to, each in self.queues.items() if to != dead)

    def _move(self, contents: Contents, stored: Stored, then: Address) -> None:
        contents.messages.remove(stored)
        self.store(stored.message, then)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for arrived in waiting:
            if not arrived.done():
                arrived.set_result(None)


class StandInBroker:
    """`Broker` of one process, on the stand-in."""

    def __init__(self, server: BrokerServer, process: Process) -> None:
        self._server = server
        self._process = process
        self._call = server.scheduler.call
        self.is_up = True
        self.session = object()
        server.connections.append(self)

    async def connected(self) -> None:
        """See `Publisher`."""
        if not self.is_up:
            await self._call(self._process, self._server, self._connect())

    async def publish(self, message: Message, to: Address) -> None:
        """See `Publisher`."""
        if not self.is_up:
            raise Disconnected("no connection")
        await self._call(self._process, self, self._server.publish(message, to))

    async def receive(self, most: int) -> Sequence[Delivery]:
        """See `Subscription`."""
        while True:
            await self.connected()
            arrived = self._server.arrival()
            steps = self._server.take(most, self)
            deliveries = await self._call(self._process, self._server, steps)
            if deliveries:
                return deliveries
            if self.is_up:
                await arrived

    async def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """See `Subscription`."""
        receipts = [each.receipt for each in deliveries if isinstance(each.receipt, Receipt)]
        await self._call(self._process, self._server, self._server.acknowledge(receipts))

    async def give_back(self) -> None:
        """See `Subscription`."""
        self.lose()

    def lose(self) -> None:
        """Lose the connection: what is held goes back, what is on its way is uncertain."""
        lost, self.session = self.session, object()
        self.is_up = False
        self._server.requeue(lost)
        for operation in self._server.scheduler.operations:
            if operation.place is self:
                operation.fail(Disconnected("lost"))

    def _connect(self) -> Steps[None]:
        yield
        self.is_up = True
