"""A relay that is told to stop does, even where a library swallows that."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest

from messaging.clock import SystemClock
from messaging.metrics import RelayMetrics
from messaging.relay import Relay
from storage.divisions import SLOTS, Division
from tests.apis import contact_events

pytestmark = pytest.mark.anyio


class Swallows:
    """An outbox that goes on when it is cancelled, and a broker that is there."""

    def __init__(self) -> None:
        self.looked = asyncio.Event()

    async def connected(self) -> None:
        """At once."""

    async def beat(self, member: str) -> Division:
        """All is this member's."""
        return Division(0, {member: 1}, [member] * SLOTS)

    async def replace(self, *_: object) -> bool:
        """At once."""
        return True

    async def unpublished(self, *_: object) -> AsyncGenerator[list[Any], None]:
        """Nothing, when cancelled."""
        self.looked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        if self.looked.is_set():
            return
        yield []

    async def watch_changes(self) -> AsyncGenerator[None, None]:
        """Never."""
        yield
        await asyncio.Event().wait()


async def test_a_relay_whose_cancellation_is_swallowed_stops() -> None:
    """As asyncio.wait_for does before Python 3.12."""
    parts: Any = Swallows()
    relay = Relay(
        parts,
        parts,
        parts,
        {},
        events=contact_events(),
        clock=SystemClock(),
        metrics=RelayMetrics(),
    )
    running = asyncio.create_task(relay.run())
    await parts.looked.wait()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=30)
    assert done
    assert running.cancelled()
