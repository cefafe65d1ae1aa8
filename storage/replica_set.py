"""A replica set of one member: what MongoDB has to be before it does more than hold documents."""

import structlog
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from storage.client import Json, MongoSettings

log = structlog.get_logger(__name__)

_ALREADY_INITIALIZED = 23


def initiate(settings: MongoSettings, member: str) -> None:
    """Make `member` a replica set under the name in the URI of `settings`, unless it is one.

    Returns when the set has a primary.

    Args:
        settings: The login must be one that may do so.
        member: `host:port` by which all clients reach it.

    Raises:
        PyMongoError: MongoDB refused or failed.
    """
    name = parse_uri(settings.uri)["options"].get("replicaset", "rs0")
    configuration = {"_id": name, "members": [{"_id": 0, "host": member}]}
    with _only(member, settings) as client:
        try:
            client.admin.command("replSetInitiate", configuration)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
        else:
            log.info("replica_set_made", name=name, member=member)
    with _patient(settings.uri, settings) as client:
        client.admin.command("ping")


def _only(member: str, settings: MongoSettings) -> MongoClient[Json]:
    """A client of this member, whatever it is."""
    return _patient(f"mongodb://{member}/?directConnection=true", settings)


def _patient(uri: str, settings: MongoSettings) -> MongoClient[Json]:
    """A client that gives a server, or an election, time."""
    return MongoClient(
        uri,
        username=settings.username,
        password=settings.password,
        authSource="admin",
        serverSelectionTimeoutMS=60_000,
    )
