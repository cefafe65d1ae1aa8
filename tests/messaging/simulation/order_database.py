"""A stand-in for the order database: what order service and consumer do there, step by step."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from models.fields.order import Order
from storage.contacts import Contacts
from storage.repeats import KEPT
from tests.messaging.simulation import journal
from tests.messaging.simulation.history import ClientWrite, Fields, History, OrderState
from tests.messaging.simulation.scheduler import GAP, Process, Scheduler, Steps

_JOURNAL_STEPS = 3


class OrderDatabase:
    """One server. Every method that returns `Steps` is what it does for one request."""

    def __init__(self, scheduler: Scheduler, history: History) -> None:
        self.journal = journal.Journal()
        self.contacts: journal.Collection[str, Contacts] = journal.Collection(self.journal)
        self.orders: journal.Collection[str, OrderState] = journal.Collection(self.journal)
        self.scheduler = scheduler
        self._history = history
        self._known: dict[str, int] = {}
        self.parts = 1

    def known(self, user_id: str) -> int:
        """The newest version of this user's contact data that it has ever had on its disk."""
        return self._known.get(user_id, 0)

    def write_journal(self) -> None:
        """Make everything durable."""
        self.journal.flush()
        for user_id, contacts in self.contacts.items():
            self._known[user_id] = max(self.known(user_id), contacts.version)

    def settle(self) -> Steps[None]:
        """Write the journal some time, although nobody waits for it."""
        yield
        self.write_journal()

    def create(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[None]:
        """POST /orders/: reads the version, then inserts. A key says which id it is."""
        yield
        contacts = self.contacts.get(user_id)
        version = contacts.version if contacts else 0
        while True:
            yield GAP
            order_id = self.id_of(order_id, write)
            if self.orders.get(order_id) is None:
                self.orders.put(order_id, self.new(user_id, write, version))
                break
            yield from self.read_newest()
            if self.orders.get(order_id) is not None:  # it can only have been this request
                return
        yield from self.wait_for_journal()

    def update_details(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[bool]:
        """PUT details: reads the newest contact data, then updates the order in one step.

        Answers whether the order was as its client has read it.
        """
        yield
        contacts = self.contacts.get(user_id)
        while True:
            yield GAP
            order = self.orders.get(order_id)
            assert order is not None
            if not self.is_repeated(order, write) and self.is_expected(order, write):
                break
            yield from self.read_newest()
            order = self.orders.get(order_id)
            assert order is not None
            if self.is_repeated(order, write):
                return True
            if not self.is_expected(order, write):
                return False
        self.change(order_id, order, contacts, write)
        yield from self.wait_for_journal()
        return True

    def change(
        self, order_id: str, order: OrderState, contacts: Contacts | None, write: ClientWrite
    ) -> None:
        """Write what the client sent over what is newest, and the request with it."""
        self._history.applied(order_id, order, write)
        if contacts is not None and contacts.version > order.version:
            order = self.take_over(order, contacts)
        changed = replace(
            order,
            fields={**order.fields, **write.fields},
            writes=(*order.writes, write),
            requests=self.with_request(order, write),
            revision=order.revision + 1,
        )
        self.orders.put(order_id, changed)

    def show(self, order_id: str) -> Steps[OrderState | None]:
        """GET /orders/{id}: what can no more be lost."""
        yield
        return self.orders.durable(order_id)

    def new(self, user_id: str, write: ClientWrite, version: int) -> OrderState:
        """What is inserted."""
        return OrderState(user_id, write.fields, version, (write,))

    def id_of(self, order_id: str, write: ClientWrite) -> str:  # noqa: ARG002
        """The id of a new order: the same each time that its request comes."""
        return order_id

    def with_request(self, order: OrderState, write: ClientWrite) -> tuple[ClientWrite, ...]:
        """The requests that an order knows after a write."""
        return (*order.requests, write)[-KEPT:] if write.has_key else order.requests

    def is_repeated(self, order: OrderState, write: ClientWrite) -> bool:
        """Whether the order knows the request."""
        return write.has_key and write in order.requests

    def is_expected(self, order: OrderState, write: ClientWrite) -> bool:
        """Whether its ETag is the one that the client sends."""
        return write.expects is None or order.etag == write.expects.etag

    def wait_for_journal(self) -> Steps[None]:
        """It is not written at once: others see what is not on the disk yet."""
        for _ in range(_JOURNAL_STEPS):
            yield GAP
        self.write_journal()

    def read_newest(self) -> Steps[None]:
        """A linearizable read: what it finds is on the disk."""
        yield
        self.write_journal()

    def take_over(self, order: OrderState, contacts: Contacts) -> OrderState:
        """The order with what is newer in `contacts`."""
        return replace(order, fields=shared(contacts), version=contacts.version)

    def announce(self, parts: int) -> Steps[int]:
        """Raise how many parts there have been; on the disk when it answers."""
        yield
        self.parts = max(self.parts, parts)
        yield
        return self.parts

    def put_if_newer(self, contacts: Collection[Contacts]) -> Steps[None]:
        """One atomic step a user."""
        for each in contacts:
            yield
            if self.is_newer(each, self.contacts.get(each.user_id)):
                self.contacts.put(each.user_id, each)
        yield
        self.write_journal()

    def is_newer(self, told: Contacts, known: Contacts | None) -> bool:
        """Whether what an event tells is to be kept."""
        return known is None or known.version < told.version

    def get(self, user_ids: Collection[str]) -> Steps[Mapping[str, Contacts]]:
        """The newest known, by user."""
        yield
        found = ((user_id, self.contacts.get(user_id)) for user_id in user_ids)
        return {user_id: contacts for user_id, contacts in found if contacts is not None}

    def count_orders(self, user_ids: Collection[str], most: int) -> Steps[Mapping[str, int]]:
        """In the order of the index."""
        yield
        users = sorted(order.user for _, order in self.orders.items() if order.user in user_ids)
        return Counter(users[:most])

    def behind(self, contacts: Contacts) -> Steps[list[str]]:
        """Those that have a lower version, as they are now."""
        yield
        return sorted(
            order_id
            for order_id, order in self.orders.items()
            if order.user == contacts.user_id and self.is_behind(order, contacts)
        )

    def update_some_orders(self, contacts: Contacts, ids: Sequence[str]) -> Steps[int]:
        """One atomic step an order."""
        updated = 0
        for order_id in ids:
            yield GAP
            order = self.orders.get(order_id)
            if order is not None and self.is_behind(order, contacts):
                self.sync(order_id, order, contacts)
                updated += 1
        yield
        self.write_journal()
        return updated

    def sync(self, order_id: str, order: OrderState, contacts: Contacts) -> None:
        """Bring an order to contact data."""
        self._history.synced(order_id, order, contacts.version)
        synced = replace(order, fields=shared(contacts), version=contacts.version)
        self.orders.put(order_id, synced)

    def update_orders(self, contacts: Collection[Contacts]) -> Steps[int]:
        """One atomic step an order, along the index on (userId, contactVersion)."""
        updated = 0
        for each in contacts:
            place = (-1, "")
            yield
            while (found := self._next_order(each, place)) is not None:
                order = self.orders.get(found[1])
                assert order is not None
                self.sync(found[1], order, each)
                place = found
                updated += 1
                yield
        yield
        self.write_journal()
        return updated

    def _next_order(self, contacts: Contacts, place: tuple[int, str]) -> tuple[int, str] | None:
        """The first order behind `place` in the index that is to be updated."""
        behind = [
            (order.version, order_id)
            for order_id, order in self.orders.items()
            if order.user == contacts.user_id
            and self.is_behind(order, contacts)
            and (order.version, order_id) > place
        ]
        return min(behind, default=None)

    def is_behind(self, order: OrderState, contacts: Contacts) -> bool:
        """Whether a sync may touch the order."""
        return order.version < contacts.version

    def crash(self) -> None:
        """Lose what is not on the disk."""
        self.journal.crash()


class StandInContactsStore:
    """`ContactsStore` of one process, on the stand-in."""

    def __init__(self, server: OrderDatabase, process: Process) -> None:
        self._server = server
        self._process = process
        self._call = server.scheduler.call

    async def put_if_newer(self, contacts: Collection[Contacts]) -> None:
        """See `ContactsStore`."""
        steps = self._server.put_if_newer(list(contacts))
        await self._call(self._process, self._server, steps)

    async def get(self, user_ids: Collection[str]) -> Mapping[str, Contacts]:
        """See `ContactsStore`."""
        steps = self._server.get(list(user_ids))
        return await self._call(self._process, self._server, steps)

    async def known_versions(self, user_ids: Sequence[str]) -> dict[str, int]:
        """See `ContactsStore`."""
        return {user_id: self._server.known(user_id) for user_id in user_ids}

    async def update_orders(self, contacts: Collection[Contacts], now: datetime) -> int:  # noqa: ARG002
        """See `ContactsStore`."""
        steps = self._server.update_orders(list(contacts))
        return await self._call(self._process, self._server, steps)

    async def count_orders(self, user_ids: Collection[str], most: int) -> Mapping[str, int]:
        """See `ContactsStore`."""
        steps = self._server.count_orders(list(user_ids), most)
        return await self._call(self._process, self._server, steps)

    async def behind(self, contacts: Contacts, most: int) -> AsyncGenerator[list[str], None]:
        """See `ContactsStore`."""
        found = await self._call(self._process, self._server, self._server.behind(contacts))
        for at in range(0, len(found), most):
            yield found[at : at + most]

    async def update_some_orders(
        self,
        contacts: Contacts,
        ids: Sequence[str],
        now: datetime,  # noqa: ARG002
    ) -> int:
        """See `ContactsStore`."""
        steps = self._server.update_some_orders(contacts, ids)
        return await self._call(self._process, self._server, steps)


class StandInParts:
    """`PartsStore` of one process, on the stand-in."""

    def __init__(self, server: OrderDatabase, process: Process) -> None:
        self._server = server
        self._process = process

    async def announce(self, parts: int) -> int:
        """See `PartsStore`."""
        steps = self._server.announce(parts)
        return await self._server.scheduler.call(self._process, self._server, steps)


def shared(contacts: Contacts) -> Fields:
    """What an order takes over."""
    return {
        Order.userEmails: contacts.user_emails,
        Order.deliveryAddress: contacts.delivery_address,
    }
