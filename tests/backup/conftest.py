"""A system of its own for each test, and the commands on it."""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from click.testing import CliRunner, Result

from aware.__main__ import aware
from local.stack import Stack
from tests.messaging.rabbitmq import OfTheMachine
from tests.messaging.system import System, new_system

Aware = Callable[..., Result]
"""Calls `python -m aware` with these arguments, as text."""


@pytest.fixture
def anyio_backend() -> str:
    """What runs the asynchronous tests."""
    return "asyncio"


@pytest.fixture
async def system(databases: Stack) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(OfTheMachine(databases)) as system:
        yield system


def environment(system: System) -> Mapping[str, str]:
    """The variables of the set-up, for that system."""
    return {
        **system.stack.environment("mongodb-setup"),
        "DATABASE_NAME": system.mongo.database,
        "RABBITMQ_QUEUE_NAME": system.topology.updates.name,
    }


@pytest.fixture
def call(system: System) -> Aware:
    """The command line with these variables."""
    runner = CliRunner(env=environment(system))
    return lambda *arguments: runner.invoke(aware, [str(each) for each in arguments])
