"""Changes existing documents, in batches, from where it was interrupted."""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic, sleep
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection

from storage.client import Json
from storage.evolution.changes import (
    ABSENT,
    Change,
    Document,
    Drop,
    Rename,
    Rewrite,
    Split,
    Transform,
)
from storage.evolution.errors import MigrationError
from storage.evolution.paths import copied, put, removal, take
from storage.evolution.records import Records
from storage.evolution.steps import Step

_BATCH = 500
_REST = 1.0

Progress = Callable[[int], None]
"""Told of so many documents more that were looked at."""


def sweep(
    collection: Collection[Json],
    step: Step,
    records: Records,
    progress: Progress,
    rest: float = _REST,
) -> None:
    """Carry a migration through, from where it was; killed at any moment, it is called again.

    Documents may change meanwhile: each is changed by one atomic update, which does nothing where
    the document is no more what it was computed from. `rest` is how long MongoDB is left alone
    after each batch, times what the batch took.

    Raises:
        PyMongoError: MongoDB refused or failed; what was done stays.
    """
    for number in range(records.change(step.name), len(step.changes)):
        change = step.changes[number]
        position = records.position(step.name, number)
        for last, ids in _batches(collection, position) if _is_to_do(collection, change) else ():
            began = monotonic()
            count = _apply(collection, change, ids)
            records.move(step.name, number, last, count)
            progress(len(ids))
            sleep((monotonic() - began) * rest)
        if number + 1 < len(step.changes):
            records.move(step.name, number + 1, None, 0)


def _is_to_do(collection: Collection[Json], change: Change) -> bool:
    if not isinstance(change, Rewrite):
        return True
    return collection.find_one(change.concerned, ["_id"]) is not None


def applied(document: Document, changes: tuple[Change, ...]) -> Document:
    """A document after the changes; the one given may be changed."""
    for change in changes:
        match change:
            case Rename():
                value = take(document, change.field)
                if value is not ABSENT:
                    put(document, change.to, value)
            case Split() if change.field in document:
                document |= change.split(document.pop(change.field))
            case Drop():
                take(document, change.field)
            case Transform():
                document |= change.apply(document)
    return document


def stages(change: Rename | Drop | Rewrite) -> list[Json]:
    """The change as MongoDB does it by itself, once or again."""
    if isinstance(change, Rewrite):
        return [{"$replaceWith": change.becomes}]
    if isinstance(change, Drop):
        return removal(change.field)
    is_new = {"$eq": [{"$type": f"${change.field}"}, "missing"]}
    moved = {"$cond": [is_new, f"${change.to}", f"${change.field}"]}
    return [{"$set": {change.to: moved}}, *removal(change.field)]


def complete(
    collection: Collection[Json],
    unfit: Json,
    completion: Callable[[Document], Document],
    progress: Progress,
    rest: float = _REST,
) -> int:
    """Fill in defaults in the documents that the query `unfit` finds; return in how many."""
    done, last = 0, None
    while True:
        query = {"$and": [unfit, {"_id": {"$gt": last}}]} if last is not None else unfit
        found = [*collection.find(query).sort("_id").limit(_BATCH)]
        if not found:
            return done
        began = monotonic()
        done += _compute(collection, found, lambda each: _difference(each, completion))
        last = found[-1]["_id"]
        progress(len(found))
        sleep((monotonic() - began) * rest)


def _batches(collection: Collection[Json], position: Any) -> Iterator[tuple[Any, list[Any]]]:  # noqa: ANN401
    while True:
        query = {} if position is None else {"_id": {"$gt": position}}
        found = collection.find(query, {"_id": 1}).sort("_id").limit(_BATCH)
        ids = [each["_id"] for each in found]
        if not ids:
            return
        position = ids[-1]
        yield position, ids


def _apply(collection: Collection[Json], change: Change, ids: list[Any]) -> int:
    among: Json = {"_id": {"$gte": ids[0], "$lte": ids[-1]}}
    match change:
        case Rename() | Drop():
            there = {change.field: {"$exists": True}}
            return collection.update_many({**among, **there}, stages(change)).modified_count
        case Rewrite():
            # A document between two of them fits no validator.
            return collection.update_many(
                {"$and": [among, change.concerned]},
                stages(change),
                bypass_document_validation=True,
            ).modified_count
        case Split():
            found = [*collection.find({**among, change.field: {"$exists": True}})]
            return _compute(collection, found, lambda each: _split(each, change))
        case Transform():
            found = [*collection.find(among)]
            return _compute(
                collection, found, lambda each: _operators(change.apply(dict(each)), ())
            )


def _compute(
    collection: Collection[Json], found: list[Json], update_of: Callable[[Json], Json]
) -> int:
    """Update each document by what it is; one that changes meanwhile is read again."""
    done = 0
    while found:
        updates = [(each, _guarded(update_of, each)) for each in found]
        writes = [UpdateOne(_same(each), update) for each, update in updates if update]
        if not writes:
            return done
        matched = collection.bulk_write(writes, ordered=False).matched_count
        done += matched
        if matched == len(writes):
            return done
        changed = {"_id": {"$in": [each["_id"] for each, update in updates if update]}}
        found = [*collection.find(changed)]  # those that are as they should be give no update
    return done


def _guarded(update_of: Callable[[Json], Json], document: Json) -> Json:
    try:
        return update_of(document)
    except Exception as error:  # whatever a person has written
        raise MigrationError(
            f"a migration fails for {document['_id']}: {type(error).__name__}. Next: correct it, "
            "then set up once more."
        ) from error


def _split(document: Json, change: Split) -> Json:
    if change.field not in document:
        return {}
    return _operators(change.split(document[change.field]), (change.field,))


def _difference(document: Json, completion: Callable[[Document], Document]) -> Json:
    after = completion(copied(document))
    return _operators({k: v for k, v in after.items() if document.get(k, ABSENT) != v}, ())


def _operators(fields: Mapping[str, Any], gone: tuple[str, ...]) -> Json:
    operators: Json = {}
    if fields:
        operators["$set"] = dict(fields)
    if gone:
        operators["$unset"] = dict.fromkeys(gone, "")
    return operators


def _same(document: Json) -> Json:
    """The query for the document, as long as all its fields are as they are."""
    return {
        "$and": [
            {"_id": document["_id"]},
            {"$expr": {"$eq": ["$$ROOT", {"$literal": document}]}},
        ]
    }
