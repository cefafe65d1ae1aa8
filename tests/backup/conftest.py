"""A system of its own for each test, and the commands on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient

from aware.__main__ import aware
from local.stack import Stack
from storage.client import Json, connect_blocking
from tests.messaging.rabbitmq import OfTheMachine
from tests.messaging.system import System, new_system

Aware = Callable[..., Awaitable[Result]]
"""Calls `python -m aware` with these arguments, and variables on top."""


@pytest.fixture
async def system(databases: Stack) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(OfTheMachine(databases)) as system:
        yield system


@pytest.fixture
def client(system: System) -> Iterator[MongoClient[Json]]:
    """One who may do everything."""
    with connect_blocking(system.mongo, timed=False) as client:
        yield client


def environment(system: System) -> Mapping[str, str]:
    """The variables of the set-up, for that system."""
    return {
        **system.stack.environment("mongodb-setup"),
        "DATABASE_NAME": system.mongo.prefix,
        "RABBITMQ_QUEUE_NAME": system.topology.updates.name,
    }


@pytest.fixture
def call(system: System) -> Aware:
    """The command line with these variables, others changed as wished."""
    runner = CliRunner(env=environment(system))

    async def call(*arguments: object, **changes: str) -> Result:
        words = [str(each) for each in arguments]
        # In a thread, because the command has an event loop of its own.
        return await asyncio.to_thread(runner.invoke, aware, words, env=changes)

    return call
