"""The connection to MongoDB."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.write_concern import WriteConcern

from storage.cancelling import make_cancellable
from tracing.mongodb import command_listeners, listen_where_recorded

Json = dict[str, Any]
"""A document, or a part of one."""

Id = str | int
"""The id of a document."""

REQUEST_TIMEOUT_MS = 5000
"""After this long without MongoDB an operation fails."""


@dataclass(frozen=True)
class MongoSettings:
    """Where MongoDB is, and as whom to log in. `prefix` begins the databases' names."""

    uri: str
    username: str
    password: str = field(repr=False)
    prefix: str = "aware"

    def database(self, name: str) -> str:
        """What the database is called that a service declares by this name."""
        return f"{self.prefix}_{name}"

    @property
    def users(self) -> str:
        """The name of the user database."""
        return self.database("users")

    @property
    def orders(self) -> str:
        """The name of the order database."""
        return self.database("orders")


DURABLE = WriteConcern("majority", j=True)
"""Journaled on a majority."""


def connect(
    settings: MongoSettings, *, timed: bool = True, transactions: bool = False
) -> AsyncMongoClient[Json]:
    """A client whose writes are journaled on a majority when they return.

    It connects when first used, and again by itself.

    Args:
        settings: Where, and as whom.
        timed: Whether an operation that gets no answer within `REQUEST_TIMEOUT_MS` raises a
            `PyMongoError`. That costs a tenth of an operation's time: whoever has a deadline of
            their own can do without.
        transactions: For whoever writes in transactions of bound sessions, which say themselves
            that they are `DURABLE`: a write within one must not say it too.
    """
    options = _options(settings)
    if not timed:
        del options["timeoutMS"]
    if transactions:
        del options["w"], options["journal"]
    make_cancellable()
    client: AsyncMongoClient[Json] = AsyncMongoClient(settings.uri, **options)
    listen_where_recorded(client)
    return client


def connect_blocking(settings: MongoSettings, *, timed: bool = True) -> MongoClient[Json]:
    """The same for a command that does one thing after the other.

    Args:
        settings: Where, and as whom.
        timed: Not for a command that looks through whole collections.
    """
    options = _options(settings)
    if not timed:
        del options["timeoutMS"]
    client: MongoClient[Json] = MongoClient(settings.uri, **options)
    listen_where_recorded(client)
    return client


def _options(settings: MongoSettings) -> Json:
    return {
        "username": settings.username,
        "password": settings.password,
        "authSource": "admin",
        "w": "majority",
        "journal": True,
        "tz_aware": True,
        "tzinfo": UTC,
        "timeoutMS": REQUEST_TIMEOUT_MS,
        "serverSelectionTimeoutMS": REQUEST_TIMEOUT_MS,
        "event_listeners": command_listeners(),
    }


def now() -> datetime:
    """This moment in UTC, cut to the millisecond that the database keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
