"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE_SECONDS = 60
_PAUSE_SECONDS = 0.01


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return as soon as the condition holds; AssertionError after a minute."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {DEADLINE_SECONDS} s still not: {what}")
        await asyncio.sleep(_PAUSE_SECONDS)


def until_blocking(condition: Callable[[], bool], what: str) -> None:
    """The same where nothing else goes on meanwhile."""

    async def holds() -> bool:
        return condition()

    asyncio.run(until(holds, what))
