"""Time, as something handed in."""

import asyncio
import random
import time
from datetime import datetime
from typing import Protocol

import storage.client


class Clock(Protocol):
    """The time of day, and waiting."""

    def now(self) -> datetime:
        """Now, in UTC, with its time zone."""

    def monotonic(self) -> float:
        """Seconds since some moment, which nobody sets back."""

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""

    async def pause(self, backoff: "Backoff") -> None:
        """Return after the half to the whole of the next pause, so that not all try at once."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC, with its time zone."""
        return storage.client.now()

    def monotonic(self) -> float:
        """Seconds since some moment, which nobody sets back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        await asyncio.sleep(seconds)

    async def pause(self, backoff: "Backoff") -> None:
        """Return after the half to the whole of the next pause, so that not all try at once."""
        await asyncio.sleep(backoff.pause() * random.uniform(0.5, 1))  # noqa: S311 - no secret


class Backoff:
    """Pauses that double from `first` to `most` seconds, until something succeeds."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def pause(self) -> float:
        """How long to wait at most now, in seconds; twice as long next time."""
        pause = self._next
        self._next = min(2 * pause, self._most)
        return pause

    def reset(self) -> None:
        """Something succeeded: begin again with the shortest pause."""
        self._next = self._first
