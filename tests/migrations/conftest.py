"""A database of its own for each test."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from pymongo import MongoClient

from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking


@pytest.fixture(scope="session")
def mongo(servers: Stack) -> MongoSettings:
    """Where MongoDB is, and its highest login."""
    env = servers.environment("mongodb-setup")
    return MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])


@pytest.fixture(scope="session")
def root(mongo: MongoSettings) -> Iterator[MongoClient[Json]]:
    """A client that may do everything."""
    with connect_blocking(mongo) as client:
        yield client


@pytest.fixture
def own(root: MongoClient[Json], mongo: MongoSettings) -> Iterator[MongoSettings]:
    """Settings with databases that nobody else has."""
    settings = replace(mongo, prefix=f"test_{uuid4().hex[:12]}")
    yield settings
    root.drop_database(settings.users)
    root.drop_database(settings.orders)
