"""The sync on real parts, for one test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from local.stack import Stack
from tests.messaging.rabbitmq import IMAGE, InAContainer, OfTheMachine, RabbitServer, container
from tests.messaging.system import System, new_system

MACHINE = "RabbitMQ of the machine"
IN_A_CONTAINER = pytest.param("RabbitMQ in a container", marks=pytest.mark.docker(IMAGE))


@pytest.fixture(scope="session")
def rabbitmq_in_a_container(databases: Stack) -> Iterator[InAContainer]:
    """A RabbitMQ 4."""
    with container(databases) as server:
        yield server


@pytest.fixture(scope="session", params=[MACHINE, IN_A_CONTAINER])
def rabbitmq(request: pytest.FixtureRequest, databases: Stack) -> RabbitServer:
    """One after the other."""
    if request.param == MACHINE:
        return OfTheMachine(databases)
    server: InAContainer = request.getfixturevalue("rabbitmq_in_a_container")
    return server


@pytest.fixture
async def system(rabbitmq: RabbitServer) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(rabbitmq) as system:
        yield system
