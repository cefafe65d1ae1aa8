"""JSON Schema 2020-12 as MongoDB's validators say it: both take and refuse the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import WriteError

from contract.schema import Schema
from openapi.description import Description
from storage.client import Json
from storage.entity import Entity
from storage.validators import collection_schema, unenforced
from tests.describing import described_schemas

Values = list[Any]
SHARED: Json = {
    "Text": {"type": "string", "maxLength": 3},
    "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "Aged": {"type": "object", "properties": {"age": {"type": "integer"}}},
}
TEXT = {"$ref": "#/components/schemas/Text"}
BOTH = [{"$ref": "#/components/schemas/Named"}, {"$ref": "#/components/schemas/Aged"}]

SCHEMAS: dict[str, tuple[Json, Values, Values]] = {
    "null in a list of types": ({"type": ["string", "null"]}, ["a", None], [1, []]),
    "several types": ({"type": ["integer", "boolean"]}, [1, 2**40, True], ["a", 1.5, None]),
    "a constant": ({"const": "a"}, ["a"], ["b", None, 1]),
    "a constant object": ({"const": {"a": [1]}}, [{"a": [1]}], [{"a": [2]}, {}]),
    "bounds that are not reached": (
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
        [0.5, 9],
        [0, 10, 0.0, -1],
    ),
    "the tighter of two bounds": (
        {"type": "number", "minimum": 5, "exclusiveMinimum": 0, "maximum": 8},
        [5, 8],
        [4, 9],
    ),
    "an open bound at a closed one": (
        {"type": "number", "minimum": 5, "exclusiveMinimum": 5},
        [5.5],
        [5],
    ),
    "a limit beyond 64 bits": ({"type": "integer", "maximum": 2**64 - 1}, [2**62], ["a"]),
    "a count beyond 64 bits": ({"type": "string", "maxLength": 10**30}, ["a"], [1]),
    "a format's range": ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31]),
    "an exact multiple": ({"type": "number", "multipleOf": 0.01}, [29.99, 0.07, 3], [0.001]),
    "a reference with something beside it": ({**TEXT, "minLength": 2}, ["ab"], ["a", "abcd", 1]),
    "a code unit in a pattern": ({"type": "string", "pattern": "^\\u00e9$"}, ["é"], ["e", "é\n"]),
    "a bracket in a class": ({"type": "string", "pattern": "^[[:a]$"}, ["[", "a", ":"], ["[a"]),
    "a dollar in a class": ({"type": "string", "pattern": "^[$]$"}, ["$"], ["$\n", "a"]),
    "space beyond ASCII": ({"type": "string", "pattern": "^a\\sb$"}, ["a b", "a\u00a0b"], ["ab"]),
    "an open object": ({"type": "object", "additionalProperties": True}, [{}, {"a": 1}], [[]]),
    "named properties, and others": (
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True},
        [{"a": "b", "c": 1}],
        [{"a": 1}],
    ),
    "other properties of a kind": (
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": {"type": "integer"}},
        [{"a": "b", "c": 1}],
        [{"c": "b"}, {"a": 1}],
    ),
    "properties by pattern": (
        {"patternProperties": {"^\\u0061": TEXT}, "additionalProperties": False, "type": "object"},
        [{"a1": "b"}, {}],
        [{"a1": 1}, {"b": "b"}],
    ),
    "objects put together": (
        {"allOf": BOTH},
        [{"name": "a", "age": 1}, {"name": "a"}, {"name": "a", "another": 1}],
        [{"name": "a", "age": "b"}, {"age": 1}],
    ),
    "one of two objects": ({"oneOf": BOTH}, [{"age": 1}], [{"name": "a", "age": 1}, {"age": "b"}]),
    "a branch that only the API checks": (
        {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}]},
        [1, "0b5bd2a5-3f3c-4f43-a4ae-0a5a0f3e7a6d"],
        [True, None],
    ),
    "what is not": ({"not": {"type": "string", "minLength": 3}}, ["ab", 1], ["abc"]),
    "objects that are not": (
        {"type": "object", "not": {"properties": {"a": {"const": 1}}, "required": ["a"]}},
        [{"a": 2}, {"b": 1}, {}],
        [{"a": 1}, {"a": 1, "b": 2}],
    ),
    "a condition": (
        {"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"type": "integer"}},
        ["a", 1],
        ["ab", None],
    ),
    "a list by position": (
        {"type": "array", "prefixItems": [TEXT, {"type": "integer"}], "items": False},
        [["a", 1], ["a"], []],
        [["a", 1, 2], [1]],
    ),
    "a list by position, and the rest": (
        {"type": "array", "prefixItems": [TEXT], "items": {"type": "integer"}},
        [["a", 1, 2]],
        [["a", "b"]],
    ),
    "an element of a kind": ({"type": "array", "contains": {"const": 1}}, [[2, 1]], [[2], []]),
    "a property that asks for another": (
        {"type": "object", "dependentRequired": {"a": ["b"], "c": []}},
        [{"a": 1, "b": 1}, {"b": 1}, {"c": 1}],
        [{"a": 1}],
    ),
    "a property that changes the rest": (
        {"type": "object", "dependentSchemas": {"a": {"required": ["b"], "maxProperties": 2}}},
        [{"a": 1, "b": 1}, {"c": 1}],
        [{"a": 1}, {"a": 1, "b": 1, "c": 1}],
    ),
    "nothing required": ({"type": "object", "required": []}, [{}], [1]),
    "values that are the same": (
        {"type": "array", "uniqueItems": True},
        [[1, 2], [{"a": 1}, {"a": 2}]],
        [[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}]],
    ),
}


@pytest.fixture
def collection(root: MongoClient[Json]) -> Iterator[Collection[Json]]:
    """A place for a collection, which the test makes."""
    yield root["translation"]["values"]
    root.drop_database("translation")


def make(collection: Collection[Json], api: Description) -> None:
    """Make the collection of `Stored`, which storage gives an id."""
    schema = collection_schema(Entity(api, "Stored"), {"_id": {"bsonType": "int"}})
    collection.database.create_collection(collection.name, validator={"$jsonSchema": schema})


def takes(collection: Collection[Json], document: Json) -> bool:
    """Whether the database takes a document."""
    try:
        collection.insert_one({"_id": collection.estimated_document_count(), **document})
    except WriteError as error:
        assert error.code == 121, error  # noqa: PT017 - another error is one of the test
        return False
    return True


def stored(schema: Json) -> Description:
    """An API that stores objects with a `value` of this schema."""
    whole = {"type": "object", "properties": {"value": schema}}
    return described_schemas("3.1.0", Stored=whole, **SHARED)


@pytest.mark.parametrize(("schema", "good", "bad"), SCHEMAS.values(), ids=SCHEMAS)
def test_the_database_takes_what_the_api_takes(
    collection: Collection[Json], schema: Json, good: Values, bad: Values
) -> None:
    """And refuses what it refuses."""
    api = stored(schema)
    compiled = Schema(api.schemas["Stored"], api.schemas, closed=True)
    make(collection, api)
    for value in good:
        assert compiled.issues({"value": value}) == []
        assert takes(collection, {"value": value}), value
    for value in bad:
        assert compiled.issues({"value": value})
        assert not takes(collection, {"value": value}), value


def test_a_moment_is_a_date_wherever_it_stands(collection: Collection[Json]) -> None:
    """Behind a reference, beside null, and in a list."""
    moment = {"type": "string", "format": "date-time"}
    properties = {
        "plain": {"$ref": "#/components/schemas/Moment"},
        "with_more": {"allOf": [{"$ref": "#/components/schemas/Moment"}], "type": "string"},
        "nullable": {"anyOf": [{"$ref": "#/components/schemas/Moment"}, {"type": "null"}]},
        "several": {"type": "array", "items": {**moment, "type": ["string", "null"]}},
    }
    whole = {"type": "object", "properties": properties}
    make(collection, described_schemas("3.1.0", Stored=whole, Moment=moment))
    now = datetime.now(UTC)
    assert takes(collection, {"plain": now, "with_more": now, "nullable": now, "several": [now]})
    assert takes(collection, {"nullable": None, "several": [None]})
    for name in properties:
        assert not takes(collection, {name: "2026-11-22T10:15:30Z"})


@pytest.mark.parametrize(
    "whole",
    [
        {"allOf": [{"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}]},
        {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
        {"type": "object", "properties": {"a": TEXT}, "maxProperties": 1},
    ],
)
def test_what_storage_adds_is_not_held_to_the_spec(
    collection: Collection[Json], whole: Json
) -> None:
    """However the spec closes the object."""
    make(collection, described_schemas("3.1.0", Stored=whole, **SHARED))
    assert takes(collection, {"a": "b"})
    assert not takes(collection, {"a": "abcd"})
    assert not takes(collection, {"a": "b", "c": 1})


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"type": "string", "format": "email"}, {"format"}),
        ({"type": "string", "format": "date-time"}, set()),
        ({"type": "string", "format": "date-time", "maxLength": 24}, {"maxLength"}),
        ({"type": "string", "format": "date-time", "maxLength": 20}, {"format"}),
        ({"type": "string", "format": "byte"}, set()),
        ({"type": "number", "format": "double", "description": "x", "x-mine": 1}, set()),
        ({"type": "array", "uniqueItems": True, "x-unique-as": "email"}, {"x-unique-as"}),
        ({"not": {"format": "uuid"}}, {"not"}),
        ({"oneOf": [{"type": "string"}, {"properties": {"a": {"format": "uri"}}}]}, {"oneOf"}),
        ({"if": {"format": "uuid"}, "then": {"maxLength": 36}}, {"if", "then"}),
        ({"contains": {"type": "string"}, "minContains": 2}, {"contains", "minContains"}),
        ({"contains": {"type": "string"}, "maxContains": 2}, {"maxContains"}),
        ({"propertyNames": {"maxLength": 3}}, {"propertyNames"}),
        ({"unevaluatedProperties": False}, {"unevaluatedProperties"}),
    ],
)
def test_what_the_database_cannot_hold_is_named(schema: Json, left: set[str]) -> None:
    """It goes into the list of what the API alone checks."""
    found = unenforced(Entity(stored(schema), "Stored"))
    assert {each.keyword for each in found if each.place == "/value"} == left


def test_a_stored_schema_within_itself_is_checked_to_where_it_begins_again(
    collection: Collection[Json],
) -> None:
    """MongoDB has no references: what is beyond that is on the list."""
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "value": TEXT},
    }
    whole = {"$ref": "#/components/schemas/Node"}
    api = described_schemas("3.1.0", Node=node, Stored=whole, **SHARED)
    assert {(each.place, each.keyword) for each in unenforced(Entity(api, "Stored"))} == {
        ("/next", "$ref")
    }
    make(collection, api)
    assert takes(collection, {"value": "a", "next": {"value": 1}})
    assert not takes(collection, {"value": 1})
