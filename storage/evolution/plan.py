"""What a set-up is going to do with existing documents, found before anything is changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bson import encode
from pymongo.collection import Collection

from storage.client import Json
from storage.contradictions import Misfits
from storage.evolution.changes import Document, Drop, Rename, Rewrite
from storage.evolution.errors import MigrationError
from storage.evolution.paths import copied
from storage.evolution.steps import Step
from storage.evolution.sweep import applied, stages

_TOGETHER = 1000
_BYTES = 4 * 1024 * 1024


@dataclass
class Plan:
    """What is to be done in one collection.

    `total` are the documents that there are, `steps` the migrations to apply, `changed` counts the
    documents that each changes, `completed` those that get defaults. Those that an earlier set-up
    has `begun` were counted then.
    """

    collection: Collection[Json]
    steps: tuple[Step, ...]
    total: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    completed: int = 0
    begun: bool = False

    @property
    def needs_quiet(self) -> bool:
        """Whether no process may run while it is carried out."""
        return any(step.needs_quiet for step in self.steps)

    def lines(self) -> Iterator[str]:
        """What is going to be done, a line each."""
        for step in self.steps:
            words = ", ".join(map(str, step.changes))
            count = f"{self.changed[step.name]:,} of {self.total:,} documents"
            yield (
                f"{step.name}: {self.collection.full_name}: {words} "
                f"({'begun before' if self.begun else count})"
            )
        if self.completed:
            yield f"{self.collection.full_name}: {self.completed:,} documents get defaults"


def plan(
    collection: Collection[Json],
    schema: Json,
    steps: tuple[Step, ...],
    completion: Callable[[Document], Document] | None,
) -> tuple[Plan, Misfits]:
    """Look through the documents; also give those that will not fit `schema` all the same."""
    found, misfits = Plan(collection, steps), Misfits(collection, schema)
    found.total = collection.estimated_document_count()
    for unfit in _unfit_batches(found, misfits, schema):
        if completion is None:
            misfits.look(unfit)
            continue
        found.completed += len(unfit)
        misfits.look([completion(each) for each in unfit])
    if completion is not None:
        found.completed -= misfits.count
    return found, misfits


def _unfit_batches(found: Plan, misfits: Misfits, schema: Json) -> Iterator[list[Document]]:
    """The documents that do not fit after the migrations, as they are then."""
    changes = [(step.name, change) for step in found.steps for change in step.changes]
    alone = [
        (name, change) for name, change in changes if isinstance(change, Rename | Drop | Rewrite)
    ]
    if len(alone) < len(changes):  # some are ours to compute
        first = [(name, change) for name, change in alone if isinstance(change, Rewrite)]
        _count(found, first)
        before = [stage for _, change in first for stage in stages(change)]
        for batch in _batches(found.collection.aggregate([{"$sort": {"_id": 1}}, *before])):
            yield misfits.unfit([_after(found, each) for each in batch])
        return
    _count(found, alone)
    after = [stage for _, change in alone for stage in stages(change)]
    unfit: Json = {"$match": {"$nor": [{"$jsonSchema": schema}]}}
    yield from _batches(found.collection.aggregate([*after, unfit]))


def _count(found: Plan, changes: Iterable[tuple[str, Rename | Drop | Rewrite]]) -> None:
    """Note how many documents these concern."""
    for name, change in changes:
        if isinstance(change, Rewrite):
            query = change.concerned
        else:
            query = {change.field: {"$exists": True}}
        found.changed[name] += found.collection.count_documents(query)


def _after(found: Plan, document: Document) -> Document:
    for step in found.steps:
        try:
            after = applied(copied(document), step.changes)
        except NotImplementedError as error:
            raise MigrationError(f"migrations/{step.name}.py is not written yet") from error
        except Exception as error:  # whatever a person has written
            raise MigrationError(
                f"migrations/{step.name}.py fails for {found.collection.full_name} "
                f"{document['_id']}: {type(error).__name__}"
            ) from error
        found.changed[step.name] += after != document
        document = after
    return document


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """So many documents at once as one command may hold."""
    batch: list[Document] = []
    size = 0
    for each in documents:
        batch.append(each)
        size += len(encode(each))
        if len(batch) == _TOGETHER or size > _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
