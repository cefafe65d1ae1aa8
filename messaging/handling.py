"""From events to the handlers of a subscriber, each called once for an event."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from messaging.consumer import Outcome
from messaging.events import Event
from messaging.retrying import Retrying
from storage.ledger import Ledger
from tracing.cause import Within

EventHandler = Callable[[Mapping[str, Any]], Awaitable[object]]
"""Applies an event, given its body."""

_AT_ONCE = 32
"""How many events of different keys are applied side by side."""


class Handling:
    """An `Applier` that gives each event to its handler, those of one key in their order.

    What a handler writes to the service's database is there once, however often the event is
    delivered: it is written in one transaction with the ledger's entry.
    """

    def __init__(
        self, handlers: Mapping[str, EventHandler], ledger: Ledger, retrying: Retrying
    ) -> None:
        """Take the handlers by the names of the events."""
        self._handlers = handlers
        self._ledger = ledger
        self._retrying = retrying
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._log = structlog.get_logger()

    async def __call__(self, events: Sequence[Event]) -> Mapping[Event, Outcome]:
        """See `Applier`."""
        by_key: dict[str, list[Event]] = {}
        for event in events:
            by_key.setdefault(event.key, []).append(event)
        done = await asyncio.gather(*(self._in_order(some) for some in by_key.values()))
        return {event: outcome for each in done for event, outcome in each.items()}

    async def close(self) -> None:
        """See `Applier`: nothing here goes on after its window."""

    async def _in_order(self, events: Sequence[Event]) -> dict[Event, int | Exception]:
        async with self._room:
            return {event: await self._apply(event) for event in sorted(events, key=_version)}

    async def known_versions(self, event: str, keys: Sequence[str]) -> dict[str, int]:
        """See `Applier`."""
        return await self._ledger.known_versions(event, keys)

    async def _apply(self, event: Event) -> int | Exception:
        """Do it, however long the database is away."""
        work = partial(self._handlers[event.name], event.body)
        once = partial(self._ledger.once, event.name, event.key, event.version, work)
        with Within(event.cause):
            try:
                return await self._retrying(once)
            except Exception as error:  # noqa: BLE001 - others must not wait for it
                self._log.exception("event_failed", type=event.name, key=event.key)
                return error


def _version(event: Event) -> int:
    return event.version
