"""The sync: from events to the orders of the users that they tell of."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from messaging.clock import Backoff, Clock
from messaging.events import Event
from models.fields.events import UserContactsChanged
from storage.contacts import Contacts, ContactsStore
from storage.durable import DatabaseRefused, DatabaseUnavailable, heed_cancellation


class ContactsSync:
    """An `Applier` that brings the orders of each user to the newest contact data of any event.

    Right whatever is delivered twice, late or in another order, and whoever else does the same:
    an event is never skipped as a whole, however old, because whoever began to apply a newer one
    may have died over it.
    """

    def __init__(
        self, store: ContactsStore, clock: Clock, updated: Callable[[int], object]
    ) -> None:
        """`updated` is told how many orders were brought to newer data, as often as some were."""
        self._store = store
        self._clock = clock
        self._updated = updated
        self._log = structlog.get_logger()

    async def __call__(self, events: Sequence[Event]) -> Mapping[Event, int | Exception]:
        """See `Applier`."""
        told = {event: _contacts(event) for event in events}
        outcomes = await self._apply(_newest(told.values()))
        return {event: outcomes[contacts.user_id] for event, contacts in told.items()}

    async def known_versions(self, event: str, keys: Sequence[str]) -> dict[str, int]:
        """See `Applier`."""
        del event  # there is one
        return await self._store.known_versions(keys)

    async def _apply(self, contacts: Sequence[Contacts]) -> Mapping[str, int | Exception]:
        """Which version the orders of each of these users now have, or why not, by user."""
        try:
            reached = await self._bring_into_step(contacts)
            return {user_id: each.version for user_id, each in reached.items()}
        except DatabaseRefused as error:
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
            self._log.exception("event_failed")
            failure = error
        if len(contacts) == 1:
            return {contacts[0].user_id: failure}
        outcomes: dict[str, int | Exception] = {}
        for each in contacts:
            outcomes |= await self._apply([each])
        return outcomes

    async def _bring_into_step(self, contacts: Sequence[Contacts]) -> Mapping[str, Contacts]:
        """Do it, however long the database is away. Raises DatabaseRefused."""
        backoff = Backoff(first=0.1, most=5)
        while True:
            try:
                return await self._try_to_bring_into_step(contacts)
            except DatabaseUnavailable as error:
                self._log.warning("order_database_unavailable", reason=error)
                heed_cancellation()
                await self._clock.sleep(backoff.pause())

    async def _try_to_bring_into_step(self, contacts: Sequence[Contacts]) -> Mapping[str, Contacts]:
        await self._store.put_if_newer(contacts)
        newest = await self._store.get([each.user_id for each in contacts])
        if any(newest[each.user_id].version < each.version for each in contacts):
            raise DatabaseUnavailable("what was written is not there")
        behind = newest
        while behind:
            orders = await self._store.update_orders(behind.values(), self._clock.now())
            self._updated(orders)
            # Somebody else may have told newer data and brought all orders but a new one into
            # step before this wrote older data to that one.
            again = await self._store.get(behind.keys())
            behind = {
                user_id: each
                for user_id, each in again.items()
                if each.version != newest[user_id].version
            }
            newest = {**newest, **behind}
        return newest


def _contacts(event: Event) -> Contacts:
    body = event.body
    emails = tuple(body[UserContactsChanged.userEmails])
    return Contacts(event.key, event.version, emails, body[UserContactsChanged.deliveryAddress])


def _newest(contacts: Iterable[Contacts]) -> list[Contacts]:
    """The newest of each user."""
    newest: dict[str, Contacts] = {}
    for each in contacts:
        if each.user_id not in newest or newest[each.user_id].version < each.version:
            newest[each.user_id] = each
    return list(newest.values())
