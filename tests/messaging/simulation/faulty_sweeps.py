"""Sweeps that lack one guard each, by what they lack."""

import asyncio
from collections.abc import Mapping

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


class FindsTooFew(OrderDatabase):
    """Says of a full slice that there was nothing besides."""

    def update_some_orders(self, contacts: Contacts, most: int) -> Steps[tuple[int, int]]:
        """One less than there were."""
        found, updated = yield from super().update_some_orders(contacts, most)
        return found - 1, updated


class SlicesIgnoreTheVersion(OrderDatabase):
    """Updates what it found behind, whatever has become of it since."""

    def update_some_orders(self, contacts: Contacts, most: int) -> Steps[tuple[int, int]]:
        """Without looking again."""
        yield
        behind = [
            order_id
            for order_id, order in self.orders.items()
            if order.user == contacts.user_id and self.is_behind(order, contacts)
        ]
        found = sorted(behind)[:most]
        for order_id in found:
            yield
            order = self.orders.get(order_id)
            assert order is not None
            self.sync(order_id, order, contacts)
        yield
        self.write_journal()
        return len(found), len(found)


FAULTY_SWEEPS: Mapping[str, Parts] = {
    "acknowledges when a sweep begins": Parts(sync=AcknowledgesWhenASweepBegins),
    "takes a full slice for the last": Parts(orders=FindsTooFew),
    "updates a slice whatever the version": Parts(orders=SlicesIgnoreTheVersion),
}
"""By the guard that is removed."""
