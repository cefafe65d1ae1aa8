"""The sync on real parts, for one test."""

from collections.abc import AsyncIterator

import pytest

from local.stack import Stack
from tests.messaging.system import System, new_system


@pytest.fixture
def anyio_backend() -> str:
    """What runs the asynchronous tests."""
    return "asyncio"


@pytest.fixture
async def system(databases: Stack) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(databases) as system:
        yield system
