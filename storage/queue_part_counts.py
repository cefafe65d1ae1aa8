"""How many parts the queue of a subscriber has had, kept in the subscriber's database.

Whoever raises it says so here before the parts are made, so that all who receive from the queue
know of each, and leave none behind when there are fewer again.
"""

from typing import Any, Protocol

from bson import Int64
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from storage.client import Json
from storage.mongo_io import DatabaseUnavailable
from storage.redaction import redacted

PARTS = "queue_parts"
"""The collection: a document for each queue, by its name."""

MOST = "most"
"""The field with the number."""

PARTS_SCHEMA: Json = {
    "bsonType": "object",
    "required": ["_id", MOST],
    "properties": {"_id": {"bsonType": "string"}, MOST: {"bsonType": "long", "minimum": 1}},
    "additionalProperties": False,
}


class PartsStore(Protocol):
    """Where the number is kept."""

    async def announce(self, parts: int) -> int:
        """Answer the most parts that there have been; so many is one of the numbers.

        Raises:
            DatabaseUnavailable: It may be known or not.
        """


class MongoPartsStore:
    """`PartsStore` in a database."""

    def __init__(self, database: AsyncDatabase[Json], queue: str) -> None:
        """Take the database of the queue's subscriber."""
        self._parts = database[PARTS]
        self._queue = queue

    async def announce(self, parts: int) -> int:
        """See `PartsStore`."""
        try:
            found: Any = await self._parts.find_one({"_id": self._queue})
            if found is None or found[MOST] < parts:
                found = await self._parts.find_one_and_update(
                    {"_id": self._queue},
                    {"$max": {MOST: Int64(parts)}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        return int(found[MOST])
