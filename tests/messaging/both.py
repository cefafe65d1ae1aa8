"""One set of promises, two who keep them: the stand-ins of the simulation, and the real parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from messaging.broker import Broker
from messaging.session import ConsumeOptions
from messaging.topology import Topology
from models.fields.order import Order as OrderFields
from models.fields.user import User as UserFields
from storage.contacts import ContactsStore
from storage.errors import PreconditionFailedError
from storage.outbox import Outbox
from storage.system_fields import CONTACT_VERSION, REVISION, SYSTEM, name_of, value_of
from tests.examples import ADDRESS
from tests.messaging.rabbitmq import RabbitServer
from tests.messaging.simulation.broker import BrokerServer, StandInBroker
from tests.messaging.simulation.history import FIELDS, ClientWrite, Fields, History
from tests.messaging.simulation.order_database import OrderDatabase, StandInContactsStore
from tests.messaging.simulation.scheduler import Process, Scheduler
from tests.messaging.simulation.user_database import StandInOutbox, User, UserDatabase
from tests.messaging.system import RETRY_PAUSES, System, new_system
from tests.requests import request


@dataclass(frozen=True)
class Order:
    """What an order says about its user, the version that it knows, and how often it was edited."""

    fields: Fields
    version: int
    revision: int


class Sync(Protocol):
    """All that the sync connects, empty at first."""

    topology: Topology
    outbox: Outbox
    store: ContactsStore

    async def new_user(self) -> str:
        """POST /users/; answers the userId."""

    async def put_contacts(self, user_id: str, fields: Fields) -> None:
        """PUT /users/{id}, with the fields by an order's names for them."""

    async def new_order(self, user_id: str) -> str:
        """POST /orders/ with `fields(0)`; answers the orderId."""

    async def put_details(
        self, order_id: str, fields: Fields, key: str | None = None, read: Order | None = None
    ) -> bool:
        """PUT details, with a key, and of an order as it was read; whether it was so still."""

    async def order(self, order_id: str) -> Order:
        """What is stored of an order."""

    def connect(self) -> AbstractAsyncContextManager[Broker]:
        """A connection that receives events, lost at the end."""


Behaviour = Callable[[Sync], Awaitable[None]]
Run = Callable[[Behaviour], None]
"""Does what a behaviour says, on whichever of the two."""


def behaviour(test: Behaviour) -> Callable[[Run], None]:
    """A test that holds on the stand-ins and on the real parts."""

    def on_both(run: Run) -> None:
        run(test)

    on_both.__name__ = test.__name__
    on_both.__doc__ = test.__doc__
    return on_both


def fields(number: int) -> Fields:
    """Contact data, other for each number."""
    return {
        OrderFields.userEmails: (f"v{number}@example.com",),
        OrderFields.deliveryAddress: ADDRESS | {"street": f"street {number}"},
    }


class StandIns:
    """`Sync` on the stand-ins, in their order, without faults."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(seed=0)
        self.topology = Topology("updates", RETRY_PAUSES)
        self._process = Process("test")
        self._users = UserDatabase(self.scheduler, History())
        self._orders = OrderDatabase(self.scheduler, History())
        self._keyed: dict[str, ClientWrite] = {}
        self._broker = BrokerServer(
            self.scheduler, self.topology, lambda _fault: False, in_order=True
        )
        self.outbox: Outbox = StandInOutbox(self._users, self._process)
        self.store: ContactsStore = StandInContactsStore(self._orders, self._process)

    async def new_user(self) -> str:
        """See `Sync`."""
        user_id = f"u{len(self._users.users.items())}"
        self._users.users.put(user_id, User(fields(1)))
        self._users.write_journal()
        return user_id

    async def put_contacts(self, user_id: str, fields: Fields) -> None:
        """See `Sync`."""
        steps = self._users.put_contacts(user_id, fields)
        await self.scheduler.call(self._process, self._users, steps)

    async def new_order(self, user_id: str) -> str:
        """See `Sync`."""
        order_id = f"o{len(self._orders.orders.items())}"
        steps = self._orders.create(order_id, user_id, ClientWrite(fields(0), 0, 0))
        await self.scheduler.call(self._process, self._orders, steps)
        return order_id

    async def put_details(
        self, order_id: str, fields: Fields, key: str | None = None, read: Order | None = None
    ) -> bool:
        """See `Sync`."""
        order = self._orders.orders.get(order_id)
        assert order is not None
        expects = None
        if read is not None:
            expects = replace(order, version=read.version, revision=read.revision)
        write = ClientWrite(fields, 0, 0, has_key=key is not None, expects=expects)
        if key is not None:
            write = self._keyed.setdefault(key, write)
        steps = self._orders.update_details(order_id, order.user, write)
        return await self.scheduler.call(self._process, self._orders, steps)

    async def order(self, order_id: str) -> Order:
        """See `Sync`."""
        order = self._orders.orders.get(order_id)
        assert order is not None
        return Order(order.fields, order.version, order.revision)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Broker]:
        """See `Sync`."""
        connection = StandInBroker(self._broker, self._process)
        queues = tuple(each.name for each in self.topology.parts)
        await connection.declare(self.topology.for_consuming(), ConsumeOptions(queues, 512))
        yield connection
        connection.lose()


class RealParts:
    """`Sync` on MongoDB and RabbitMQ, through what the services use."""

    def __init__(self, system: System) -> None:
        self.topology = system.topology
        self.outbox: Outbox = system.outbox
        self.store: ContactsStore = system.store
        self._system = system

    async def new_user(self) -> str:
        """See `Sync`."""
        return await self._system.new_user()

    async def put_contacts(self, user_id: str, fields: Fields) -> None:
        """See `Sync`."""
        names = dict(zip(FIELDS, (UserFields.emails, UserFields.deliveryAddress), strict=True))
        changed = {names[name]: value for name, value in _json(fields).items()}
        await self._system.users.update_contacts(user_id, changed, {})

    async def new_order(self, user_id: str) -> str:
        """See `Sync`."""
        order_id = await self._system.new_order(user_id)
        orders = self._system.client[self._system.mongo.orders]["orders"]
        await orders.update_one({"_id": order_id}, {"$set": _json(fields(0))})
        return order_id

    async def put_details(
        self, order_id: str, fields: Fields, key: str | None = None, read: Order | None = None
    ) -> bool:
        """See `Sync`."""
        etag = None if read is None else f'"{read.revision}-{read.version}"'
        with request(key, if_match=etag):
            try:
                await self._system.orders.update_details(order_id, _json(fields))
            except PreconditionFailedError:
                return False
        return True

    async def order(self, order_id: str) -> Order:
        """See `Sync`."""
        stored = await self._system.stored_order(order_id)
        emails, address = tuple(stored[OrderFields.userEmails]), stored[OrderFields.deliveryAddress]
        return Order(
            dict(zip(FIELDS, (emails, address), strict=True)),
            value_of(stored, CONTACT_VERSION),
            stored[SYSTEM].get(name_of(REVISION), 0),
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Broker]:
        """See `Sync`."""
        async with self._system.broker(receives=True) as broker:
            yield broker


def run_on_stand_ins(test: Behaviour) -> None:
    """In the scheduler's time."""
    stand_ins = StandIns()
    task = stand_ins.scheduler.create_task(_await(test, stand_ins))
    stand_ins.scheduler.run_until(task.done, lambda: None)
    stand_ins.scheduler.close()
    task.result()


def run_on_real_parts(test: Behaviour, rabbitmq: RabbitServer) -> None:
    """On databases and queues of its own."""

    async def on_a_new_system() -> None:
        async with new_system(rabbitmq) as system:
            await test(RealParts(system))

    asyncio.run(on_a_new_system())


async def _await(test: Behaviour, sync: Sync) -> None:
    await test(sync)


def _json(fields: Fields) -> dict[str, Any]:
    return {
        name: dict(value) if isinstance(value, Mapping) else list(value)
        for name, value in fields.items()
    }
