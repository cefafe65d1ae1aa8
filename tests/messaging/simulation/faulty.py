"""Stand-ins that lack one guard each, by what they lack. Every one of them must be caught."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from messaging.broker import Address, BrokerError, Message
from storage.contacts import Contacts
from storage.outbox import OutboxEntry
from tests.messaging.simulation.broker import BrokerServer, StandInBroker, Stored
from tests.messaging.simulation.faulty_parts import FAULTY_PARTS
from tests.messaging.simulation.faulty_requests import FAULTY_REQUESTS
from tests.messaging.simulation.faulty_sweeps import FAULTY_SWEEPS
from tests.messaging.simulation.history import ClientWrite, ContactChange, Fields, OrderState
from tests.messaging.simulation.order_database import OrderDatabase, StandInContactsStore
from tests.messaging.simulation.scheduler import Process, Steps
from tests.messaging.simulation.user_database import User, UserDatabase
from tests.messaging.simulation.world import Parts


class IgnoresTheVersionOfOrders(OrderDatabase):
    """Updates all orders of the user, not only those with a lower version."""

    def is_behind(self, order: OrderState, contacts: Contacts) -> bool:
        """Always."""
        return order.version != contacts.version


class OverwritesNewerContacts(OrderDatabase):
    """Keeps whatever came last."""

    def is_newer(self, told: Contacts, known: Contacts | None) -> bool:  # noqa: ARG002
        """Always."""
        return True


class OrdersKnowNothing(OrderDatabase):
    """A new order does not take on the version that the database knows."""

    def create(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[None]:
        """With version 0."""
        yield
        self.orders.put(order_id, OrderState(user_id, write.fields, 0, (write,)))
        yield
        self.write_journal()


class DetailsTakeNothingOver(OrderDatabase):
    """A PUT details leaves the version of the order as it was."""

    def take_over(self, order: OrderState, contacts: Contacts) -> OrderState:  # noqa: ARG002
        """Nothing."""
        return order


class DetailsInTwoWrites(OrderDatabase):
    """A PUT details takes over what is newer in one write, and what was sent in another."""

    def update_details(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[bool]:
        """The version rises before the fields are there."""
        yield
        contacts = self.contacts.get(user_id)
        yield
        order = self.orders.get(order_id)
        assert order is not None
        if contacts is not None and contacts.version > order.version:
            self.orders.put(order_id, replace(order, version=contacts.version))
        self.write_journal()
        yield
        return (yield from super().update_details(order_id, user_id, write))


class DutyInASecondWrite(UserDatabase):
    """A PUT writes the change first, and the duty to publish it after that."""

    def put_contacts(
        self, user_id: str, fields: Fields, change: ContactChange | None = None
    ) -> Steps[int]:
        """Two updates."""
        yield
        user = self.users.get(user_id)
        assert user is not None
        if self.is_repeated(user, change):
            self.write_journal()
            return user.version
        version = user.version + 1
        seen = () if change is None else (*user.changes, change)
        written = replace(user, fields={**user.fields, **fields}, version=version, changes=seen)
        self.users.put(user_id, replace(written, requests=self.with_request(user, change)))
        self.write_journal()
        yield
        changed = self.users.get(user_id)
        assert changed is not None
        self.users.put(user_id, replace(changed, since=self.scheduler.steps))
        yield
        self.write_journal()
        return version


class RemovesDutiesBlindly(UserDatabase):
    """Removes the duty although a newer change has come meanwhile."""

    def may_remove_duty(self, user: User, change: OutboxEntry) -> bool:  # noqa: ARG002
        """Always."""
        return True


class PublishesWhatACrashUndoes(UserDatabase):
    """The relay reads changes that are not on the disk yet."""

    def seen_by_relay(self, user_id: str) -> User | None:
        """As everybody else sees it."""
        return self.users.get(user_id)

    def unpublished(self) -> Steps[list[str]]:
        """As everybody else sees them."""
        yield
        return [user_id for user_id, user in self.users.items() if user.since is not None]


class AcknowledgesOnDelivery(BrokerServer):
    """Forgets a message as soon as it is on its way."""

    def on_delivery(self, stored: Stored) -> None:
        """Forget it."""
        stored.contents.messages.remove(stored)


class ConfirmsBeforeStoring(BrokerServer):
    """Confirms at once, and stores after that; a restart may come between."""

    restarts = 0

    def publish(self, message: Message, to: Address) -> Steps[None]:
        """The confirm is on its way while the message is still in memory."""
        yield
        self.scheduler.call(Process("broker"), self, self._store(message, to, self.restarts))

    def _store(self, message: Message, to: Address, restarts: int) -> Steps[None]:
        yield
        if restarts == self.restarts:
            for each in self.route(message, to):
                self.store(message, each)

    def restart(self) -> None:
        """What was only in memory is gone."""
        self.restarts += 1
        super().restart()


class TakesReturnedForPublished(BrokerServer):
    """Does not heed that no queue took a message."""

    def on_return(self) -> None:
        """As if nothing had happened."""


class TakesUnconfirmedForPublished(StandInBroker):
    """Does not wait for confirms."""

    async def publish(self, message: Message, to: Address) -> None:
        """Whatever comes of it."""
        try:
            await super().publish(message, to)
        except BrokerError:
            return


class DoesNotReadAgain(StandInContactsStore):
    """Answers a second reading with what it answered to the first."""

    def __init__(self, server: OrderDatabase, process: Process) -> None:
        super().__init__(server, process)
        self._first: Mapping[str, Contacts] = {}

    async def put_if_newer(self, contacts: Collection[Contacts]) -> None:
        """Begins anew."""
        self._first = {}
        await super().put_if_newer(contacts)

    async def get(self, user_ids: Collection[str]) -> Mapping[str, Contacts]:
        """The first answer, from then on."""
        if not self._first:
            self._first = await super().get(user_ids)
        return self._first


FAULTY: Mapping[str, Parts] = {
    "ignores the version filter": Parts(orders=IgnoresTheVersionOfOrders),
    "lets older contact data overwrite newer": Parts(orders=OverwritesNewerContacts),
    "gives new orders no version": Parts(orders=OrdersKnowNothing),
    "edits details without taking over what is known": Parts(orders=DetailsTakeNothingOver),
    "edits details in two writes": Parts(orders=DetailsInTwoWrites),
    "writes change and duty in two writes": Parts(users=DutyInASecondWrite),
    "removes the duty whatever the version": Parts(users=RemovesDutiesBlindly),
    "publishes what a crash can undo": Parts(users=PublishesWhatACrashUndoes),
    "acknowledges on delivery": Parts(broker=AcknowledgesOnDelivery),
    "confirms before storing": Parts(broker=ConfirmsBeforeStoring),
    "takes a returned message for published": Parts(broker=TakesReturnedForPublished),
    "does not wait for confirms": Parts(connection=TakesUnconfirmedForPublished),
    "does not read the contact data again": Parts(store=DoesNotReadAgain),
    **FAULTY_REQUESTS,
    **FAULTY_SWEEPS,
    **FAULTY_PARTS,
}
"""By the guard that is removed."""
