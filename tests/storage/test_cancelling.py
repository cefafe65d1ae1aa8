"""An operation that is cancelled while it waits for a primary leaves the client as it was."""

import asyncio
from contextlib import suppress

import pytest
from pymongo import lock as pymongos

from storage.client import MongoSettings, connect

NOWHERE = MongoSettings("mongodb://127.0.0.1:1/?replicaSet=rs0", "nobody", "no password")
pytestmark = pytest.mark.anyio


async def test_the_lock_is_given_back_whenever_the_waiting_is_cancelled() -> None:
    """Cancelled in the moment in which it is to take the lock again."""
    async with connect(NOWHERE):
        lock = pymongos._async_create_lock()
        condition = pymongos._async_create_condition(lock)

        async def wait() -> None:
            async with lock:
                await pymongos._async_cond_wait(condition, 0.01)

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)  # it has the lock, and gives it up to wait
        async with lock:
            await asyncio.sleep(0.1)  # its time is over, and it is to have the lock
            waiting.cancel()  # just before it can have it
        with suppress(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(5), lock:
            pass
        assert not lock.locked()
