"""Requests that come again, and that demand a state: documents as MongoDB has them after that."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from contract.answers.returned import Tagged
from services.declaration import Collection
from storage.client import Json, MongoSettings, connect
from storage.documents import Documents
from storage.errors import (
    KeyReusedError,
    NotFoundError,
    PreconditionFailedError,
    RemovedSinceError,
    UniqueTakenError,
)
from storage.removals import TOMBSTONES
from storage.repeats import KEPT
from tests.describing import described
from tests.requests import request

pytestmark = pytest.mark.anyio
ROW = Collection("things", "Thing", "id", unique=("name",))
API = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{id}": {
            "delete": {
                "operationId": "remove",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"204": {"description": "Done."}},
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "name": {}, "count": {"type": "integer"}},
            }
        }
    },
}


@pytest.fixture
async def database(mongo: MongoSettings) -> AsyncIterator[AsyncDatabase[Json]]:
    """An empty one."""
    async with connect(mongo) as client:
        name = f"conditions_{uuid4().hex[:8]}"
        await client[name].create_collection(TOMBSTONES)
        await client[name]["things"].create_index("name", unique=True)
        yield client[name]
        await client.drop_database(name)


@pytest.fixture
def things(database: AsyncDatabase[Json]) -> Documents:
    """Things, with a unique name, that can be removed."""
    return Documents(database["things"], described(API), ROW)


def etag(thing: Json) -> str:
    """What storage says of a thing."""
    assert isinstance(thing, Tagged)
    return thing.etag


async def at_once(times: int, work: Callable[[], Awaitable[object]]) -> Counter[str]:
    """Do the same so often at once: how many came to what."""

    async def one() -> str:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - told by its name
            return type(error).__name__
        return "done"

    return Counter(await asyncio.gather(*(one() for _ in range(times))))


async def test_a_creation_that_comes_again_creates_nothing(
    things: Documents, database: AsyncDatabase[Json]
) -> None:
    """It is answered with the thing as it is now, although its name is taken: by itself."""
    with request("k"):
        made = await things.create({"name": "a"})
    await things.merge(made["id"], {"count": 2})
    with request("k"):
        again = await things.create({"name": "a"})
    assert again == {**made, "count": 2}
    assert etag(again) == '"2"'
    assert await database["things"].count_documents({}) == 1


async def test_a_key_is_one_requests(things: Documents) -> None:
    """Another request with it is refused, whether it creates or changes; another key is another."""
    with request("k", "this"):
        made = await things.create({"name": "a"})
    for name in ("a", "b"):
        with request("k", "that"), pytest.raises(KeyReusedError):
            await things.create({"name": name})
    with request("k", "that"), pytest.raises(KeyReusedError):
        await things.merge(made["id"], {"count": 1})
    with request("k", "that"), pytest.raises(KeyReusedError):
        await things.delete(made["id"])
    with request("other", "this"), pytest.raises(UniqueTakenError):
        await things.create({"name": "a"})
    assert await things.get(made["id"]) == made


async def test_two_things_of_one_request_are_two(things: Documents) -> None:
    """Both times the same two."""
    ids = []
    for _ in range(2):
        with request("k"):
            ids.append([(await things.create({"name": name}))["id"] for name in ("a", "b")])
    assert ids[0] == ids[1]
    assert len({*ids[0]}) == 2


async def test_an_id_of_the_clients_is_taken_but_by_the_same_request(things: Documents) -> None:
    """As a thing that nobody else may have made."""
    with request("k"):
        await things.create({"id": "x", "name": "a"})
    with request("k"):
        assert (await things.create({"id": "x", "name": "a"}))["name"] == "a"
    with request("other"), pytest.raises(UniqueTakenError) as refused:
        await things.create({"id": "x", "name": "b"})
    assert refused.value.property == "id"


@pytest.mark.parametrize("how", ["replace", "merge", "put"])
async def test_a_change_that_comes_again_changes_nothing(things: Documents, how: str) -> None:
    """Not even what somebody else has changed since."""
    await things.create({"id": "x", "name": "a"})
    with request("k"):
        await getattr(things, how)("x", {"name": "b"})
    await things.merge("x", {"name": "c"})
    with request("k"):
        again = await getattr(things, how)("x", {"name": "b"})
    assert (again["name"], etag(again)) == ("c", '"3"')


async def test_the_last_keys_are_known(things: Documents, database: AsyncDatabase[Json]) -> None:
    """So many; the one that made the thing always is."""
    with request("made"):
        made = await things.create({"name": "a"})
    for number in range(KEPT + 1):
        with request(f"k{number}"):
            await things.merge(made["id"], {"count": number})
    for number in range(1, KEPT + 1):
        with request(f"k{number}"):
            assert (await things.merge(made["id"], {"count": number}))["count"] == KEPT
    with request("made"):
        assert (await things.create({"name": "a"}))["count"] == KEPT
    document = await database["things"].find_one({"_id": made["id"]})
    assert document is not None
    assert len(document["_system"]["requests"]) == KEPT


async def test_nothing_of_a_request_is_kept_in_plain(
    things: Documents, database: AsyncDatabase[Json]
) -> None:
    """Neither its key nor what it asked for."""
    with request("a-key-of-mine", "secret"):
        await things.create({"id": "x", "name": "a"})
    document = await database["things"].find_one({"_id": "x"})
    assert document is not None
    creation = document["_system"]["creation"]
    assert [len(each) for each in creation.values()] == [16, 16]
    assert b"a-key" not in creation["key"]


async def test_of_the_same_at_once_one_is_carried_out(
    things: Documents, database: AsyncDatabase[Json]
) -> None:
    """However many there are: all are answered with what that one did."""

    async def create() -> None:
        with request("made"):
            await things.create({"name": "a"})

    assert await at_once(20, create) == {"done": 20}
    document = await database["things"].find_one({})
    assert document is not None

    async def merge() -> None:
        with request("k"):
            await things.merge(document["_id"], {"count": 1})

    assert await at_once(20, merge) == {"done": 20}
    assert etag(await things.get(document["_id"])) == '"2"'


async def test_of_those_who_read_one_state_one_may_change_it(things: Documents) -> None:
    """The others are told its ETag."""
    etags = [etag(await things.create({"id": "x", "name": "a"}))]

    async def merge() -> None:
        with request(if_match=etags[-1]):
            await things.merge("x", {"count": 1})

    for _ in range(5):
        assert await at_once(10, merge) == {"done": 1, "PreconditionFailedError": 9}
        etags.append(etag(await things.get("x")))
    assert etags == [f'"{number}"' for number in range(1, 7)]
    with request(if_match='"1"'), pytest.raises(PreconditionFailedError) as refused:
        await things.delete("x")
    assert refused.value.etag == '"6"'


DEMANDED: list[tuple[dict[str, str], bool]] = [
    ({"if_match": '"1"'}, True),
    ({"if_match": "*"}, True),
    ({"if_match": '"2"'}, False),
    ({"if_match": '"01"'}, False),
    ({"if_match": '"1-0"'}, False),
    ({"if_match": f'"{10**30}"'}, False),
    ({"if_match": '"x"'}, False),
    ({"if_none_match": '"2"'}, True),
    ({"if_none_match": '"1"'}, False),
    ({"if_none_match": "*"}, False),
    ({"if_none_match": '"2"', "if_match": '"1"'}, True),
    ({"if_none_match": '"1"', "if_match": '"1"'}, False),
]
"""What a request demands, and whether a thing that was just made is so."""


@pytest.mark.parametrize("how", ["replace", "merge", "put", "delete"])
async def test_a_state_is_demanded(things: Documents, how: str) -> None:
    """Of whatever changes a thing; what is refused changes nothing."""
    for number, (demanded, is_admitted) in enumerate(DEMANDED):
        key, made, changed = f"x{number}", {"name": f"a{number}"}, {"name": f"b{number}"}
        await things.create({"id": key, **made})
        sent = () if how == "delete" else (changed,)
        with request(**demanded):
            if is_admitted:
                await getattr(things, how)(key, *sent)
            else:
                with pytest.raises(PreconditionFailedError):
                    await getattr(things, how)(key, *sent)
                assert await things.get(key) == {"id": key, **made}, demanded


async def test_a_state_is_demanded_of_the_first_thing_alone(things: Documents) -> None:
    """What a handler writes beside has states of its own."""
    await things.create({"id": "x", "name": "a"})
    await things.create({"id": "y", "name": "b"})
    await things.merge("y", {"count": 1})
    with request(if_match='"1"'):
        await things.merge("x", {"count": 1})
        await things.merge("y", {"count": 2})


async def test_what_is_there_or_not_can_be_demanded(things: Documents) -> None:
    """`If-Match` creates nothing; `If-None-Match: *` does nothing else."""
    with request(if_match='"1"'), pytest.raises(PreconditionFailedError):
        await things.create({"name": "a"})
    with request(if_match="*"), pytest.raises(PreconditionFailedError) as refused:
        await things.put("x", {"name": "a"})
    assert refused.value.etag is None
    with request(if_none_match="*"):
        await things.put("x", {"name": "a"})
    with request(if_none_match="*"), pytest.raises(PreconditionFailedError):
        await things.put("x", {"name": "b"})


async def test_a_replay_goes_before_what_is_demanded(things: Documents) -> None:
    """It had the state that it demanded, when it came first."""
    await things.create({"id": "x", "name": "a"})
    for _ in range(2):
        with request("k", if_match='"1"'):
            assert etag(await things.merge("x", {"count": 1})) == '"2"'
    for _ in range(2):
        with request("gone", if_match='"2"'):
            await things.delete("x")


async def test_what_was_removed_stays_removed(things: Documents) -> None:
    """Whatever made, changed or removed it comes again."""
    with request("made"):
        made = await things.create({"name": "a"})
    with request("put"):
        await things.put(made["id"], {"name": "b"})
    await things.delete(made["id"])
    with request("made"), pytest.raises(RemovedSinceError):
        await things.create({"name": "a"})
    with request("put"), pytest.raises(RemovedSinceError):
        await things.put(made["id"], {"name": "b"})
    with pytest.raises(NotFoundError):
        await things.get(made["id"])


async def test_a_removal_that_comes_again_removes_nothing_else(things: Documents) -> None:
    """Not what was made in its place; of a thing that never was there is nothing to remove."""
    await things.create({"id": "x", "name": "a"})
    with request("k"):
        await things.delete("x")
    await things.create({"id": "x", "name": "b"})
    with request("k"):
        await things.delete("x")
    assert (await things.get("x"))["name"] == "b"
    with request("k", "another"), pytest.raises(KeyReusedError):
        await things.delete("x")
    with request("other"), pytest.raises(NotFoundError):
        await things.delete("y")


async def test_a_thing_without_keys_leaves_nothing(
    things: Documents, database: AsyncDatabase[Json]
) -> None:
    """There is no tombstone of what no request can bring back; of another there is, for a day."""
    await things.create({"id": "x", "name": "a"})
    await things.delete("x")
    assert await database[TOMBSTONES].count_documents({}) == 0
    with request("k"):
        await things.create({"id": "y", "name": "a"})
    await things.delete("y")
    assert await database[TOMBSTONES].count_documents({"_id": "things y"}) == 1


async def test_creations_and_removals_at_once_leave_nothing_behind(
    things: Documents, database: AsyncDatabase[Json]
) -> None:
    """A creation that comes again while its thing is removed does not bring it back."""
    for number in range(20):
        key, name = f"k{number}", f"n{number}"
        with request(key):
            made = await things.create({"name": name})

        async def again(key: str = key, name: str = name) -> None:
            with request(key):
                await things.create({"name": name})

        removal = asyncio.ensure_future(things.delete(made["id"]))
        found = await at_once(5, again)
        await removal
        assert {*found} <= {"done", "RemovedSinceError"}
        assert await database["things"].count_documents({"_id": made["id"]}) == 0
