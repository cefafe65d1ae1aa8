"""Stand-ins that lack one guard each of requests that come again, or that demand a state."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from storage.contacts import Contacts
from tests.messaging.simulation.history import ClientWrite, ContactChange, OrderState
from tests.messaging.simulation.order_database import OrderDatabase
from tests.messaging.simulation.scheduler import GAP, Steps
from tests.messaging.simulation.user_database import User, UserDatabase
from tests.messaging.simulation.world import Parts


class DrawsANewId(OrderDatabase):
    """A POST that comes again makes an order of another id."""

    def id_of(self, order_id: str, write: ClientWrite) -> str:
        """One that there is not yet."""
        if not write.has_key:
            return order_id
        return next(
            name
            for number in count()
            if self.orders.get(name := f"{order_id}-{number}" if number else order_id) is None
        )


class OrdersForgetRequests(OrderDatabase):
    """An update keeps nothing of its request."""

    def with_request(
        self,
        order: OrderState,
        write: ClientWrite,  # noqa: ARG002
    ) -> tuple[ClientWrite, ...]:
        """None."""
        return order.requests


class UsersForgetRequests(UserDatabase):
    """The same of users."""

    def with_request(
        self,
        user: User,
        change: ContactChange | None,  # noqa: ARG002
    ) -> tuple[ContactChange, ...]:
        """None."""
        return user.requests


class RequestInASecondWrite(OrderDatabase):
    """An update keeps its request in another write after that."""

    def change(
        self, order_id: str, order: OrderState, contacts: Contacts | None, write: ClientWrite
    ) -> None:
        """Only the first."""
        super().change(order_id, order, contacts, write)
        changed = self.orders.get(order_id)
        assert changed is not None
        self.orders.put(order_id, replace(changed, requests=order.requests))

    def update_details(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[bool]:
        """Both."""
        is_done = yield from super().update_details(order_id, user_id, write)
        yield
        order = self.orders.get(order_id)
        if is_done and order is not None and write in order.writes:
            requests = super().with_request(order, write)
            self.orders.put(order_id, replace(order, requests=requests))
        yield
        self.write_journal()
        return is_done


class LooksForRequestsBefore(OrderDatabase):
    """Whether a request was carried out is asked before the update, and not in it."""

    def is_repeated(self, order: OrderState, write: ClientWrite) -> bool:  # noqa: ARG002
        """Asked in `update_details`."""
        return False

    def update_details(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[bool]:
        """First the one, then the other."""
        yield
        order = self.orders.get(order_id)
        assert order is not None
        if super().is_repeated(order, write):
            yield from self.read_newest()
            return True
        yield GAP
        return (yield from super().update_details(order_id, user_id, write))


class LooksAtTheStateBefore(OrderDatabase):
    """Whether the order is as its client has read it is asked before the update, and not in it."""

    def is_expected(self, order: OrderState, write: ClientWrite) -> bool:  # noqa: ARG002
        """Asked in `update_details`."""
        return True

    def update_details(self, order_id: str, user_id: str, write: ClientWrite) -> Steps[bool]:
        """First the one, then the other."""
        yield
        order = self.orders.get(order_id)
        assert order is not None
        if not self.is_repeated(order, write) and not super().is_expected(order, write):
            yield from self.read_newest()
            return False
        yield GAP
        return (yield from super().update_details(order_id, user_id, write))


class StateBeforeRequest(OrderDatabase):
    """A request that comes again is refused for the state that it has itself changed."""

    def is_repeated(self, order: OrderState, write: ClientWrite) -> bool:
        """Only where the state is as it was."""
        return self.is_expected(order, write) and super().is_repeated(order, write)


class AnswersWhatACrashUndoes(OrderDatabase):
    """A request that comes again is answered although the first is not on the disk."""

    def read_newest(self) -> Steps[None]:
        """Whatever there is."""
        yield


class ShowsWhatACrashUndoes(OrderDatabase):
    """Clients read what is not on the disk; its ETag will be another state's."""

    def show(self, order_id: str) -> Steps[OrderState | None]:
        """As everybody sees it."""
        yield
        return self.orders.get(order_id)


class IgnoresTheSync(OrderDatabase):
    """The ETag is as it was after the sync has changed the order."""

    def is_expected(self, order: OrderState, write: ClientWrite) -> bool:
        """Whether clients have changed it."""
        return write.expects is None or order.revision == write.expects.revision


FAULTY_REQUESTS: Mapping[str, Parts] = {
    "draws another id for a request that comes again": Parts(orders=DrawsANewId),
    "keeps no request with an order": Parts(orders=OrdersForgetRequests),
    "keeps no request with a user": Parts(users=UsersForgetRequests),
    "keeps the request in a second write": Parts(orders=RequestInASecondWrite),
    "looks for the request before the update": Parts(orders=LooksForRequestsBefore),
    "looks at the state before the update": Parts(orders=LooksAtTheStateBefore),
    "looks at the state before the request": Parts(orders=StateBeforeRequest),
    "answers again what a crash can undo": Parts(orders=AnswersWhatACrashUndoes),
    "shows what a crash can undo": Parts(orders=ShowsWhatACrashUndoes),
    "leaves the sync out of the ETag": Parts(orders=IgnoresTheSync),
}
"""By the guard that is removed."""
