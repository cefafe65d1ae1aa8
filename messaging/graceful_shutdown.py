"""Stopping a process: on SIGTERM, and not before what it holds is finished."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 5
"""How long what is held may take after the process was told to stop."""


async def run_until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Do the work until SIGTERM or SIGINT cancels it, then return. Its errors are passed on."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


async def complete_within_grace(work: Coroutine[Any, Any, T], grace: float = GRACE_SECONDS) -> T:
    """Do the work, to its end even if this task is cancelled meanwhile, within `grace` seconds.

    After that the work is cancelled too. The cancellation is passed on in either case.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task], timeout=grace)
        finally:  # also where somebody loses patience and cancels a second time
            task.cancel()
            # Its errors no longer matter: what it left undone is not marked as done.
            await asyncio.gather(task, return_exceptions=True)
        raise
