"""A process leaves word in its database which layout it uses, and learns how far migrations are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import TypeVar
from uuid import uuid4

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from health.problems import Problem, Problems
from storage.client import Json
from storage.evolution.layers import COMPLETION, Phase
from storage.evolution.records import LAYOUT, LEASE_SECONDS, MIGRATIONS, PROCESSES, unknown
from storage.mongo_io import raise_if_cancelled
from storage.privileges import missing_rights
from storage.problems import problem_of

T = TypeVar("T")

_BEAT_SECONDS = 2
_FRESH_SECONDS = LEASE_SECONDS / 2
"""What was learnt longer ago is asked again before anything is written."""


class NewerDatabaseError(PyMongoError):
    """The database has gone through migrations that this version does not have."""


class _Epoch:
    """The writes that began in one state of the migrations."""

    def __init__(self) -> None:
        self.count = 0
        self.idle = asyncio.Event()


class Presence:
    """The word of one process in one database. `phases` is by migration, and follows them.

    `problems` are those of the database: as long as word cannot be left, nothing can be written.
    """

    def __init__(
        self,
        database: AsyncDatabase[Json],
        name: str,
        digest: str,
        known: Iterable[str],
        rights: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """`rights` are what the process must be allowed to do, by the name of a collection."""
        self._database, self._rights = database, rights or {}
        self._migrations, self._processes = database[MIGRATIONS], database[PROCESSES]
        self._id, self._name, self._digest = str(uuid4()), name, digest
        self._known = frozenset(known)
        self.phases: dict[str, Phase] = {}
        self._epoch: _Epoch | None = None
        self._beaten = -_FRESH_SECONDS
        self._beating = asyncio.Lock()
        self.problems = Problems("database")

    async def write(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Do a write by what is known of the migrations, which is not old.

        Raises:
            NewerDatabaseError: This version may not write any more.
            PyMongoError: As the operation does.
        """
        while monotonic() - self._beaten > _FRESH_SECONDS:
            await self.beat()
        epoch = self._epoch = self._epoch or _Epoch()
        epoch.count += 1
        epoch.idle.clear()
        try:
            return await operation()
        finally:
            epoch.count -= 1
            if not epoch.count:
                epoch.idle.set()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Leave word again and again, until the end; then take it away."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            with suppress(PyMongoError):
                await self._processes.delete_one({"_id": self._id})

    async def _keep(self) -> None:
        while True:
            self.problems.report(await self._problem())
            raise_if_cancelled()
            await asyncio.sleep(_BEAT_SECONDS)

    async def _problem(self) -> Problem | None:
        problem = None
        try:
            await self.beat()
        except NewerDatabaseError as error:
            problem = Problem(f"This version is too old: {error}.", "Start a newer one.")
        except PyMongoError as error:
            problem = problem_of(error)
        try:
            return problem or await missing_rights(self._database, self._rights)
        except PyMongoError as error:
            return problem_of(error)

    async def beat(self) -> None:
        """Learn how far the migrations are, and say so once no write goes on that did not know."""
        async with self._beating:
            began = monotonic()
            phases: dict[str, Phase] = {}
            async for each in self._migrations.find({}):
                if each["_id"] != LAYOUT:
                    phases[each["_id"]] = Phase(each["phase"])
                elif each["settled"] and each["digest"] == self._digest:
                    phases[COMPLETION] = Phase.DONE
            newer = unknown(phases, {*self._known, COMPLETION})
            if newer:
                raise NewerDatabaseError(
                    f"the database has gone through {newer[-1]}, which this version does not have"
                )
            if phases != self.phases:
                self.phases.clear()
                self.phases.update(phases)
                before, self._epoch = self._epoch, None
                if before is not None and before.count:
                    await before.idle.wait()
            told = {name: int(phase) for name, phase in phases.items() if name}
            values = {"name": self._name, "digest": self._digest, "phases": told}
            await self._processes.update_one(
                {"_id": self._id}, {"$set": values, "$currentDate": {"seen": True}}, upsert=True
            )
            self._beaten = began
