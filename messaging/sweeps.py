"""Sweeps: bringing the many orders of one user to the newest contact data, beside everything else.

A sweep goes in slices, so that it can take up newer data on its way, and that sweeps of several
users share the database evenly. Where it ends early, whoever gets the event next goes on where it
was: what it has updated has the version.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import structlog

from messaging.clock import Clock
from messaging.retrying import Retrying
from storage.contacts import Contacts, ContactsStore
from storage.mongo_io import DatabaseRefused

SLICE = 500
"""How many orders are updated at once: some 70 ms of the database's time."""

_SIDE_BY_SIDE = 2
"""How many slices are on their way at once, whoever's they are."""


class Sweeps:
    """At most one sweep a user. For one event loop."""

    def __init__(
        self,
        store: ContactsStore,
        clock: Clock,
        retrying: Retrying,
        updated: Callable[[int], object],
        slice_size: int = SLICE,
    ) -> None:
        """`updated` is told how many orders were brought to newer data."""
        self._store = store
        self._clock = clock
        self._retrying = retrying
        self._updated = updated
        self._slice_size = slice_size
        self._room = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._sweeps: dict[str, _Sweep] = {}
        self._log = structlog.get_logger()

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._sweeps

    def join(self, version: int, newest: Contacts) -> int | asyncio.Future[int]:
        """Have the orders of a user brought to a version that an event tells of, or a newer one.

        Answers the version that they have, once they do. An event that is older than another that
        waits here is answered at once, with the version of that one, which stands for both: it is
        not acknowledged before every order has its version. One that is as new may be that one,
        delivered again because the other delivery can no more be acknowledged: it waits instead.

        Args:
            version: The event's.
            newest: What `contacts` has, which is that or newer.
        """
        sweep = self._sweeps.get(newest.user_id)
        if sweep is None:
            sweep = self._sweeps[newest.user_id] = _Sweep(newest)
            sweep.task = asyncio.create_task(self._run(sweep))
        elif version < sweep.awaited:
            return sweep.awaited
        return sweep.wait_for(version)

    async def close(self) -> None:
        """End all. Nobody is answered any more."""
        tasks = [each.task for each in self._sweeps.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, sweep: "_Sweep") -> None:
        """From its beginning until nobody waits for anything newer, however long."""
        try:
            await self._sweep(sweep)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must not be lost
            if not isinstance(error, DatabaseRefused):
                self._log.exception("event_failed", **sweep.contacts.origin.cause.fields())
            sweep.fail(error)
        finally:
            del self._sweeps[sweep.contacts.user_id]

    async def _sweep(self, sweep: "_Sweep") -> None:
        while not sweep.is_over:
            await self._retrying(lambda: self._pass(sweep))

    async def _pass(self, sweep: "_Sweep") -> None:
        """Go through all orders that are behind, and update each to what is newest by then."""
        begun = sweep.contacts
        async with aclosing(self._store.behind(begun, self._slice_size)) as slices:
            async for ids in slices:
                async with self._room:
                    now = self._clock.now()
                    updated = await self._store.update_some_orders(sweep.contacts, ids, now)
                self._updated(updated)
                await self._read_again(sweep)
        # Somebody else may have told newer data, and brought all orders but one to it before this
        # wrote older data to that one.
        await self._read_again(sweep)
        if sweep.contacts.version == begun.version:
            sweep.reach(begun.version)

    async def _read_again(self, sweep: "_Sweep") -> None:
        user_id = sweep.contacts.user_id
        newest = (await self._store.get([user_id]))[user_id]
        if newest.version != sweep.contacts.version:
            sweep.contacts = newest


class _Sweep:
    """The sweep of one user: what it brings, and which version is waited for."""

    def __init__(self, contacts: Contacts) -> None:
        self.contacts = contacts
        self.task: asyncio.Task[None] | None = None
        self.awaited = 0
        self.is_over = False
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def wait_for(self, version: int) -> asyncio.Future[int]:
        """Who waited until now need not: the new one does for both."""
        before, self._answer = self._answer, asyncio.get_running_loop().create_future()
        if not before.done():
            before.set_result(version)
        self.awaited = version
        return self._answer

    def reach(self, version: int) -> None:
        """All orders have this version; the sweep is over where nobody waits for a newer one."""
        if version >= self.awaited:
            self.is_over = True
            if not self._answer.done():  # cancelled, where the process is ending
                self._answer.set_result(version)

    def fail(self, error: Exception) -> None:
        """It cannot be done."""
        if not self._answer.done():
            self._answer.set_exception(error)
            self._answer.exception()  # nobody asks for it where the process is ending
