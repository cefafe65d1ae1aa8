"""What is already in a collection, and does not fit what the collection is to become."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pymongo import IndexModel
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database

from storage.client import Json

SHOWN = 10
"""How many documents are named."""

NEXT = (
    "Next: `python -m aware migrate new NAME` writes a migration for them. Or undo "
    "the change of the spec. Or, where no data are worth keeping, `make reset` begins anew."
)


class ContradictionError(Exception):
    """Existing documents contradict a validator or a unique index; the message names them."""

    def __init__(
        self, found: list[str], then: str = NEXT, done: str = "Nothing was changed."
    ) -> None:
        super().__init__("\n".join((f"Existing documents are in the way. {done}", *found, then)))


class Misfits:
    """Counts documents that do not fit a `$jsonSchema`, and names the first of them."""

    def __init__(self, collection: MongoCollection[Json], schema: Json) -> None:
        self._collection, self._schema = collection, schema
        self._found: dict[Any, list[str]] = {}
        self.count = 0

    @property
    def reasons(self) -> list[str]:
        """Each reason that was found, once."""
        return [*dict.fromkeys(each for found in self._found.values() for each in found)]

    def look(self, documents: Iterable[Json]) -> None:
        """Take these documents in, as they will be."""
        for document in self.unfit(documents):
            self.count += 1
            if self.count <= SHOWN:
                database = self._collection.database
                reasons = reasons_of(database, document, self._schema)
                self._found[document["_id"]] = reasons or ["it is wrong as a whole"]

    def unfit(self, documents: Iterable[Json]) -> list[Json]:
        """Those of these documents that do not fit, without taking them in."""
        return _unfit(self._collection.database, [*documents], self._schema)

    def lines(self) -> Iterator[str]:
        """What was found; nothing where all fit."""
        if self.count:
            noun = _count(self.count, "document")
            yield f"{self._collection.full_name}: {noun} not fit the new validator"
            yield from (f"  {id_}: {'; '.join(found)}" for id_, found in self._found.items())
            yield from _rest(self.count)


def duplicates(collection: MongoCollection[Json], index: IndexModel) -> Iterator[str]:
    """Lines about the documents that share a key of the unique `index`; none if none do."""
    fields = list(index.document["key"])
    groups: list[Json] = [
        *({"$unwind": {"path": f"${each}", "preserveNullAndEmptyArrays": True}} for each in fields),
        {"$group": {"_id": [f"${each}" for each in fields], "ids": {"$addToSet": "$_id"}}},
        {"$match": {"ids.1": {"$exists": True}}},
    ]
    counted = [*collection.aggregate([*groups, {"$count": "keys"}], allowDiskUse=True)]
    if not counted:
        return
    count, name = counted[0]["keys"], ", ".join(fields)
    yield f"{collection.full_name}: {_count(count, 'key')} not fit the new unique index on {name}"
    found = collection.aggregate([*groups, {"$sort": {"ids": 1}}], allowDiskUse=True)
    for group in islice(found, SHOWN):
        yield f"  {', '.join(sorted(map(str, group['ids'])))}: have the same {name}"
    yield from _rest(count)


def reasons_of(database: Database[Json], document: Json, schema: Json) -> list[str]:
    """What of a document does not fit: fields and rules, but no values, which may be personal."""
    known: dict[str, Json] = schema["properties"]
    found = [f"{name} is missing" for name in schema.get("required", []) if name not in document]
    for name in document:
        if name not in known:
            found.append(f"{name} is not a field")
        elif _unfit(database, [document], {"properties": {name: known[name]}}):
            found.append(f"{name} is not {json.dumps(known[name], default=str)}")
    return found


def _unfit(database: Database[Json], documents: list[Json], schema: Json) -> list[Json]:
    """Those that do not fit in MongoDB's own opinion: nobody else's counts."""
    if not documents:
        return []
    unfit = {"$nor": [{"$jsonSchema": schema}]}
    stages: list[Json] = [
        {"$documents": [{"$literal": each} for each in documents]},
        {"$match": unfit},
        {"$project": {"_id": 1}},
    ]
    ids = {each["_id"] for each in database.aggregate(stages)}
    return [each for each in documents if each["_id"] in ids]


def _count(count: int, noun: str) -> str:
    return f"1 {noun} does" if count == 1 else f"{count:,} {noun}s do"


def _rest(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"  … and {count - SHOWN:,} more"
