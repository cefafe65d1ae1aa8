"""What keeps a cancelled operation from leaving pymongo's asynchronous client locked for good.

A request that has waited too long is cancelled, often while it waits for a primary. pymongo waits
by asyncio.wait_for, which before Python 3.12 does so in a task of its own: cancelled in the moment
in which that task is to take the lock of the client again, it leaves it behind, the lock is never
given back, and every later operation of the process waits in vain.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

T = TypeVar("T")


def make_cancellable() -> None:
    """Have pymongo wait in the task that is cancelled, as it does from Python 3.12 on."""
    if sys.version_info < (3, 12):
        vars(pymongo.lock)["wait_for"] = _wait_for


async def _wait_for(awaitable: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109
    """The same promise as asyncio.wait_for's."""
    async with asyncio.timeout(timeout):
        return await awaitable
