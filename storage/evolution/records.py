"""What each database says of itself: how far its migrations are, and who uses it.

`migrations` has a document for each migration, `phase`, and how far it came (`change`,
`position`); and one, `layout`, which says for whom the collections are (`digest`), and whether for
nobody else (`settled`). `processes` has one for each process that runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from storage.client import Json
from storage.evolution.layers import Phase

MIGRATIONS, PROCESSES = "migrations", "processes"
LAYOUT = "layout"

LEASE_SECONDS = 15
"""So long after its last word a process counts as gone."""


@dataclass(frozen=True)
class Running:
    """A process that uses a database: its name, its layout, and how far it knows migrations."""

    name: str
    digest: str
    phases: Mapping[str, int]


class Records:
    """The records of one database, for the set-up."""

    def __init__(self, database: Database[Json]) -> None:
        self._migrations = database[MIGRATIONS]
        self._processes = database[PROCESSES]
        self.name = database.name

    def phases(self) -> dict[str, Phase]:
        """How far each migration is that was begun."""
        found = self._migrations.find({"_id": {"$ne": LAYOUT}})
        return {each["_id"]: Phase(each["phase"]) for each in found}

    def begin(self, name: str, phase: Phase) -> None:
        """Note that a migration has come to a phase; it never goes back."""
        self._migrations.update_one({"_id": name}, {"$max": {"phase": int(phase)}}, upsert=True)

    def position(self, name: str, change: int) -> Any:  # noqa: ANN401 - any id
        """The id up to which the documents are changed; None at the beginning."""
        found = self._migrations.find_one({"_id": name}) or {}
        return found.get("position") if found.get("change") == change else None

    def move(self, name: str, change: int, position: Any, count: int) -> None:  # noqa: ANN401
        """Note that all documents up to the id `position` are changed, `count` of them now."""
        update = {"$set": {"change": change, "position": position}, "$inc": {"changed": count}}
        self._migrations.update_one({"_id": name}, update)

    def change(self, name: str) -> int:
        """The number of the change that is under way, from 0."""
        found = self._migrations.find_one({"_id": name}) or {}
        return int(found.get("change", 0))

    def settle(self, digest: str, *, settled: bool) -> None:
        """Note for whom the collections are, and whether for nobody else."""
        values = {"digest": digest, "settled": settled}
        self._migrations.update_one({"_id": LAYOUT}, {"$set": values}, upsert=True)

    def is_settled(self, digest: str) -> bool:
        """Whether the collections are for processes with this layout, and for nobody else."""
        wanted = {"_id": LAYOUT, "digest": digest, "settled": True}
        return self._migrations.find_one(wanted) is not None

    def running(self) -> list[Running]:
        """The processes that use it."""
        lease = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": LEASE_SECONDS}}
        found = self._processes.find({"$expr": {"$gt": ["$seen", lease]}})
        return [Running(each["name"], each["digest"], each["phases"]) for each in found]

    def forget(self) -> None:
        """Forget all processes: the caller knows that none runs."""
        self._processes.delete_many({})


def unknown(phases: Mapping[str, Phase], known: Iterable[str]) -> list[str]:
    """Migrations that were carried through, or nearly, and that this version does not have."""
    names = {*known}
    return sorted(
        name for name, phase in phases.items() if name not in names and phase > Phase.EXPANDED
    )
