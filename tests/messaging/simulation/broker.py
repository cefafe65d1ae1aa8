"""A stand-in for the broker: queues that keep, repeat, delay and reorder what is in them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from messaging.broker import Address, Delivery, Disconnected, Message, Returned, Unconfirmed
from messaging.session import ConsumeOptions
from messaging.topology import KEY, Binding, Declarations, Queue, Topology
from tests.messaging.simulation.scheduler import Process, Scheduler, Steps

Chance = Callable[[str], bool]
"""Whether the fault of that name happens now."""


@dataclass(eq=False)
class Stored:
    """A message in a queue; `holder` is the session to which it was delivered."""

    message: Message
    contents: "Contents"
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
    """One server; its queues are those that somebody has declared."""

    def __init__(
        self, scheduler: Scheduler, topology: Topology, chance: Chance, *, in_order: bool
    ) -> None:
        self.scheduler = scheduler
        self.chance = chance
        self._in_order = in_order
        self._dead = topology.dead.name
        self.queues: dict[str, Contents] = {}
        self._bindings: dict[Binding, None] = {}
        self.connections: list[StandInBroker] = []
        self._waiting: list[asyncio.Future[None]] = []

    def declare(self, declarations: Declarations) -> Steps[None]:
        """One step for each queue and binding."""
        for queue in declarations.queues:
            yield
            self.queues.setdefault(queue.name, Contents(queue))
        for binding in declarations.bindings:
            yield
            self._bindings[binding] = None
        for binding in declarations.unbound:
            yield
            self._bindings.pop(binding, None)
        self._wake()

    def publish(self, message: Message, to: Address) -> Steps[None]:
        """Route, store, confirm."""
        yield
        found = self.route(message, to)
        if not found or self.chance("message returned"):
            self.on_return()
            return
        if self.chance("message lost"):
            raise Unconfirmed("lost on its way")
        self._store_in(found, message)
        if self.chance("message doubled"):
            self._store_in(found, message)
        yield
        if self.chance("confirm lost"):
            raise Unconfirmed("confirm lost")

    def route(self, message: Message, to: Address) -> list[Contents]:
        """The queues that take a message, as the bindings are now."""
        found: list[Contents] = []
        for binding in self._bindings:
            if binding.source != to:
                continue
            if not binding.to_exchange:
                found.append(self.queues[binding.destination])
                continue
            parts = [each for each in self._bindings if each.source.exchange == binding.destination]
            if parts:
                part = parts[crc32(str(message.headers[KEY]).encode()) % len(parts)]
                found.append(self.queues[part.destination])
        return found

    def _store_in(self, queues: Iterable[Contents], message: Message) -> None:
        for each in queues:
            self.store(message, each)

    def on_return(self) -> None:
        """No queue takes the message."""
        raise Returned("no queue")

    def store(self, message: Message, contents: Contents) -> None:
        """Put a message into its queue; from a queue with a pause it goes on by itself."""
        stored = Stored(message, contents)
        contents.messages.append(stored)
        if contents.queue.pause is not None and contents.queue.then is not None:
            pause, then = contents.queue.pause.total_seconds(), contents.queue.then
            self.scheduler.call_later(pause, self._move, stored, then)
        self._wake()

    def take(self, most: int, connection: "StandInBroker") -> Steps[list[Delivery]]:
        """Deliver some of what is ready; whether in order is decided once a history."""
        yield
        deliveries: list[Delivery] = []
        wanted = self.scheduler.random.randint(1, most)
        session = connection.session
        while connection.is_up and len(deliveries) < wanted:
            queues = [self.queues[name] for name in connection.queues if name in self.queues]
            ready = [each for queue in queues for each in queue.messages if each.holder is None]
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
            messages = each.stored.contents.messages
            if each.stored.holder is each.session and each.stored in messages:
                messages.remove(each.stored)

    def requeue(self, session: object) -> None:
        """Take back what a lost session held."""
        for queue in self.queues.values():
            for each in queue.messages:
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
        return all(not each.messages for name, each in self.queues.items() if name != self._dead)

    def _move(self, stored: Stored, then: Address) -> None:
        """At least once: where no queue takes it, it stays, and is moved some time later.

        By then everybody has declared again what is to be there, as they do every few seconds: two
        who were told of another number of parts may have undone what the other had bound.
        """
        queues = self.route(stored.message, then)
        if not queues:
            for each in self.connections:
                each.declare_again()
            self.scheduler.call_later(1, self._move, stored, then)
            return
        stored.contents.messages.remove(stored)
        self._store_in(queues, stored.message)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for arrived in waiting:
            if not arrived.done():
                arrived.set_result(None)


class StandInBroker:
    """`Broker` of one process, on the stand-in."""

    def __init__(
        self,
        server: BrokerServer,
        process: Process,
        if_returned: Declarations | None = None,
    ) -> None:
        self._server = server
        self._process = process
        self._call = server.scheduler.call
        self.is_up = True
        self.session = object()
        self.queues: tuple[str, ...] = ()
        self._declarations = Declarations()
        self._if_returned = if_returned
        server.connections.append(self)

    async def connected(self) -> None:
        """See `Publisher`."""
        if not self.is_up:
            await self._call(self._process, self._server, self._connect())

    async def publish(self, message: Message, to: Address) -> None:
        """See `Publisher`."""
        if not self.is_up:
            raise Disconnected("no connection")
        try:
            await self._call(self._process, self, self._server.publish(message, to))
        except Returned:
            for each in (self._declarations, self._if_returned):
                if each is not None and self.is_up:
                    await self._call(self._process, self, self._server.declare(each))
            raise

    async def declare(self, declarations: Declarations, subscribed: ConsumeOptions) -> None:
        """See `Receiving`."""
        self._declarations, self.queues = declarations, subscribed.queues
        if not self.is_up:
            raise Disconnected("no connection")
        await self._call(self._process, self, self._server.declare(declarations))

    def declare_again(self) -> None:
        """What was declared, at once, where there is a connection."""
        if self.is_up:
            for _ in self._server.declare(self._declarations):
                pass

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

    async def requeue(self) -> None:
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
        self.declare_again()  # at once: a sweep takes longer than that
