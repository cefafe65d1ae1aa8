"""Real systems for the tests, each made once a session, on free ports, in a temporary folder."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.parts import DATABASES
from local.ports import Ports
from local.stack import Stack

pytest_plugins = ["tests.personal_data"]

_EXTRA = {"VALIDATE_RESPONSES": "true"}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """MongoDB and RabbitMQ as they are before the set-ups: with the highest logins alone."""
    system = Stack(tmp_path_factory.mktemp("servers"), Ports.free(), 50, DATABASES, _EXTRA)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="session")
def databases(servers: Stack) -> Stack:
    """MongoDB and RabbitMQ with collections, seed and logins; no process of our own runs."""
    for arguments in (["mongodb", "--seed"], ["rabbitmq"]):
        command = [sys.executable, "-m", "aware", "setup", *arguments]
        environment = servers.environment(f"{arguments[0]}-setup")
        subprocess.run(command, check=True, env=environment)
    return servers


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system, with the responses of its services checked against the specs."""
    system = Stack(tmp_path_factory.mktemp("stack"), Ports.free(), 50, extra=_EXTRA)
    system.start()
    yield system
    system.stop()
