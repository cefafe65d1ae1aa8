"""Ids that are whole numbers: of documents, and in the events that tell of them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from contract.conditions import Conditions, Repeatable, under
from contract.fingerprint import Fingerprint
from services.declaration import Collection as Row
from services.declaration import Event, Kind
from services.payload import Payload
from storage.client import Json, MongoSettings, connect
from storage.documents import Documents
from storage.entity import Entity
from storage.errors import NotFoundError, UniqueTakenError
from storage.keys import Keys
from storage.mongo_outbox import MongoOutbox
from storage.publications import Publications
from storage.removals import TOMBSTONES
from storage.system_fields import SYSTEM
from storage.validators import collection_schema
from tests.describing import described

pytestmark = pytest.mark.anyio

ROW = Row("pets", "Pet", "petId")
STATE = Payload(
    Event("PetChanged", Kind.STATE, "pets", on_creation=True, on_change=True),
    "petId",
    {"name": "name"},
)
BIRTH = Payload(
    Event("PetBorn", Kind.EACH, "pets", on_creation=True, on_change=False),
    "petId",
    {"name": "name"},
)


def api(**key: object) -> Entity:
    """Pets, with a schema of their ids."""
    pet = {"type": "object", "properties": {"petId": key, "name": {"type": "string"}}}
    gone = {"operationId": "remove", "responses": {"204": {"description": "It is gone."}}}
    path = {"name": "petId", "in": "path", "required": True, "schema": key}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {"/pets/{petId}": {"parameters": [path], "delete": gone}},
        "components": {"schemas": {"Pet": pet}},
    }
    return Entity(described(document), "Pet")


@pytest.fixture
async def database(mongo: MongoSettings) -> AsyncIterator[AsyncDatabase[Json]]:
    """One with an empty collection under its validator."""
    async with connect(mongo) as client:
        name = f"keys_{uuid4().hex[:8]}"
        entity = api(type="integer")
        own = {"_id": {"bsonType": Keys(ROW, entity).bson_type}, SYSTEM: {"bsonType": "object"}}
        validator = {"$jsonSchema": collection_schema(entity, own)}
        await client[name].create_collection("pets", validator=validator)
        await client[name].create_collection(TOMBSTONES)
        yield client[name]
        await client.drop_database(name)


def documents(database: AsyncDatabase[Json], *told: Payload, **key: object) -> Documents:
    """The pets of a database, and what is told of them."""
    names = {each.event.name for each in told}
    entity = api(type="integer", **key)
    publications = Publications(told, names, "v1") if told else None
    return Documents(database["pets"], entity.description, ROW, publications)


async def test_a_number_is_a_key_as_a_text_is(database: AsyncDatabase[Json]) -> None:
    """Drawn, or said; `1.0` is 1, and 0 is said as well."""
    pets = documents(database)
    made = await pets.create({"name": "Ada"})
    assert 1 <= made["petId"] < 2**53
    assert await pets.get(made["petId"]) == made
    for sent, stored in ((0, 0), (7.0, 7), (-(2**63), -(2**63))):
        assert (await pets.create({"petId": sent, "name": "Bo"}))["petId"] == stored
        assert await pets.get(stored) == {"petId": stored, "name": "Bo"}
    with pytest.raises(UniqueTakenError):
        await pets.create({"petId": 7})
    assert await pets.replace(7, {"name": "Cy"}) == {"petId": 7, "name": "Cy"}
    assert await pets.merge(7, {"name": "Di"}) == await pets.get(7)
    ids = [each["petId"] for each in (await pets.page(10)).items]
    assert ids == sorted([made["petId"], 0, 7, -(2**63)])
    first = await pets.page(2)
    assert [each["petId"] for each in (await pets.page(2, first.next)).items] == ids[2:]
    await pets.delete(7)
    for missing in (7, 2**63, -(10**30)):
        for attempt in (pets.get(missing), pets.replace(missing, {}), pets.delete(missing)):
            with pytest.raises(NotFoundError):
                await attempt


async def test_a_request_that_comes_again_gets_the_number_that_it_made(
    database: AsyncDatabase[Json],
) -> None:
    """Though one that was drawn before belongs to another pet."""
    pets = documents(database, minimum=1, maximum=3)
    made = []
    for request in (b"a" * 16, b"b" * 16, b"c" * 16) * 2:
        scope = {"method": "POST", "path": "/pets", "query_string": b"", "headers": []}
        with under(Conditions(Repeatable(request, Fingerprint(scope, b"")))):
            made.append((await pets.create({"name": "Ada"}))["petId"])
    assert sorted(made[:3]) == [1, 2, 3]
    assert made[3:] == made[:3]
    with pytest.raises(UniqueTakenError):
        await pets.create({"name": "Bo"})


async def test_what_is_told_of_a_number_is_known_to_be_published(
    database: AsyncDatabase[Json],
) -> None:
    """A state, an occurrence, and a resync by the number as text."""
    pets = documents(database, STATE, BIRTH)
    pet = await pets.create({"name": "Ada"})
    codec = api(type="integer").codec()
    outbox = MongoOutbox(database["pets"], codec, [STATE, BIRTH])
    changes = [change async for some in outbox.unpublished(10) for change in some]
    assert [each.event for each in changes] == ["PetChanged", "PetBorn"]
    assert [dict(each.data) for each in changes] == [pet, pet]
    await outbox.mark_published(changes)
    assert [some async for some in outbox.unpublished(10)] == []
    (keys,) = [some async for some in outbox.keys(10)]
    assert keys == [str(pet["petId"])]
    assert await outbox.bump_versions(dict.fromkeys(keys, 3), 10) == 1
    ((again,),) = [some async for some in outbox.unpublished(10)]
    assert (again.version, again.data) == (13, pet)


@pytest.mark.parametrize(
    ("key", "are_made", "within"),
    [
        ({"type": "string"}, True, None),
        ({"type": "string", "pattern": "^[A-Z]{3}$"}, False, None),
        ({"type": "string", "maxLength": 10}, False, None),
        ({"type": "integer"}, True, range(1, 2**53)),
        ({"type": "integer", "format": "int32"}, True, range(1, 2**31)),
        ({"type": "integer", "minimum": 10, "exclusiveMaximum": 12}, True, range(10, 12)),
        ({"type": "integer", "exclusiveMinimum": 10, "maximum": 12}, True, range(11, 13)),
        ({"type": "integer", "multipleOf": 10}, False, None),
        ({"type": "integer", "maximum": 0}, False, None),
    ],
)
def test_an_id_that_is_made_fits_the_schema_or_none_is(
    key: Json,
    are_made: bool,  # noqa: FBT001 - a row of the table
    within: range | None,
) -> None:
    """Whichever is drawn."""
    keys = Keys(ROW, api(**key))
    assert keys.are_made is are_made
    if within is not None:
        assert all(keys.new() in within for _ in range(50))
