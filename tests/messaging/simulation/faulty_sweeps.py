"""Sweeps that lack one guard each, by what they lack."""

import asyncio
from collections.abc import Mapping, Sequence

from messaging.sweeps import Sweeps
from messaging.sync import ContactsSync
from storage.contacts import Contacts
from tests.messaging.simulation.order_database import OrderDatabase
from tests.messaging.simulation.scheduler import Steps
from tests.messaging.simulation.world import Parts


class _AnswersAtOnce(Sweeps):
    def join(self, version: int, newest: Contacts) -> int | asyncio.Future[int]:
        super().join(version, newest)
        return version


class AcknowledgesWhenASweepBegins(ContactsSync):
    """Does not wait for the end of a sweep."""

    def _make_sweeps(self) -> Sweeps:
        slice_size = self._limits.of_a_slice
        return _AnswersAtOnce(self._store, self._clock, self._retrying, self._updated, slice_size)


class PassesOver(OrderDatabase):
    """Leaves out the last of those that are behind."""

    def behind(self, contacts: Contacts) -> Steps[list[str]]:
        """One less than there are, where there are several."""
        found = yield from super().behind(contacts)
        return found[:-1] if len(found) > 1 else found


class SlicesIgnoreTheVersion(OrderDatabase):
    """Updates what was found behind, whatever has become of it since."""

    def update_some_orders(self, contacts: Contacts, ids: Sequence[str]) -> Steps[int]:
        """Without looking again."""
        for order_id in ids:
            yield
            order = self.orders.get(order_id)
            assert order is not None
            self.sync(order_id, order, contacts)
        yield
        self.write_journal()
        return len(ids)


FAULTY_SWEEPS: Mapping[str, Parts] = {
    "acknowledges when a sweep begins": Parts(sync=AcknowledgesWhenASweepBegins),
    "passes over an order": Parts(orders=PassesOver),
    "updates a slice whatever the version": Parts(orders=SlicesIgnoreTheVersion),
}
"""By the guard that is removed."""
