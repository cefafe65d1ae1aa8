"""Doing what needs a database, however long that is away."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from health.problems import Problems
from messaging.clock import Backoff, Clock
from storage.mongo_io import DatabaseUnavailable, raise_if_cancelled
from storage.problems import problem_of

T = TypeVar("T")


class Retrying:
    """Tries again, with longer and longer pauses; any number of things at once."""

    def __init__(self, clock: Clock, problems: Problems) -> None:
        """`problems` are told why it does not succeed."""
        self._clock = clock
        self._problems = problems

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work until it does not raise DatabaseUnavailable; other errors are passed on."""
        backoff, by = Backoff(first=0.1, most=5), object()
        while True:
            try:
                done = await work()
            except DatabaseUnavailable as error:
                self._problems.report(problem_of(error), by)
            except Exception:
                self._problems.report(None, by)
                raise
            else:
                self._problems.report(None, by)
                return done
            raise_if_cancelled()
            await self._clock.pause(backoff)
