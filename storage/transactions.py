"""Transactions, one within another being a part of it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.mongo_client import AsyncMongoClient
from pymongo.read_concern import ReadConcern

from storage.client import DURABLE, Json

_ResultT = TypeVar("_ResultT")
_IS_BOUND: ContextVar[bool] = ContextVar("is_bound", default=False)


@contextmanager
def bound() -> Iterator[None]:
    """Within, every operation belongs to the transaction of a session that is bound."""
    token = _IS_BOUND.set(True)
    try:
        yield
    finally:
        _IS_BOUND.reset(token)


async def in_transaction(
    client: AsyncMongoClient[Json],
    work: Callable[[AsyncClientSession | None], Awaitable[_ResultT]],
) -> _ResultT:
    """Do the work whole or not at all; again, where somebody else has changed what it read.

    Its operations take the session that it is given; None within a transaction that is `bound`.
    """
    if _IS_BOUND.get():
        return await work(None)
    async with client.start_session() as session:
        return await session.with_transaction(
            work, read_concern=ReadConcern("snapshot"), write_concern=DURABLE
        )
