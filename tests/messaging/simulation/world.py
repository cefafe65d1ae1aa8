"""One history: who takes part, what happens to them, and the verdict."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from health.problems import Problems
from messaging.clock import Backoff, Clock
from messaging.consumer import Consumer
from messaging.events import Events
from messaging.metrics import ConsumerMetrics, RelayMetrics
from messaging.queue_parts import Parts as QueueParts
from messaging.relay import BUSY_AFTER, Relay
from messaging.sync import ContactsSync, Limits
from messaging.topology import Topology, for_publishing
from models.fields.order import Order
from models.fields.user import DeliveryAddress
from models.fields.user import User as UserFields
from storage.mongo_io import DatabaseRefused, DatabaseUnavailable
from storage.orders import CONTACTS
from tests.apis import contact_events
from tests.messaging.simulation.broker import BrokerServer, StandInBroker
from tests.messaging.simulation.history import (
    ClientWrite,
    ContactChange,
    Fields,
    History,
    OrderState,
)
from tests.messaging.simulation.order_database import (
    OrderDatabase,
    StandInContactsStore,
    StandInParts,
)
from tests.messaging.simulation.scheduler import Operation, Process, Scheduler, Steps
from tests.messaging.simulation.user_database import (
    EPOCH,
    StandInDivisions,
    StandInOutbox,
    User,
    UserDatabase,
)

MAX_STEPS = 20_000
"""A history that has not come to rest after so many steps never will."""

_AS_SHORT_AS_A_REQUEST_SECONDS = 0.1


@dataclass(frozen=True)
class Shape:
    """How large a history is. Figures in brackets are drawn from, once or each time."""

    users: tuple[int, ...]
    changes: tuple[int, ...]
    orders: tuple[int, ...]
    edits: tuple[int, ...]
    clerks: tuple[int, ...]
    relays: tuple[int, ...]
    consumers: tuple[int, ...]
    windows: tuple[int, ...]
    limits: tuple[Limits, ...]
    parts: tuple[int, ...]
    pauses: tuple[int, ...]
    faults: tuple[int, ...]
    fault_chances: tuple[float, ...] = (0.005, 0.02, 0.05)
    fault_kinds: tuple[str, ...] = ()
    """All, where none is named."""


_LIMITS = (Limits(0, 2, 1), Limits(1, 1, 1), Limits(1, 3, 2))
"""Some where users have many orders, who have one or two."""

BROAD = Shape(
    users=(1, 1, 2),
    changes=(1, 2, 3, 4),
    orders=(1, 2, 3),
    edits=(0, 0, 1, 2),
    clerks=(1, 1, 2),
    relays=(1, 1, 2),
    consumers=(1, 2, 2),
    windows=(1, 2, 3, 4),
    limits=(*_LIMITS, Limits(), Limits()),
    parts=(1, 1, 2, 3),
    pauses=(1, 12, 40),
    faults=(0, 1, 2, 4, 8),
)
"""A little of everything."""

NARROW = Shape(
    users=(1,),
    changes=(2,),
    orders=(5,),
    edits=(0,),
    clerks=(1,),
    relays=(2,),
    consumers=(2,),
    windows=(1,),
    limits=(*_LIMITS, Limits()),
    parts=(1, 1, 2),
    pauses=(12, 40),
    faults=(0, 1),
)
"""The last changes of one user and many new orders at once, two relays and two consumers: what goes
wrong here is not made good by whatever comes after."""

CROWDED = Shape(
    users=(1,),
    changes=(0, 1),
    orders=(1,),
    edits=(2, 3),
    clerks=(2, 3),
    relays=(1,),
    consumers=(1,),
    windows=(1,),
    limits=(*_LIMITS, Limits()),
    parts=(1, 1, 2),
    pauses=(1, 12),
    faults=(2, 4, 8),
    fault_chances=(0.1,),
    fault_kinds=("request killed", "order database crashed", "operation failed"),
)
"""Several clerks at one order, and few others who make durable what they write."""

SWEPT = Shape(
    users=(1,),
    changes=(1, 2),
    orders=(3, 5),
    edits=(0,),
    clerks=(1,),
    relays=(1,),
    consumers=(1,),
    windows=(1, 2),
    limits=(Limits(0, 1, 1),),
    parts=(1,),
    pauses=(1, 12),
    faults=(2, 3),
    fault_chances=(0.02, 0.05),
    fault_kinds=("connection lost", "service killed"),
)
"""A user with many orders, and consumers that lose their connections, and die, during a sweep."""

CRASHING = Shape(
    users=(2, 3),
    changes=(2, 3),
    orders=(1,),
    edits=(0,),
    clerks=(1,),
    relays=(1,),
    consumers=(1,),
    windows=(1,),
    limits=(Limits(),),
    parts=(1,),
    pauses=(1, 12),
    faults=(2, 4),
    fault_chances=(0.03, 0.1),
    fault_kinds=("user database crashed", "order database crashed"),
)
"""Databases that forget again and again what was not on their disks."""

_QUEUE = "updates"
_MESSAGE_FAULT_CHANCE = 0.1
_RETRY_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 25, 125, 625))


@dataclass(frozen=True)
class Parts:
    """What a history is made of; a test puts a faulty one in the place of one of them."""

    users: type[UserDatabase] = UserDatabase
    orders: type[OrderDatabase] = OrderDatabase
    broker: type[BrokerServer] = BrokerServer
    outbox: type[StandInOutbox] = StandInOutbox
    store: type[StandInContactsStore] = StandInContactsStore
    connection: type[StandInBroker] = StandInBroker
    sync: type[ContactsSync] = ContactsSync
    parts: type[StandInParts] = StandInParts


@dataclass(frozen=True)
class Shared:
    """What histories need not make anew: none of it has a memory that matters."""

    events: Events = field(default_factory=contact_events)
    relay_metrics: RelayMetrics = field(default_factory=RelayMetrics)
    consumer_metrics: ConsumerMetrics = field(default_factory=ConsumerMetrics)


@dataclass(frozen=True)
class Verdict:
    """What came of a history: what was broken (nothing, it is to be hoped) and what it tried."""

    seed: int
    violations: tuple[str, ...]
    steps: int
    faults: tuple[str, ...]
    judged: int
    due: int


@dataclass(eq=False)
class Service:
    """A relay or a consumer: the process that runs now, and how to start the next."""

    name: str
    work: Callable[[Process, StandInBroker], Awaitable[None]]
    process: Process
    connection: StandInBroker
    task: asyncio.Task[None]


class World:
    """Everything in one history."""

    def __init__(
        self, seed: int, parts: Parts, shared: Shared, trace: list[str] | None = None
    ) -> None:
        self.scheduler = Scheduler(seed)
        self.scheduler.trace = trace
        self.history = History()
        self._seed = seed
        self._random = self.scheduler.random
        self._parts = parts
        self._shared = shared
        self._topology = Topology(_QUEUE, _RETRY_PAUSES)
        self.users = parts.users(self.scheduler, self.history)
        self.orders = parts.orders(self.scheduler, self.history)
        in_order = self._random.random() < 0.5
        self.broker = parts.broker(self.scheduler, self._topology, self._chance, in_order=in_order)
        self._shape = self._random.choice((BROAD, BROAD, NARROW, CROWDED, SWEPT, CRASHING))
        self._fault_chance = self._random.choice(self._shape.fault_chances)
        self._faults_left = self._random.choice(self._shape.faults)
        self._faults: list[str] = []
        self._harness = Process("harness")
        self._tasks: list[asyncio.Task[Any]] = []
        self._actors: list[asyncio.Task[None]] = []
        self._services: list[Service] = []
        self._requests: dict[Process, asyncio.Future[None]] = {}
        self._values = 0
        self._most_pause = self._random.choice(self._shape.pauses)

    def run(self) -> Verdict:
        """Let it all happen."""
        self._begin()
        self.scheduler.run_until(self._is_over, self._maybe_fault)
        if not self.history.violations:
            newest = {user_id: user.version for user_id, user in self.users.users.items()}
            orders = dict(self.orders.orders.items())
            changes = {user_id: user.changes for user_id, user in self.users.users.items()}
            self.history.judge(orders, newest)
            self.history.judge_requests(orders, changes)
        self.scheduler.cancel(self._tasks)
        self.scheduler.close()
        history = self.history
        return Verdict(
            self._seed,
            tuple(history.violations),
            self.scheduler.steps,
            tuple(self._faults),
            history.judged,
            history.due,
        )

    # Who takes part

    def _begin(self) -> None:
        draw, shape = self._random.choice, self._shape
        for each in range(draw(shape.users)):
            user_id = f"u{each + 1}"
            self.users.users.put(user_id, User(self._new_fields()))
            self._act(self._change_contacts(user_id, draw(shape.changes)))
            for order in range(draw(shape.orders)):
                self._act(self._order(f"{user_id}-o{order + 1}", user_id))
        self.users.write_journal()
        for number in range(draw(shape.relays)):
            self._serve(f"relay {number + 1}", self._relay)
        for number in range(draw(shape.consumers)):
            self._serve(f"consumer {number + 1}", self._consumer)

    async def _change_contacts(self, user_id: str, changes: int) -> None:
        for _ in range(changes):
            await self._pause()
            change = ContactChange(user_id, self.scheduler.steps, has_key=self._draw_key())
            self.history.changes.append(change)
            fields = self._some_fields()
            await self._until_answered(
                change, partial(self._put_contacts, change=change, fields=fields)
            )

    async def _put_contacts(self, process: Process, change: ContactChange, fields: Fields) -> None:
        """PUT /users/{id} and its answer."""
        steps = self.users.put_contacts(change.user, fields, change)
        change.version = await self.scheduler.call(process, self.users, steps)
        change.told = await self._tell(process)

    async def _order(self, order_id: str, user_id: str) -> None:
        await self._pause()
        write = self._client_write(user_id, self._new_fields())
        await self._until_answered(
            write, lambda process: self._post_order(process, order_id, user_id, write)
        )
        for _ in range(self._random.choice(self._shape.clerks) - 1):
            self._act(self._edit(order_id, user_id))
        await self._edit(order_id, user_id)

    async def _edit(self, order_id: str, user_id: str) -> None:
        """What a clerk does, who may read the order first, and demand that it has not changed."""
        for _ in range(self._random.choice(self._shape.edits)):
            await self._pause()
            if self.orders.orders.durable(order_id) is None:
                return
            read = await self._read(order_id) if self._random.random() < 0.5 else None
            await self._pause()
            write = self._client_write(user_id, self._some_fields(), read)
            await self._until_answered(
                write,
                partial(self._put_details, order_id=order_id, user_id=user_id, write=write),
            )

    async def _post_order(
        self, process: Process, order_id: str, user_id: str, write: ClientWrite
    ) -> None:
        """POST /orders/ and its answer."""
        steps = self.orders.create(order_id, user_id, write)
        await self.scheduler.call(process, self.orders, steps)
        write.told = await self._tell(process)

    async def _put_details(
        self, process: Process, order_id: str, user_id: str, write: ClientWrite
    ) -> None:
        """PUT /orders/{id}/details and its answer."""
        steps = self.orders.update_details(order_id, user_id, write)
        is_done = await self.scheduler.call(process, self.orders, steps)
        answered = await self._tell(process)
        write.told, write.refused = (answered, None) if is_done else (None, answered)

    async def _read(self, order_id: str) -> OrderState | None:
        """GET /orders/{id}; None where the database is away."""
        try:
            return await self.scheduler.call(self._harness, self.orders, self.orders.show(order_id))
        except DatabaseUnavailable:
            return None

    async def _until_answered(
        self,
        request: ClientWrite | ContactChange,
        serve: Callable[[Process], Coroutine[Any, Any, None]],
    ) -> None:
        """Have a request served; where it has a key, again until it is answered."""
        while True:
            await self._request(serve)
            is_refused = isinstance(request, ClientWrite) and request.refused is not None
            if not request.has_key or request.told is not None or is_refused:
                return
            await self._pause()

    def _draw_key(self) -> bool:
        return self._random.random() < 0.5

    def _client_write(
        self, user_id: str, fields: Fields, read: OrderState | None = None
    ) -> ClientWrite:
        known = self.orders.known(user_id)
        write = ClientWrite(
            fields, self.scheduler.steps, known, has_key=self._draw_key(), expects=read
        )
        self.history.writes.append(write)
        return write

    async def _tell(self, process: Process) -> int:
        """The answer to a client arrives: a step of its own. Returns when."""
        await self.scheduler.call(process, "client", _steps(1))
        return self.scheduler.steps

    async def _pause(self) -> None:
        """Let others go on for a while."""
        await self.scheduler.call(
            self._harness, "nowhere", _steps(self._random.randint(0, self._most_pause))
        )

    def _new_fields(self) -> Fields:
        """Contact data that nobody has written yet."""
        self._values += 1
        text = f"w{self._values}"
        address = dict.fromkeys(
            (
                DeliveryAddress.street,
                DeliveryAddress.city,
                DeliveryAddress.state,
                DeliveryAddress.postalCode,
                DeliveryAddress.country,
            ),
            text,
        )
        return {Order.userEmails: (f"{text}@example.com",), Order.deliveryAddress: address}

    def _some_fields(self) -> Fields:
        """Both fields, or one of them."""
        names = self._random.choice(((Order.userEmails,), (UserFields.deliveryAddress,), None))
        fields = self._new_fields()
        return fields if names is None else {name: fields[name] for name in names}

    async def _relay(self, process: Process, connection: StandInBroker) -> None:
        relay = Relay(
            self._parts.outbox(self.users, process),
            StandInDivisions(self.users, process),
            connection,
            {CONTACTS: [self._topology.entry]},
            events=self._shared.events,
            clock=VirtualClock(self.scheduler, process),
            metrics=self._shared.relay_metrics,
            window=self._random.choice(self._shape.windows),
            busy_after=self._random.choice((1, 2, BUSY_AFTER)),
        )
        await relay.run()

    async def _consumer(self, process: Process, connection: StandInBroker) -> None:
        clock, metrics = VirtualClock(self.scheduler, process), self._shared.consumer_metrics
        consumer = Consumer(
            self._parts.sync(
                self._parts.store(self.orders, process),
                clock,
                metrics.updated,
                self._random.choice(self._shape.limits),
            ),
            connection,
            self._topology,
            events=self._shared.events,
            clock=clock,
            metrics=metrics,
            window=self._random.choice(self._shape.windows),
        )
        wanted = self._random.choice(self._shape.parts)
        parts = QueueParts(
            self._parts.parts(self.orders, process),
            connection,
            partial(Topology, _QUEUE, _RETRY_PAUSES, wanted),
            wanted,
            prefetch=1,
            clock=clock,
            problems=Problems("database"),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(parts.run())
            tasks.create_task(consumer.run())

    # How they live

    def _act(self, actor: Coroutine[Any, Any, None]) -> None:
        task = self.scheduler.create_task(actor)
        self._actors.append(task)
        self._tasks.append(task)

    def _serve(
        self, name: str, work: Callable[[Process, StandInBroker], Coroutine[Any, Any, None]]
    ) -> None:
        process = Process(name)
        _, if_returned = for_publishing([self._topology.updates])
        connection = self._parts.connection(self.broker, process, if_returned)
        task = self.scheduler.create_task(work(process, connection))
        self._tasks.append(task)
        self._services.append(Service(name, work, process, connection, task))

    async def _request(self, serve: Callable[[Process], Coroutine[Any, Any, None]]) -> None:
        """Have a request served; returns when it was, when it failed, or when it was killed."""
        process = Process("request")
        over: asyncio.Future[None] = self.scheduler.create_future()
        self._requests[process] = over

        async def to_its_end() -> None:
            try:
                await serve(process)
            except DatabaseUnavailable:
                pass  # the client gets a 503
            finally:
                if not over.done():
                    over.set_result(None)

        self._tasks.append(self.scheduler.create_task(to_its_end()))
        await over
        del self._requests[process]

    # What happens to them

    def _is_over(self) -> bool:
        if self.history.violations:
            return True
        if self.scheduler.steps > MAX_STEPS:
            self.history.violations.append("guarantee 1: it never comes to rest")
            return True
        return (
            not self.scheduler.operations
            and all(actor.done() for actor in self._actors)
            and not self.users.has_duties()
            and self.broker.is_empty()
        )

    def _chance(self, fault: str) -> bool:
        """Whether this fault happens to a message now."""
        if self._faults_left and self._random.random() < _MESSAGE_FAULT_CHANCE:
            self._note(fault)
            return True
        return False

    def _maybe_fault(self) -> None:
        if self._faults_left and self._random.random() < self._fault_chance:
            name = self._random.choice(self._shape.fault_kinds or tuple(self._fault_actions))
            self.scheduler.note(f"perhaps: {name}")
            if self._fault_actions[name]():
                self._note(name)

    def _note(self, fault: str) -> None:
        self._faults_left -= 1
        self._faults.append(fault)
        self.scheduler.note(f"fault: {fault}")

    @property
    def _fault_actions(self) -> dict[str, Callable[[], bool]]:
        return {
            "service killed": self._kill_service,
            "service stopped": self._stop_service,
            "request killed": self._kill_request,
            "connection lost": self._lose_connection,
            "broker restarted": self._restart_broker,
            "user database crashed": lambda: self._crash(self.users),
            "order database crashed": lambda: self._crash(self.orders),
            "operation failed": self._fail_operation,
            "write refused": self._refuse_write,
        }

    def _kill_service(self) -> bool:
        service = self._random.choice(self._services)
        self._kill(service.process)
        service.connection.lose()
        self._replace(service)
        return True

    def _stop_service(self) -> bool:
        """SIGTERM: it may finish what it holds."""
        service = self._random.choice(self._services)
        if service.task.done():
            return False
        service.task.cancel()

        def ended(_: object) -> None:
            service.process.alive = False
            service.connection.lose()

        service.task.add_done_callback(ended)
        self._replace(service)
        return True

    def _replace(self, service: Service) -> None:
        self._services.remove(service)
        self._serve(service.name, service.work)  # type: ignore[arg-type]

    def _kill_request(self) -> bool:
        if not self._requests:
            return False
        process = self._random.choice(list(self._requests))
        self._kill(process)
        over = self._requests[process]
        if not over.done():
            over.set_result(None)
        return True

    def _kill(self, process: Process) -> None:
        """What is on its way is lost, or is done after all, at once or later."""
        process.alive = False
        for operation in self._operations(lambda each: each.process is process):
            operation.answer = None
            fate = self._random.randint(0, 2)
            if fate == 0:
                self._drop(operation)
            elif fate == 1:
                while not operation.advance():
                    pass
                self.scheduler.operations.remove(operation)

    def _lose_connection(self) -> bool:
        self._random.choice(self._services).connection.lose()
        return True

    def _restart_broker(self) -> bool:
        self.broker.restart()
        return True

    def _crash(self, database: UserDatabase | OrderDatabase) -> bool:
        database.crash()
        for operation in self._operations(lambda each: each.place is database):
            operation.fail(DatabaseUnavailable("crashed"))
            self.scheduler.operations.remove(operation)
        return True

    def _fail_operation(self) -> bool:
        """A database does not answer in time; the server may do it after all."""
        found = self._operations(lambda each: each.place in (self.users, self.orders))
        if not found:
            return False
        operation = self._random.choice(found)
        operation.fail(DatabaseUnavailable("no answer"))
        if self._random.random() < 0.5:
            self._drop(operation)
        return True

    def _refuse_write(self) -> bool:
        """The order database refuses what a consumer asks for, after a part of it."""
        found = self._operations(
            lambda each: (
                each.place is self.orders
                and each.process.name.startswith("consumer")
                and not each.is_of(OrderDatabase.announce)
            )  # what is always the same is never refused
        )
        if not found:
            return False
        operation = self._random.choice(found)
        operation.fail(DatabaseRefused("refused"))
        self._drop(operation)
        return True

    def _drop(self, operation: Operation) -> None:
        """The server goes no further with it; what it has done stays."""
        self.scheduler.operations.remove(operation)
        if isinstance(operation.place, UserDatabase | OrderDatabase):
            self.scheduler.call(self._harness, operation.place, operation.place.settle())

    def _operations(self, wanted: Callable[[Operation], bool]) -> list[Operation]:
        return [each for each in self.scheduler.operations if wanted(each)]


class VirtualClock(Clock):
    """The scheduler's time, for a process."""

    def __init__(self, scheduler: Scheduler, process: Process) -> None:
        self._scheduler = scheduler
        self._process = process

    def now(self) -> datetime:
        """Now."""
        return EPOCH + timedelta(seconds=self._scheduler.time())

    def monotonic(self) -> float:
        """The scheduler's time."""
        return self._scheduler.time()

    async def sleep(self, seconds: float) -> None:
        """Return when everything else has come to rest, or earlier by chance.

        What is no longer than a request may take ends like one: whenever the seed says so.
        """
        if seconds < _AS_SHORT_AS_A_REQUEST_SECONDS:
            await self._scheduler.call(self._process, self, _pause())
        else:
            await asyncio.sleep(seconds)

    async def pause(self, backoff: Backoff) -> None:
        """See `Clock`: by the seed."""
        await self.sleep(backoff.pause() * self._scheduler.random.uniform(0.5, 1))


def _pause() -> Steps[None]:
    """Nothing, for a step."""
    yield


def run_history(seed: int, parts: Parts, shared: Shared, trace: list[str] | None = None) -> Verdict:
    """The history of this seed, the same every time; every step is told to `trace`."""
    return World(seed, parts, shared, trace).run()


def _steps(count: int) -> Steps[None]:
    for _ in range(count):
        yield
