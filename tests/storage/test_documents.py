"""Objects whose properties have names that MongoDB reads otherwise: created, replaced, patched."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.declaration import Collection
from storage.client import Json, MongoSettings, connect
from storage.documents import Documents, merged
from storage.entity import Entity
from storage.errors import (
    DocumentTooLargeError,
    NotFoundError,
    UnfitError,
    UniqueTakenError,
    UnstorableError,
)
from storage.system_fields import SYSTEM
from storage.validators import collection_schema
from tests.describing import described_schemas
from tests.storage.random_schemas import NAMES, TEXTS

pytestmark = pytest.mark.anyio

OPEN = Entity(
    described_schemas(
        "3.1.0",
        Open={
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "size": {"type": "integer"},
            },
            "additionalProperties": True,
        },
    ),
    "Open",
)


@pytest.fixture
async def documents(mongo: MongoSettings) -> AsyncIterator[Documents]:
    """An empty collection under its validator."""
    async with connect(mongo) as client:
        name = f"documents_{uuid4().hex[:8]}"
        system = {"bsonType": "object", "properties": {"revision": {"bsonType": "long"}}}
        own = {"_id": {"bsonType": "string"}, SYSTEM: system}
        validator = {"$jsonSchema": collection_schema(OPEN, own)}
        collection = await client[name].create_collection("open", validator=validator)
        yield Documents(collection, OPEN.description, Collection("open", "Open", "id"))
        await client.drop_database(name)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Objects of hostile names."""
    names = st.sampled_from(NAMES)
    several = leaves | st.lists(leaves, max_size=2)
    inner = st.recursive(several, lambda below: st.dictionaries(names, below), max_leaves=6)
    return st.dictionaries(names, inner, max_size=4)


LEAVES = st.sampled_from((0, 1.5, True, "", "$x", "$$NOW", *TEXTS["date-time"]))


async def test_hostile_names_come_back(documents: Documents) -> None:
    """By POST, PUT and PATCH, at the top and below; what was there as a whole is gone."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
    @given(st.data())
    def examples(data: st.DataObject) -> None:
        drawn.append([data.draw(trees(LEAVES)), data.draw(trees(LEAVES | st.none()))])

    drawn: list[list[Json]] = []
    await asyncio.to_thread(examples)
    for number, (made, patch) in enumerate(drawn):
        name, key = str(number), {"id": str(number)}
        value, sent = made | key, deepcopy(made) | key
        assert await documents.create(value) == value == await documents.get(name)
        wanted = merged(value, patch) | key
        assert await documents.merge(name, patch) == wanted == await documents.get(name)
        assert await documents.replace(name, value) == sent == await documents.get(name)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": "foo"}, {"b": {"c": {"d": None}}}, {"a": "foo", "b": {"c": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a.b": {"$x": 1}}, {"a.b": {"$x": None, "": 2}}, {"a.b": {"": 2}}),
    ],
)
def test_a_merge_patch_is_applied_as_rfc_7396_has_it(
    target: Json, patch: Json, result: Json
) -> None:
    """Its own examples, and one with hostile names."""
    assert merged(target, patch) == result


async def test_a_patch_that_breaks_the_schema_changes_nothing(documents: Documents) -> None:
    """It is the whole that has to fit, and a date is one before and after."""
    await documents.create({"id": "a", "at": "2026-11-22T10:15:30+01:00", "b": 2**40})
    with pytest.raises(UnfitError) as refused:
        await documents.merge("a", {"at": "yesterday"})
    assert [each.pointer for each in refused.value.issues] == ["#/at"]
    assert await documents.get("a") == {"id": "a", "at": "2026-11-22T09:15:30.000Z", "b": 2**40}
    assert await documents.merge("a", {"size": 2**40}) == await documents.merge("a", {"c": None})


async def test_what_does_not_fit_the_schema_is_refused_and_not_stored(
    documents: Documents,
) -> None:
    """With where, and before the database could refuse it."""
    await documents.create({"id": "a"})
    for write in (
        documents.create({"id": "b", "at": "now"}),
        documents.replace("a", {"at": "now"}),
        documents.put("b", {"at": "now"}),
    ):
        with pytest.raises(UnfitError) as refused:
            await write
        assert [each.pointer for each in refused.value.issues] == ["#/at"]
    assert await documents.get("a") == {"id": "a"}
    with pytest.raises(NotFoundError):
        await documents.get("b")


async def test_patches_at_the_same_time_do_not_undo_each_other(documents: Documents) -> None:
    """Twenty of them, of one object."""
    await documents.create({"id": "a"})
    patches = [documents.merge("a", {f"f.{number}": number}) for number in range(20)]
    await asyncio.gather(*patches)
    assert await documents.get("a") == {"id": "a"} | {f"f.{number}": number for number in range(20)}


async def test_what_cannot_be_held_is_refused_before_mongodb_is_asked(
    documents: Documents,
) -> None:
    """With where it is; and what is not there cannot be changed."""
    deep: Any = 1
    for _ in range(99):
        deep = [deep]
    await documents.create({"id": "a", "deep": deep})
    for value, pointer in (
        ({"a": [deep]}, "#/a" + "/0" * 99),
        ({"size": 2**63}, "#/size"),
        ({"a": {"\ufdd1x": 1}}, "#/a"),
    ):
        with pytest.raises(UnstorableError) as refused:
            await documents.replace("a", value)
        assert refused.value.pointer == pointer
    with pytest.raises(DocumentTooLargeError):
        await documents.merge("a", {"a": "x" * 17 * 2**20})
    assert await documents.get("a") == {"id": "a", "deep": deep}
    with pytest.raises(UniqueTakenError):
        await documents.create({"id": "a"})
    for missing in (documents.get("b"), documents.replace("b", {}), documents.merge("b", {})):
        with pytest.raises(NotFoundError):
            await missing
