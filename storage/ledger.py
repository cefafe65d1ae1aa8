"""Which events a subscriber has applied, so that each is applied once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from bson import Int64
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from services.declaration import Kind
from storage.client import DURABLE, Json, now
from storage.mongo_io import DatabaseRefused, DatabaseUnavailable, is_of_server
from storage.redaction import redacted
from storage.transactions import bound

LEDGER = "ledger"
"""The collection, in the subscriber's own database."""

KEPT = timedelta(days=90)
"""How long an occurrence is known: one that comes again later than that is applied again."""


class Ledger:
    """The ledger of a subscriber. An entry is written in one transaction with what it stands for.

    Of an event of the kind *state* there is an entry for each key, with the newest version; of the
    kind *each* one for each occurrence.
    """

    def __init__(self, database: AsyncDatabase[Json], kinds: Mapping[str, Kind]) -> None:
        """Take the subscriber's database, of a client for `transactions`, and what it follows."""
        self._entries = database[LEDGER]
        self._client = database.client
        self._kinds = kinds

    async def once(
        self, event: str, key: str, version: int, work: Callable[[], Awaitable[object]]
    ) -> int:
        """Do the work, unless this version, or of a state a newer one, was applied already.

        Whatever the work writes to the database is there together with the entry, or neither is.
        Two at once with one key do it one after the other. Answers the version that the key has
        now. The work is done again where the transaction has to be.

        Raises:
            DatabaseUnavailable: Nothing was written; later it can be.
            DatabaseRefused: Nothing was written, and never will be.
        """

        async def transaction(_: AsyncClientSession) -> int:
            known = await self._enter(event, key, version)
            if known >= version:
                return known
            with bound():
                await work()
            return version

        try:
            async with (
                self._client.start_session() as session,
                session.bind(end_session=False),
            ):
                return await session.with_transaction(transaction, write_concern=DURABLE)
        except PyMongoError as error:
            if is_of_server(error):
                raise DatabaseUnavailable(redacted(error)) from error
            raise DatabaseRefused(redacted(error)) from error

    async def known_versions(self, event: str, keys: Sequence[str]) -> dict[str, int]:
        """The newest version of each that was applied of a state; 0 where none was.

        Raises:
            DatabaseUnavailable: It could not be read.
        """
        ids = {_id(event, key): key for key in keys}
        try:
            found = await self._entries.find({"_id": {"$in": [*ids]}}).to_list()
        except PyMongoError as error:
            raise DatabaseUnavailable(redacted(error)) from error
        return dict.fromkeys(keys, 0) | {ids[each["_id"]]: int(each["version"]) for each in found}

    async def _enter(self, event: str, key: str, version: int) -> int:
        """Write the entry first, which makes others wait; answers the version before."""
        is_state = self._kinds[event] is Kind.STATE
        entry = _id(event, key) if is_state else _id(event, str(version), key)
        until: Json = {} if is_state else {"$setOnInsert": {"until": now() + KEPT}}
        before = await self._entries.find_one_and_update(
            {"_id": entry},
            {"$max": {"version": Int64(version)}, **until},
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        return 0 if before is None else int(before["version"])


def _id(*parts: str) -> str:
    """What tells an entry from others: only the last part, a key, may have spaces."""
    return " ".join(parts)
