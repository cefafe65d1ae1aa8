"""Removing documents for good: what a request with a key has made does not come back with it.

A removal leaves a tombstone, in the same transaction: the requests that are known of the document,
and the one that removed it. It stays for as long as keys hold.
"""

from datetime import timedelta

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from contract.conditions import Conditions
from storage import repeats
from storage.client import Id, Json, now
from storage.errors import NotFoundError, PreconditionFailedError, RemovedSinceError
from storage.etags import Etags
from storage.system_fields import CREATION, REQUESTS
from storage.transactions import in_transaction

TOMBSTONES = "tombstones"
"""The collection, in the database of those whose documents are removed."""

KEYS_HOLD = timedelta(days=1)
"""After the removal of a document."""

UNTIL = "until"
"""The field with the end of that, under an index by which MongoDB removes the tombstone."""

_REQUESTS = "requests"

TOMBSTONE_SCHEMA: Json = {
    "bsonType": "object",
    "required": ["_id", _REQUESTS, UNTIL],
    "properties": {
        "_id": {"bsonType": "string"},
        _REQUESTS: {"bsonType": "array", "items": repeats.RECORD_SCHEMA},
        UNTIL: {"bsonType": "date"},
    },
    "additionalProperties": False,
}


class Removals:
    """Removes the documents of a collection, and makes those that were not removed before."""

    def __init__(self, collection: AsyncCollection[Json], etags: Etags) -> None:
        self._collection, self._etags = collection, etags
        self._client = collection.database.client
        self._tombstones = collection.database[TOMBSTONES]

    async def insert(self, document: Json, demanded: Conditions) -> None:
        """Insert a document, unless the request did so before, and it was removed.

        Raises:
            RemovedSinceError: It was.
            KeyReusedError: Another request with its key did so.
            DuplicateKeyError: It is there, or what is unique of it.
        """

        async def insert(session: AsyncClientSession | None) -> None:
            await self._collection.insert_one(document, session=session)
            if await self._is_repeated(document["_id"], demanded, session):
                raise RemovedSinceError

        await in_transaction(self._client, insert)

    async def remove(self, document_id: Id, demanded: Conditions) -> None:
        """Remove a document, unless the request did so before.

        Raises:
            NotFoundError: There is none.
            PreconditionFailedError: It is in another state than the request demands.
            KeyReusedError: Another request with its key was carried out.
        """
        if demanded.is_empty:
            plain = {each: {"$exists": False} for each in (CREATION, REQUESTS)}
            done = await self._collection.delete_one({"_id": document_id, **plain})
            if done.deleted_count:
                return

        async def remove(session: AsyncClientSession | None) -> None:
            if await self._is_repeated(document_id, demanded, session):
                return
            document = await self._collection.find_one({"_id": document_id}, session=session)
            if document is None:
                raise NotFoundError(document_id)
            repeats.require_unused(document, demanded)
            if not self._etags.admit(demanded, document):
                raise PreconditionFailedError(self._etags.of(document))
            await self._collection.delete_one({"_id": document_id}, session=session)
            await self._leave(document, demanded, session)

        await in_transaction(self._client, remove)

    async def _is_repeated(
        self, document_id: Id, demanded: Conditions, session: AsyncClientSession | None
    ) -> bool:
        if demanded.request is None:
            return False
        where = {"_id": self._tombstone(document_id)}
        found = await self._tombstones.find_one(where, session=session)
        return found is not None and repeats.is_among(found[_REQUESTS], demanded)

    async def _leave(
        self, document: Json, demanded: Conditions, session: AsyncClientSession | None
    ) -> None:
        records = {"$each": repeats.records(document, demanded), "$slice": -2 * repeats.KEPT}
        await self._tombstones.update_one(
            {"_id": self._tombstone(document["_id"])},
            {"$push": {_REQUESTS: records}, "$set": {UNTIL: now() + KEYS_HOLD}},
            upsert=True,
            session=session,
        )

    def _tombstone(self, document_id: Id) -> str:
        return f"{self._collection.name} {document_id}"
