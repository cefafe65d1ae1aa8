"""Which relay publishes what, kept in the database of the outbox."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bson import Int64
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from storage.client import Json
from storage.mongo_io import DatabaseUnavailable
from storage.redaction import redacted

SLOTS = 64
"""In so many parts the work is divided; as many relays can share it."""

DIVISIONS = "divisions"
"""The collection: a document for each relay of services.yaml, however many processes it is."""

_LONG = {"bsonType": "long"}
_STRING = {"bsonType": "string"}

DIVISION_SCHEMA: Json = {
    "bsonType": "object",
    "required": ["_id", "revision", "beats", "owners"],
    "properties": {
        "_id": _STRING,
        "revision": _LONG,
        "beats": {"bsonType": "object", "additionalProperties": _LONG},
        "owners": {"bsonType": "array", "items": _STRING, "maxItems": SLOTS},
    },
    "additionalProperties": False,
}
"""Where they are kept: the `$jsonSchema` of a division."""


@dataclass(frozen=True)
class Division:
    """Who has which slot: an owner each, "" for nobody's. `beats` are those of every member."""

    revision: int
    beats: Mapping[str, int]
    owners: Sequence[str]


class DivisionStore(Protocol):
    """Where the division is kept. All operations raise DatabaseUnavailable."""

    async def beat(self, member: str) -> Division:
        """Count a beat of a relay, which is a member from then on; answers what there is now."""

    async def replace(
        self, known: Division, members: Collection[str], owners: Sequence[str]
    ) -> bool:
        """Keep these members alone, with these slots; False where others have done so since."""


class MongoDivisionStore:
    """`DivisionStore` in a database."""

    def __init__(self, database: AsyncDatabase[Json], relay: str) -> None:
        """Take the relay's database, and its name in services.yaml."""
        self._divisions = database[DIVISIONS]
        self._id = relay

    async def beat(self, member: str) -> Division:
        """See `DivisionStore`."""
        new = {"revision": Int64(0), "owners": []}
        try:
            found: Any = await self._divisions.find_one_and_update(
                {"_id": self._id},
                {"$inc": {f"beats.{member}": Int64(1)}, "$setOnInsert": new},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        return Division(found["revision"], found["beats"], found["owners"])

    async def replace(
        self, known: Division, members: Collection[str], owners: Sequence[str]
    ) -> bool:
        """See `DivisionStore`."""
        dead = {f"beats.{each}": "" for each in known.beats if each not in members}
        update: Json = {"$set": {"owners": [*owners], "revision": Int64(known.revision + 1)}}
        try:
            done = await self._divisions.update_one(
                {"_id": self._id, "revision": Int64(known.revision)},
                update | ({"$unset": dead} if dead else {}),
            )
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        return done.matched_count == 1
