"""Processes that know different phases of a migration read and write the same documents.

Random operations by all of them, in turn, have to amount to what they amount to on a dictionary.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient, UpdateMany, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from storage.client import Json, MongoSettings, connect
from storage.evolution.changes import Change, Drop, Rename, Split, Transform
from storage.evolution.collection import EvolvingCollection, EvolvingDatabase
from storage.evolution.layers import Phase, UnsupportedError
from storage.evolution.presence import Presence
from storage.evolution.shape import Shape
from storage.evolution.steps import Step
from storage.evolution.sweep import _apply

NAME = "0001_test"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

RENAME = Rename("state", "status")
NESTED = Rename("state", "inner.status")
COUNTED = Rename("version", "count")
SPLIT = Split(
    "place",
    {"city": {}, "street": {}},
    lambda value: {"city": value[0], "street": value[1]},
    lambda parts: [parts["city"], parts["street"]],
)


def collection(
    database: AsyncDatabase[Json], phase: Phase, *changes: Change
) -> AsyncCollection[Json]:
    """The collection `things` as a process sees it that knows this phase."""
    presence = Presence(database, "test", "digest", [NAME])
    presence._beaten = float("inf")
    phases = {NAME: phase}
    layers = tuple(Step(NAME, "things", changes).layers(phases))
    return EvolvingDatabase(database, {"things": Shape(layers)}, presence)["things"]


def run(own: MongoSettings, test: Callable[[AsyncDatabase[Json]], Awaitable[None]]) -> None:
    """Run a test that awaits, on a database of its own."""

    async def main() -> None:
        async with connect(own) as client:
            await test(client[own.orders])

    asyncio.run(main())


class Things:
    """Operations as storage has them, at random, on a collection and on a dictionary."""

    def __init__(self, seed: int) -> None:
        self.random, self.known = random.Random(seed), dict[str, Json]()

    def value(self) -> list[str]:
        """A place."""
        return [self.random.choice("abc"), self.random.choice("xyz")]

    async def operate(self, things: AsyncCollection[Json]) -> None:
        """One operation."""
        id_ = str(self.random.randrange(8))
        operation = self.random.choice(
            [
                *(self.insert, self.set, self.raise_version, self.pipeline, self.replace),
                *(self.find, self.count),
            ]
        )
        await operation(things, id_)

    async def insert(self, things: AsyncCollection[Json], id_: str) -> None:
        """A document, where there is none."""
        if id_ not in self.known:
            new: Json = {"_id": id_, "state": "a", "place": self.value(), "at": _EPOCH}
            self.known[id_] = new | {"version": Int64(1)}
            await things.insert_one(dict(self.known[id_]))

    async def set(self, things: AsyncCollection[Json], id_: str) -> None:
        """Whole fields, and answer the document."""
        state, place = self.random.choice(["a", "b", "$c"]), self.value()
        update = {"$set": {"state": state, "place": place}}
        found = await things.find_one_and_update({"_id": id_}, update, return_document=True)
        if id_ in self.known:
            self.known[id_] |= {"state": state, "place": place}
        assert found == self.known.get(id_)

    async def raise_version(self, things: AsyncCollection[Json], id_: str) -> None:
        """By operators, on one and on many."""
        moment = _EPOCH + timedelta(seconds=self.random.randrange(100))
        update: Json = {"$inc": {"version": Int64(1)}, "$max": {"at": moment}}
        older: Json = {"state": "b", "version": {"$lt": 5}}
        await things.bulk_write([UpdateOne({"_id": id_}, update), UpdateMany(older, update)])
        if id_ in self.known:
            self._raise(self.known[id_], moment)
        for each in self.known.values():
            if each["state"] == "b" and each["version"] < 5:
                self._raise(each, moment)

    async def pipeline(self, things: AsyncCollection[Json], id_: str) -> None:
        """By an aggregation that chooses between what is there and what is new."""
        place = self.value()
        newer = {"$gt": [3, "$version"]}
        stages: list[Json] = [
            {"$set": {"place": {"$cond": [newer, {"$literal": place}, "$place"]}}},
            {"$set": {"state": {"$literal": "$d"}}},
        ]
        await things.update_one({"_id": id_}, stages)
        if (each := self.known.get(id_)) is not None:
            each["state"] = "$d"
            if each["version"] < 3:
                each["place"] = place

    async def replace(self, things: AsyncCollection[Json], id_: str) -> None:
        """A whole document, if it is the one that was read."""
        read: Json = {"_id": id_, "version": self.random.randrange(1, 4)}
        new: Json = {"_id": id_, "state": "b", "place": self.value(), "at": _EPOCH}
        new["version"] = Int64(read["version"] + 1)
        done = await things.replace_one(read, dict(new))
        fits = self.known.get(id_, {}).get("version") == read["version"]
        assert bool(done.matched_count) is fits
        if fits:
            self.known[id_] = new

    async def find(self, things: AsyncCollection[Json], _: str) -> None:
        """By what they have."""
        state = self.random.choice(["a", "b", "$c", "$d"])
        place = self.value()
        for query, fits in (
            ({"state": state}, lambda each: each["state"] == state),
            ({"place": place}, lambda each: each["place"] == place),
            ({"state": {"$in": ["a", "b"]}}, lambda each: each["state"] in "ab"),
            (
                {"$or": [{"state": state}, {"at": _EPOCH}]},
                lambda e: e["state"] == state or e["at"] == _EPOCH,
            ),
            ({"place": {"$exists": False}}, lambda _: False),
            ({}, lambda _: True),
        ):
            found = await things.find(query, sort=[("_id", 1)]).to_list()
            wanted = [each for _, each in sorted(self.known.items()) if fits(each)]
            assert found == wanted, query

    async def count(self, things: AsyncCollection[Json], _: str) -> None:
        """By an aggregation."""
        stages: list[Json] = [
            {"$match": {"state": "b"}},
            {"$group": {"_id": "$state", "n": {"$sum": "$version"}}},
        ]
        found = await (await things.aggregate(stages)).to_list()
        wanted = sum(e["version"] for e in self.known.values() if e["state"] == "b")
        assert [each["n"] for each in found] == ([wanted] if wanted else [])

    def _raise(self, document: Json, moment: datetime) -> None:
        document["version"] += 1
        document["at"] = max(document["at"], moment)


CHANGES = [
    pytest.param((RENAME,), id="rename"),
    pytest.param((NESTED,), id="rename into an object"),
    pytest.param((COUNTED,), id="rename what is computed with"),
    pytest.param((SPLIT,), id="split"),
    pytest.param((RENAME, SPLIT, COUNTED), id="all at once"),
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("changes", CHANGES)
def test_processes_of_all_phases_agree(
    own: MongoSettings,
    root: MongoClient[Json],
    changes: tuple[Change, ...],
    seed: int,
) -> None:
    """Some still write the old shape, some the new one, while the documents are being changed."""

    async def test(database: AsyncDatabase[Json]) -> None:
        things = Things(seed)
        phases = [
            collection(database, each, *changes) for each in (Phase.EXPANDED, Phase.SWITCHING)
        ]
        for number in range(150):
            await things.operate(things.random.choice(phases))
            if number > 50 and things.random.random() < 0.1:  # a batch of the sweep
                ids = sorted(things.known)[: things.random.randrange(1, 8)]
                for change in changes:
                    _apply(root[own.orders]["things"], change, ids)
        for change in changes:
            _apply(root[own.orders]["things"], change, sorted(things.known))
        done = collection(database, Phase.DONE, *changes)
        for _ in range(100):
            await things.operate(things.random.choice([phases[1], done]))
        old = {c.field for c in changes if isinstance(c, Rename | Split)}
        stored = [*root[own.orders]["things"].find({})]
        assert stored
        assert not any(old & each.keys() for each in stored)

    run(own, test)


def test_a_dropped_field_is_written_for_the_old_and_shown_to_nobody(
    own: MongoSettings, root: MongoClient[Json]
) -> None:
    """As long as processes run that need it."""
    drop = Drop("gift", meanwhile="none")

    async def test(database: AsyncDatabase[Json]) -> None:
        for number, phase in enumerate(Phase):
            await collection(database, phase, drop).insert_one({"_id": number, "x": 1})
        assert await collection(database, Phase.EXPANDED, drop).find().to_list() == [
            {"_id": number, "x": 1} for number in range(3)
        ]

    run(own, test)
    stored = root[own.orders]["things"]
    assert stored.find_one({"_id": 0}) == {"_id": 0, "x": 1, "gift": "none"}
    assert not stored.count_documents({"_id": {"$gt": 0}, "gift": {"$exists": True}})


def test_old_documents_are_read_as_the_new_version_has_them(
    own: MongoSettings, root: MongoClient[Json]
) -> None:
    """Whole documents: of some fields a function cannot tell."""
    root[own.orders]["things"].insert_one({"_id": 1, "phone": "1-2"})
    transform = Transform(("phone",), lambda each: {"phone": each["phone"].replace("-", "")})

    async def test(database: AsyncDatabase[Json]) -> None:
        things = collection(database, Phase.EXPANDED, transform)
        assert await things.find_one({"_id": 1}) == {"_id": 1, "phone": "12"}
        assert await things.find_one({"_id": 1}, {"_id": 1}) == {"_id": 1}

    run(own, test)


@pytest.mark.parametrize(
    "update",
    [
        {"$push": {"place": "x"}},
        {"$set": {"place.city": "x"}},
        [{"$set": {"place": {"$concatArrays": ["$place", ["x"]]}}}],
        [{"$set": {"other": "$place"}}],
    ],
)
def test_a_part_of_a_split_field_cannot_be_changed(own: MongoSettings, update: Any) -> None:  # noqa: ANN401
    """It says which migration, and what to do."""

    async def test(database: AsyncDatabase[Json]) -> None:
        with pytest.raises(UnsupportedError, match="0001_test: place cannot be split"):
            await collection(database, Phase.EXPANDED, SPLIT).update_one({}, update)

    run(own, test)


def test_an_operation_that_is_not_known_is_refused(own: MongoSettings) -> None:
    """It would go to the database as it is."""

    async def test(database: AsyncDatabase[Json]) -> None:
        with pytest.raises(NotImplementedError):
            await collection(database, Phase.DONE, RENAME).find_one_and_replace({}, {})

    run(own, test)


def test_a_read_whose_index_is_dropped_begins_anew(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """As the set-up drops one when the last process that needs it has ended."""
    numbers = [{"_id": number, "number": number} for number in range(3000)]
    collection = root[own.orders]["orders"]
    collection.insert_many(map(dict, numbers))
    name = collection.create_index("number")

    async def read() -> list[Json]:
        async with connect(own) as client:
            plain = client[own.orders]["orders"]
            presence = Presence(client[own.orders], "me", "digest", [])
            evolving = EvolvingCollection(plain, Shape(()), presence)
            found = evolving.find({"number": {"$gte": 0}}, sort=[("number", 1)], batch_size=2)
            await found.next()  # it has begun, with a plan that goes by the index
            collection.drop_index(name)
            with pytest.raises(OperationFailure) as killed:
                await AsyncCursor.to_list(found)
            assert killed.value.code == 175
            again = evolving.find({"number": {"$gte": 0}}, sort=[("number", 1)], batch_size=2)
            collection.create_index("number")
            reading = asyncio.create_task(again.to_list())
            while not again.retrieved:  # noqa: ASYNC110 - pymongo has no event for it
                await asyncio.sleep(0)
            collection.drop_index(name)
            return await reading

    assert asyncio.run(read()) == numbers
