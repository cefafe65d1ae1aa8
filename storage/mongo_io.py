"""Reading and writing for the sync: durable, and with only two ways to fail."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import pymongo
from bson.errors import InvalidDocument
from pymongo import UpdateMany, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure, PyMongoError

from health.problems import Problem
from storage.client import Json
from storage.problems import is_disk_full, problem_of
from storage.redaction import redacted

WRITE_WITHIN_SECONDS = 30
"""How long a bulk write may take. What it did until then is kept, so that repeating it goes on."""

_OF_THE_SERVER = frozenset(
    {6, 7, 50, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031}
)
"""Codes of write errors that blame the server and not a document: unreachable, stepping down,
shutting down, out of time, out of space, a write conflict."""


class DatabaseUnavailable(Exception):  # noqa: N818 - a state, as much as an error
    """The database could not be reached, or could do nothing for anybody; later it can again.

    What was to be written may have been written or not.
    """


class DatabaseRefused(Exception):  # noqa: N818
    """The database refused a part of what was to be written, and will refuse it again."""


async def write(collection: AsyncCollection[Json], writes: Sequence[UpdateOne | UpdateMany]) -> int:
    """Do all the writes, in any order, and return how many documents they changed or made.

    Raises:
        DatabaseUnavailable: Nobody knows which were done.
        DatabaseRefused: Some were refused; all others were done.
    """
    if not writes:
        return 0
    try:
        with pymongo.timeout(WRITE_WITHIN_SECONDS):
            result = await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        raise _meaning(error) from error
    except (InvalidDocument, DocumentTooLarge, OverflowError) as error:
        raise DatabaseRefused(redacted(error)) from error
    except PyMongoError as error:
        raise DatabaseUnavailable(redacted(error)) from error
    return result.modified_count + result.upserted_count


async def read(cursor: AsyncCursor[Json]) -> list[Json]:
    """Everything that the cursor finds.

    Raises:
        DatabaseUnavailable: It could not be read.
    """
    try:
        return await cursor.to_list()
    except PyMongoError as error:
        raise DatabaseUnavailable(redacted(error)) from error


def is_of_server(error: PyMongoError) -> bool:
    """Whether an error blames the server, or the way to it, and not what was asked of it."""
    if not isinstance(error, OperationFailure):
        return not isinstance(error, DocumentTooLarge)
    labels = ("TransientTransactionError", "RetryableWriteError")
    return _blames_server({"code": error.code, **(error.details or {})}) or any(
        map(error.has_error_label, labels)
    )


def _blames_server(error: Mapping[str, Any]) -> bool:
    return error.get("code") in _OF_THE_SERVER or is_disk_full(error)


def _meaning(error: BulkWriteError) -> Exception:
    failed: list[Json] = dict(error.details or {}).get("writeErrors", [])
    if not all(map(_blames_server, failed)):
        return DatabaseRefused(redacted(error))
    return DatabaseUnavailable(redacted(error))


async def read_all(found: Awaitable[AsyncCommandCursor[Json]]) -> list[Json]:
    """Everything that an aggregation finds.

    Raises:
        DatabaseUnavailable: It could not be read.
    """
    try:
        return await (await found).to_list()
    except PyMongoError as error:
        raise DatabaseUnavailable(redacted(error)) from error


def raise_if_cancelled() -> None:
    """Raise CancelledError where this task was cancelled and somebody has swallowed that.

    asyncio.wait_for does, before Python 3.12, if what it waits for is done in that moment; pymongo
    calls it for every message. Whoever works for ever looks here after each turn.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def silence(database: AsyncDatabase[Json], within_seconds: float = 1) -> Problem | None:
    """Why the database does not answer this login within that time, if it does not."""
    try:
        with pymongo.timeout(within_seconds):
            await database.command("ping")
    except PyMongoError as error:
        return problem_of(error)
    return None
