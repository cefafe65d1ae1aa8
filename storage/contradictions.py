"""What is already in a collection, and does not fit what the collection is to become."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pymongo import IndexModel
from pymongo.collection import Collection as MongoCollection

from storage.client import Json

SHOWN = 10
"""How many documents are named."""


class ContradictionError(Exception):
    """Existing documents contradict a validator or a unique index; the message names them."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(
            "\n".join(("Existing documents are in the way. Nothing was changed.", *found))
        )


def misfits(collection: MongoCollection[Json], schema: Json) -> Iterator[str]:
    """Lines about the documents that do not fit `schema`, a `$jsonSchema`; none if all do."""
    unfit: Json = {"$nor": [{"$jsonSchema": schema}]}
    count = collection.count_documents(unfit)
    if not count:
        return
    yield f"{collection.full_name}: {_count(count, 'document')} not fit the new validator"
    for document in collection.find(unfit).sort("_id").limit(SHOWN):
        reasons = [*_reasons(collection, document, schema)] or ["it is wrong as a whole"]
        yield f"  {document['_id']}: {'; '.join(reasons)}"
    yield from _rest(count)


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


def _reasons(collection: MongoCollection[Json], document: Json, schema: Json) -> Iterator[str]:
    """Why the document does not fit: fields and rules, but no values, which may be personal."""
    known: dict[str, Json] = schema["properties"]
    for name in schema.get("required", []):
        if name not in document:
            yield f"{name} is missing"
    for name in document:
        if name not in known:
            yield f"{name} is not a field"
        elif not _fits(collection, document["_id"], {"properties": {name: known[name]}}):
            yield f"{name} is not {json.dumps(known[name], default=str)}"


def _fits(collection: MongoCollection[Json], document_id: Any, schema: Json) -> bool:  # noqa: ANN401
    """MongoDB's own opinion: nobody else's counts."""
    return collection.count_documents({"_id": document_id, "$jsonSchema": schema}) == 1


def _count(count: int, noun: str) -> str:
    return f"1 {noun} does" if count == 1 else f"{count} {noun}s do"


def _rest(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"  … and {count - SHOWN} more"
