"""From one version of what is stored to the next: expand, migrate, contract."""

from collections.abc import Callable, Iterable
from time import monotonic, sleep
from typing import TYPE_CHECKING

from pymongo import MongoClient
from pymongo.collection import Collection as MongoCollection

from storage.client import Json
from storage.evolution.errors import MigrationError
from storage.evolution.layers import Phase
from storage.evolution.paths import below
from storage.evolution.records import Records, Running, unknown
from storage.evolution.steps import FIRST, Step
from storage.evolution.stored import retired
from storage.evolution.sweep import complete, sweep

if TYPE_CHECKING:
    from storage.layout import Collection

_LOOK = 0.2
_TAKEN_OVER_WITHIN = 60
"""Seconds in which every process must have learnt of a new phase."""


class Transition:
    """What is under way in the databases of a layout."""

    def __init__(self, client: MongoClient[Json], layout: Iterable["Collection"]) -> None:
        from storage.layout import digest  # noqa: PLC0415 - it names what this is about

        self._client, self._layout = client, [*layout]
        self._digests = {
            name: digest(each for each in self._layout if each.database == name)
            for name in dict.fromkeys(each.database for each in self._layout)
        }
        self._records = {name: Records(client[name]) for name in self._digests}

    def refuse_newer(self) -> None:
        """Raise MigrationError where the databases are ahead of this version, or out of order."""
        known = {step.name for each in self._layout for step in each.steps}
        for name, records in self._records.items():
            phases = records.phases()
            if newer := unknown(phases, known):
                raise MigrationError(
                    f"The database {name} has gone through the migration {newer[-1]}, which this "
                    "version does not have; migrations go forwards only. Nothing was changed.\n"
                    "Next: run a version that has it. Or, where no data are worth keeping, `make "
                    "reset` begins anew."
                )
            done = max((each for each in phases if phases[each] > Phase.EXPANDED), default="")
            for each in self._layout:
                for step in each.steps:
                    is_late = step.name < done and not step.name.startswith(FIRST)
                    if each.database == name and step.name not in phases and is_late:
                        raise MigrationError(
                            f"migrations/{step.name}.py comes before {done}, which was applied "
                            f"already: give it a higher number. Nothing was changed."
                        )

    def pending(self, collection: "Collection") -> tuple[Step, ...]:
        """The migrations of a collection that are not done."""
        phases = self._records[collection.database].phases()
        return tuple(each for each in collection.steps if phases.get(each.name) is not Phase.DONE)

    def begun(self, collection: "Collection") -> bool:
        """Whether an earlier set-up has looked at the documents for all that is pending."""
        phases = self._records[collection.database].phases()
        steps = self.pending(collection)
        return bool(steps) and all(each.name in phases for each in steps)

    def forget_processes(self) -> None:
        """Note that no process runs: what they have left is of killed ones."""
        for records in self._records.values():
            records.forget()

    def expand(self) -> None:
        """Note which migrations have begun, and that others may run."""
        for collection in self._layout:
            for step in self.pending(collection):
                self._records[collection.database].begin(step.name, Phase.EXPANDED)
        for name, records in self._records.items():
            if not records.is_settled(self._digests[name]):
                records.settle(self._digests[name], settled=False)

    def others(self, wait: float) -> list[str]:
        """The names of processes of other versions that still run after `wait` seconds."""
        deadline = monotonic() + wait
        while True:
            found = {
                each.name
                for name, records in self._records.items()
                for each in records.running()
                if each.digest != self._digests[name]
            }
            if not found or monotonic() >= deadline:
                return sorted(found)
            sleep(_LOOK)

    def contract(
        self,
        collection: "Collection",
        progress: Callable[[int], None],
        which: Callable[[Step], bool] = lambda _: True,
    ) -> None:
        """Apply what is pending in a collection, after which nothing has the old shape.

        Args:
            collection: Which.
            progress: Told of so many documents more.
            which: Whether a step is to be applied now.

        Raises:
            MigrationError: A process does not take over; the next set-up goes on from here.
        """
        records = self._records[collection.database]
        documents = self._client[collection.database][collection.name]
        rest = {} if records.running() else {"rest": 0.0}
        for step in filter(which, self.pending(collection)):
            records.begin(step.name, Phase.SWITCHING)
            self._wait_for_all(records, step)
            if step.needs_quiet:  # a unique index would take two moved documents for equal
                _drop_retired_indexes(documents, step)
            sweep(documents, step, records, progress, **rest)
            _drop_retired_indexes(documents, step)
            records.begin(step.name, Phase.DONE)

    def complete(self, collection: "Collection", progress: Callable[[int], None]) -> None:
        """Fill in the defaults of a collection's documents, where they are required."""
        records = self._records[collection.database]
        documents = self._client[collection.database][collection.name]
        rest = {} if records.running() else {"rest": 0.0}
        if collection.complete is not None:
            unfit: Json = {"$nor": [{"$jsonSchema": collection.schema}]}
            complete(documents, unfit, collection.complete, progress, **rest)

    def settle(self) -> None:
        """Note that nothing is left of another version."""
        for name, records in self._records.items():
            records.settle(self._digests[name], settled=True)

    def _wait_for_all(self, records: Records, step: Step) -> None:
        """Wait until every process writes in the new way."""
        deadline = monotonic() + _TAKEN_OVER_WITHIN
        while late := [each for each in records.running() if not _writes_new(each, step)]:
            if monotonic() > deadline:
                raise MigrationError(
                    f"{late[0].name} does not take {step.name} over. Next: restart it, then set "
                    "up once more."
                )
            sleep(_LOOK)


def _drop_retired_indexes(documents: MongoCollection[Json], step: Step) -> None:
    fields = retired([step])
    for index in [*documents.list_indexes()]:
        if any(below(key, field) is not None for key in index["key"] for field in fields):
            documents.drop_index(index["name"])


def _writes_new(process: Running, step: Step) -> bool:
    return process.phases.get(step.name, Phase.EXPANDED) > Phase.EXPANDED
