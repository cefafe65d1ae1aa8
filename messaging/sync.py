"""The sync: from events to the orders of the users that they tell of."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from health.problems import Problems
from messaging.clock import Clock
from messaging.consumer import Outcome
from messaging.events import Event
from messaging.retrying import Retrying
from messaging.sweeps import SLICE, Sweeps
from models.fields.events import UserContactsChanged
from storage.contacts import Contacts, ContactsStore
from storage.mongo_io import DatabaseRefused, DatabaseUnavailable
from storage.origin import Origin


@dataclass(frozen=True)
class Limits:
    """How many orders a user may have, and all users of a window, to be updated with the window.

    The orders of others are swept beside it, in slices.
    """

    of_a_user: int = 500
    of_a_window: int = 5000
    of_a_slice: int = SLICE


class ContactsSync:
    """An `Applier` that brings the orders of each user to the newest contact data of any event.

    Right whatever is delivered twice, late or in another order, and whoever else does the same:
    an event is never skipped as a whole, however old, because whoever began to apply a newer one
    may have died over it. Nobody waits for a user with many orders, but who tells of that user.
    """

    def __init__(
        self,
        store: ContactsStore,
        clock: Clock,
        updated: Callable[[int], object],
        limits: Limits | None = None,
        problems: Problems | None = None,
    ) -> None:
        """`updated` is told how many orders were brought to newer data, as often as some were.

        `problems` are those of the database.
        """
        self._store = store
        self._clock = clock
        self._updated = updated
        self._limits = limits or Limits()
        self._retrying = Retrying(clock, problems or Problems("database"))
        self._sweeps = self._make_sweeps()
        self._log = structlog.get_logger()

    async def __call__(self, events: Sequence[Event]) -> Mapping[Event, Outcome]:
        """See `Applier`."""
        told = {event: _contacts(event) for event in events}
        newest = _newest(told.values())
        outcomes = await self._apply([*newest.values()])
        found: dict[Event, Outcome] = {}
        for event, contacts in told.items():
            outcome, stands = outcomes[contacts.user_id], newest[contacts.user_id]
            # One event waits for a sweep, the newest, and stands for the others.
            is_answered = isinstance(outcome, asyncio.Future) and contacts is not stands
            found[event] = stands.version if is_answered else outcome
        return found

    async def known_versions(self, event: str, keys: Sequence[str]) -> dict[str, int]:
        """See `Applier`."""
        del event  # there is one
        return await self._store.known_versions(keys)

    async def close(self) -> None:
        """See `Applier`."""
        await self._sweeps.close()

    def _make_sweeps(self) -> Sweeps:
        slice_size = self._limits.of_a_slice
        return Sweeps(self._store, self._clock, self._retrying, self._updated, slice_size)

    async def _apply(self, contacts: Sequence[Contacts]) -> Mapping[str, Outcome]:
        """Which version the orders of each of these users now have, or why not, by user."""
        try:
            return await self._apply_at_last(contacts)
        except DatabaseRefused as error:
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
            self._log.exception("event_failed")
            failure = error
        if len(contacts) == 1:
            return {contacts[0].user_id: failure}
        outcomes: dict[str, Outcome] = {}
        for each in contacts:
            outcomes |= await self._apply([each])
        return outcomes

    async def _apply_at_last(self, contacts: Sequence[Contacts]) -> Mapping[str, Outcome]:
        """Do it, however long the database is away. Raises DatabaseRefused."""
        return await self._retrying(lambda: self._try_to_apply(contacts))

    async def _try_to_apply(self, contacts: Sequence[Contacts]) -> Mapping[str, Outcome]:
        await self._store.put_if_newer(contacts)
        user_ids = [each.user_id for each in contacts]
        newest, few = await asyncio.gather(self._store.get(user_ids), self._with_few(user_ids))
        if any(newest[each.user_id].version < each.version for each in contacts):
            raise DatabaseUnavailable("what was written is not there")
        reached = await self._update_at_once({each: newest[each] for each in few})
        # Last, so that nothing here is repeated after it: a sweep answers each event once.
        swept = [each for each in contacts if each.user_id not in reached]
        return {
            **reached,
            **{
                each.user_id: self._sweeps.join(each.version, newest[each.user_id])
                for each in swept
            },
        }

    async def _update_at_once(self, newest: Mapping[str, Contacts]) -> Mapping[str, int]:
        behind = newest
        while behind:
            orders = await self._store.update_orders(behind.values(), self._clock.now())
            self._updated(orders)
            # Somebody else may have told newer data and brought all orders but a new one to it
            # before this wrote older data to that one.
            again = await self._store.get(behind.keys())
            behind = {
                user_id: each
                for user_id, each in again.items()
                if each.version != newest[user_id].version
            }
            newest = {**newest, **behind}
        return {user_id: each.version for user_id, each in newest.items()}

    async def _with_few(self, user_ids: Iterable[str]) -> list[str]:
        """Those whose orders are updated with the window, fewest first."""
        sizes = await self._sizes([each for each in user_ids if each not in self._sweeps])
        few: list[str] = []
        total = 0
        for user_id in sorted(sizes, key=lambda each: sizes[each]):
            total += sizes[user_id]
            if sizes[user_id] > self._limits.of_a_user or total > self._limits.of_a_window:
                break
            few.append(user_id)
        return few

    async def _sizes(self, user_ids: Collection[str]) -> Mapping[str, int]:
        """How many orders each has, or of those with too many for a window a part of them.

        Looks at no more orders than a window has at once, whoever has how many.
        """
        if not user_ids:
            return {}
        enough = max(self._limits.of_a_window, self._limits.of_a_user + 1)
        found = {**dict.fromkeys(user_ids, 0), **await self._store.count_orders(user_ids, enough)}
        if sum(found.values()) < enough or len(found) == 1:
            return found
        many = {each: size for each, size in found.items() if size > self._limits.of_a_user}
        rest = [each for each in user_ids if each not in many]
        if many:
            return {**many, **await self._sizes(rest)}
        half = len(rest) // 2
        return {**await self._sizes(rest[:half]), **await self._sizes(rest[half:])}


def _contacts(event: Event) -> Contacts:
    body = event.body
    emails = tuple(body[UserContactsChanged.userEmails])
    origin = Origin(event.cause, event.changed_at, event.published_at, event.delivered_at)
    address = body[UserContactsChanged.deliveryAddress]
    return Contacts(event.key, event.version, emails, address, origin)


def _newest(contacts: Iterable[Contacts]) -> dict[str, Contacts]:
    """The newest of each user, by user."""
    newest: dict[str, Contacts] = {}
    for each in contacts:
        if each.user_id not in newest or newest[each.user_id].version < each.version:
            newest[each.user_id] = each
    return newest
