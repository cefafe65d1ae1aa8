"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_SECONDS = 120
"""Generous: whoever waits so long waits in vain."""

_PAUSE_SECONDS = 0.02


def until(look: Callable[[], T], what: str, within: float = WITHIN_SECONDS) -> T:
    """What `look` gives, as soon as that is true; AssertionError, with `what`, if it never is."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {within} s still not: {what}"
        time.sleep(_PAUSE_SECONDS)
    return found


async def until_async(
    condition: Callable[[], Awaitable[bool]], what: str, within: float = WITHIN_SECONDS
) -> None:
    """The same where other things go on in this thread meanwhile."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"after {within} s still not: {what}"
        await asyncio.sleep(_PAUSE_SECONDS)
