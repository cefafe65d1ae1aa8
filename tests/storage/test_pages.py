"""Pages and uniqueness, as a row of `services.yaml` declares them, on a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from openapi.description import Description
from services.declaration import Collection, Service, System, Version
from storage.client import Json, MongoSettings, connect
from storage.cursor import InvalidCursorError
from storage.documents import Documents
from storage.errors import NotFoundError, UniqueTakenError
from storage.layout import collections
from storage.setup import set_up
from tests.describing import described

pytestmark = pytest.mark.anyio

ROW = Collection(
    "things",
    "Thing",
    "id",
    unique=("code", "tags", "mail"),
    order=("rank", "at", "id"),
    filters=("kind", "a.b"),
)
SCHEMA = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "code": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "mail": {"type": "string", "format": "email"},
        "rank": {"type": ["integer", "number", "string", "boolean", "null"]},
        "at": {"type": "string", "format": "date-time"},
        "kind": {"type": "string"},
        "a.b": {"type": "integer"},
    },
}
RANKS = (None, -1, 0.5, 3, "", "a", "b", False, True)
"""Of every type, in the order of MongoDB."""


def api() -> Description:
    """An API with the things."""
    delete = {"responses": {"204": {"description": "It is gone."}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"delete": delete}},
        "components": {"schemas": {"Thing": SCHEMA}},
    }
    return described(document)


def system() -> System:
    """A system of one plain service that nobody here knows."""
    (file, *_) = api().files
    service = Service(
        "thing-service",
        spec=Path(file),
        handlers="handlers.things",
        versions=(Version("", "thing-service", 5999),),
        database="things",
        collections=(ROW,),
    )
    return System(Path(), (service,))


@pytest.fixture
async def things(mongo: MongoSettings, root: MongoClient[Json]) -> AsyncIterator[Documents]:
    """An empty collection, set up, and used with the login of its service alone."""
    own = replace(mongo, prefix=f"pages_{uuid4().hex[:8]}")
    login = f"thing-service-{uuid4().hex[:8]}"
    declared = system()
    declared = replace(declared, services=(replace(declared.services[0], name=login),))
    set_up(root, collections(declared, own.database), {login: "secret"})
    async with connect(replace(own, username=login, password="secret")) as client:
        yield Documents(client[own.database("things")]["things"], api(), ROW)
    root.drop_database(own.database("things"))
    root["admin"].command("dropUser", login)
    root["admin"].command("dropRole", login)


async def test_every_document_is_on_one_page(things: Documents) -> None:
    """Whatever type it is sorted by, what is missing too."""
    moments = (
        None,
        "2026-11-22T09:15:30.000Z",
        "0001-01-01T00:30:00+01:00",
        *["2027-01-01T00:00:00.000Z"] * 2,
    )
    made: list[Json] = []
    for rank in RANKS:
        for moment in moments:
            value = {"rank": rank, "kind": "a" if rank else "b", "a.b": len(made) % 3}
            value |= {} if moment is None else {"at": moment}
            made.append(await things.create(value))
    for limits in ({}, {"kind": "a"}, {"kind": "b", "a.b": 1}, {"kind": None}):
        wanted = [
            each for each in made if all(each[n] == v for n, v in limits.items() if v is not None)
        ]
        for limit in (1, 4, 100):
            found, cursor = [], None
            while True:
                page = await things.page(limit, cursor, **limits)
                found += page.items
                cursor = page.next
                if cursor is None:
                    break
                assert len(page.items) == limit
            assert [each["rank"] for each in found] == [each["rank"] for each in wanted]
            assert sorted(each["id"] for each in found) == sorted(each["id"] for each in wanted)


async def test_a_cursor_is_for_its_pages_alone(things: Documents) -> None:
    """Nor is it a way to ask for anything else."""
    for rank in range(3):
        await things.create({"rank": rank, "kind": "a"})
    cursor = (await things.page(1, kind="a")).next
    assert cursor is not None
    assert [each["rank"] for each in (await things.page(5, cursor, kind="a")).items] == [1, 2]
    wrong = (cursor[:-3], "", "x", "W10", "e30", "W1siYXQiLDFdLHt9XQ", "W1tbImF0IiwxZTk5OV1dLHt9XQ")
    for text in (*wrong, "W1t7IiRndCI6MX0sMSwxXSx7ImtpbmQiOiJhIn1d"):
        with pytest.raises(InvalidCursorError):
            await things.page(1, text, kind="a")
    for limits in ({}, {"kind": "b"}, {"kind": "a", "a.b": 1}):
        with pytest.raises(InvalidCursorError):
            await things.page(1, cursor, **limits)


async def test_what_is_unique_is_there_once(things: Documents) -> None:
    """A value, an element, an address in any spelling; but null, nothing and no element often."""
    for _ in range(2):
        await things.create({})
        await things.create({"code": None, "tags": []})
    await things.create({"id": "one", "code": "c", "tags": ["a", "b"], "mail": "A@Example.com"})
    for value, taken in (
        ({"id": "one"}, ("id", None)),
        ({"code": "c"}, ("code", None)),
        ({"tags": ["x", "b"]}, ("tags", 1)),
        ({"mail": "a@example.com"}, ("mail", None)),
    ):
        with pytest.raises(UniqueTakenError) as refused:
            await things.create(value)
        assert (refused.value.property, refused.value.index) == taken
    await things.create({"id": "two", "code": "d"})
    with pytest.raises(UniqueTakenError):
        await things.merge("two", {"code": "c"})
    with pytest.raises(UniqueTakenError):
        await things.replace("two", {"tags": ["a"]})
    assert await things.get("two") == {"id": "two", "code": "d"}
    assert await things.replace("one", {"code": "c", "id": "elsewhere"}) == {
        "id": "one",
        "code": "c",
    }
    assert await things.merge("two", {"tags": ["a"], "id": None}) == {
        "id": "two",
        "code": "d",
        "tags": ["a"],
    }


async def test_what_is_deleted_is_gone_once(things: Documents) -> None:
    """Of several at the same time, one does it."""
    await things.create({"id": "one", "code": "c"})
    done = await asyncio.gather(*(things.delete("one") for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [NotFoundError] * 4
    with pytest.raises(NotFoundError):
        await things.get("one")
    await things.create({"code": "c"})
