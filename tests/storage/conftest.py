"""MongoDB after its set-up, as its highest login sees it."""

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking


@pytest.fixture(scope="session")
def mongo(databases: Stack) -> MongoSettings:
    """Where MongoDB is, and its highest login."""
    env = databases.environment("mongodb-setup")
    return MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])


@pytest.fixture(scope="session")
def root(mongo: MongoSettings) -> Iterator[MongoClient[Json]]:
    """A client that may do everything."""
    with connect_blocking(mongo) as client:
        yield client
