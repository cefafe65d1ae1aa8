"""Whatever a spec says is what is stored, for schemas and values made at random.

The same 600 schemas, with 25 values each, in every run; others with `STORED_EXAMPLES=2000`.
"""

import json
import math
import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from bson import encode
from bson.codec_options import CodecOptions
from bson.errors import InvalidDocument
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient, WriteConcern
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from contract.answers.encoding import to_json
from contract.completion import Completion
from contract.formats import parse_instant
from contract.schema import Schema
from openapi.description import JsonSchema, name_of
from openapi.errors import InvalidDocumentError
from openapi.pointers import pointer_of
from storage.client import Json
from storage.entity import Entity
from storage.errors import UnstorableError
from storage.system_fields import REVISION, SYSTEM, system
from storage.validators import collection_schema, unenforced
from tests.describing import described_schemas
from tests.storage.random_schemas import documents, values

INTERNAL = {
    "_id": {"bsonType": "int"},
    SYSTEM: {"bsonType": "object", "properties": {"revision": {"bsonType": "int"}}},
}
VALUES_OF_EACH = 25


@pytest.fixture(scope="module")
def database(root: MongoClient[Json]) -> Iterator[Database[Json]]:
    """An empty database that need not outlive a crash."""
    options: CodecOptions[Json] = CodecOptions(tz_aware=True)
    fast = WriteConcern(w=1, j=False)
    yield root.get_database("random_schemas", codec_options=options, write_concern=fast)
    root.drop_database("random_schemas")


class Stored:
    """A schema of an object, as API and database have it."""

    def __init__(self, version: str, schemas: Json, database: Database[Json]) -> None:
        api = described_schemas(version, **schemas)
        entity = Entity(api, "Stored")
        self.schemas = api.schemas
        self.schema = entity.schema
        self.wire = Schema(self.schema, api.schemas, closed=entity.is_closed)
        self.is_closed = entity.is_closed
        self.names = {*entity.place.names}
        self.complete = Completion(self.schema, api.schemas)
        self.codec = entity.codec()
        left = {(each.place, id(each.schema), each.keyword) for each in unenforced(entity)}
        self.held = Schema(_Held(api.schemas, left).of(self.schema), {}, closed=entity.is_closed)
        validator = {"$jsonSchema": collection_schema(entity, INTERNAL)}
        database.drop_collection("stored")
        self.collection = database.create_collection("stored", validator=validator)

    def hides(self, value: Json) -> bool:
        """Whether storage's own fields would stand in for ones that the API refuses by name."""
        return self.is_closed and not INTERNAL.keys().isdisjoint(value.keys() - self.names)

    def take(self, sent: list[Json]) -> list[Json | None]:
        """What is read back of each value; None where the database refuses it."""
        documents = [
            self.codec.to_database(value) | {"_id": number} | system({REVISION: 1})
            for number, value in enumerate(sent)
        ]
        try:
            self.collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            codes = {each["code"] for each in (error.details or {})["writeErrors"]}
            assert codes == {121}, error  # noqa: PT017 - another error is one of the test
        found = {each["_id"]: self.codec.to_wire(each) for each in [*self.collection.find()]}
        return [
            json.loads(to_json(found[number])) if number in found else None
            for number in range(len(sent))
        ]


class _Held:
    """A schema without what is on the list, and without references."""

    def __init__(self, schemas: Any, left: set[tuple[str, int, str]]) -> None:  # noqa: ANN401
        self._schemas, self._left = schemas, left

    def of(self, schema: JsonSchema, path: str = "") -> JsonSchema:
        """What the database holds of a schema at a place."""
        result: JsonSchema = {}
        both: list[JsonSchema] = []
        for key, value in schema.items():
            is_left = (path, id(schema), key) in self._left
            if key == "oneOf":
                both.append({"anyOf" if is_left else key: [self.of(each, path) for each in value]})
            elif key == "$ref" and not is_left:
                both.append(self.of(self._schemas[name_of(value)], path))
            elif not is_left:
                result[key] = self._keyword(key, value, path)
        return result | ({"allOf": [*result.get("allOf", ()), *both]} if both else {})

    def _keyword(self, key: str, value: Any, path: str) -> Any:  # noqa: ANN401 - any of JSON
        below = f"{path}/*" if key in _OF_PARTS else path
        if key in ("properties", "patternProperties", "dependentSchemas"):
            steps = {name: pointer_of(name) if key == "properties" else "" for name in value}
            return {name: self.of(each, below + steps[name]) for name, each in value.items()}
        if key == "prefixItems":
            return [self.of(each, path + pointer_of(number)) for number, each in enumerate(value)]
        if key in ("allOf", "anyOf"):
            return [self.of(each, path) for each in value]
        return self.of(value, below) if key in _SINGLE and isinstance(value, dict) else value


_OF_PARTS = ("items", "additionalProperties", "contains", "patternProperties")
_SINGLE = ("not", "if", "then", "else", *_OF_PARTS)


def same(sent: Any, read: Any) -> bool:  # noqa: ANN401 - any of JSON
    """Whether what was read is what was sent; dates the same instant, cut, in UTC, or as sent."""
    if isinstance(sent, dict) and isinstance(read, dict):
        return sent.keys() == read.keys() and all(same(sent[key], read[key]) for key in sent)
    if isinstance(sent, list) and isinstance(read, list):
        return len(sent) == len(read) and all(map(same, sent, read))
    if isinstance(sent, bool) or isinstance(read, bool) or sent is None or read is None:
        return sent is read
    if isinstance(sent, str) and isinstance(read, str):
        return sent == read or _same_instant(sent, read)
    return bool(sent == read) and math.copysign(1, sent) == math.copysign(1, read)


def _same_instant(sent: str, read: str) -> bool:
    try:
        one, other = parse_instant(sent), parse_instant(read)
    except (ValueError, OverflowError):
        return False
    cut = one.replace(microsecond=one.microsecond // 1000 * 1000)
    return cut == other and read.endswith("Z") and len(read) == 24


@settings(
    max_examples=int(os.environ.get("STORED_EXAMPLES", "600")),
    derandomize="STORED_EXAMPLES" not in os.environ,
    deadline=None,
    print_blob=True,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(document=documents(), data=st.data())
def test_what_a_spec_says_is_what_is_stored(
    database: Database[Json], document: tuple[str, Json], data: st.DataObject
) -> None:
    """What the API takes comes back equal; what it refuses, the database refuses, or the list."""
    version, schemas = document
    try:
        stored = Stored(version, schemas, database)
    except InvalidDocumentError:
        return  # unsound, and refused with its line
    drawn = values(stored.schema, dict(stored.schemas))
    check(stored, [data.draw(drawn) for _ in range(VALUES_OF_EACH)])


def check(stored: Stored, drawn: list[Any]) -> None:
    """Store all that can be, and compare."""
    right: list[Json] = []
    wrong: list[Json] = []
    for value in drawn:
        if not isinstance(value, dict) or stored.hides(value):
            continue
        is_right = not stored.wire.issues(value)
        sent = stored.complete(deepcopy(value)) if is_right else value
        if is_storable(stored, sent, is_right=is_right):
            (right if is_right else wrong).append(sent)
    read = stored.take([*right, *wrong]) if right or wrong else []
    for sent, found in zip(right, read, strict=False):
        assert found is not None, f"the database refuses {json.dumps(sent)}"
        assert same(sent, found), f"{json.dumps(sent)} is read as {json.dumps(found)}"
        assert not stored.wire.issues(found), stored.wire.issues(found)
    for sent, found in zip(wrong, read[len(right) :], strict=True):
        held = not stored.held.issues(sent)
        assert (found is not None) is held, f"{json.dumps(sent)}: {stored.wire.issues(sent)}"


def is_storable(stored: Stored, value: Json, *, is_right: bool) -> bool:
    """Whether it can be written at all; of what is right, the codec says so before it is."""
    try:
        encode(stored.codec.to_database(value))
    except UnstorableError:
        return False
    except (InvalidDocument, OverflowError):
        assert not is_right, f"pymongo refuses {json.dumps(value)}"
        return False
    return True
