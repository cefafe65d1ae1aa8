"""Several nodes of RabbitMQ, one of which is away; test_cluster has three of them."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from local.stack import Stack
from messaging.amqp import AmqpBroker, connection_parameters
from messaging.topology import Declarations
from tests.messaging.system import administrator

AWAY = "127.0.0.99"
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("hosts", ["{away},{there}", "{there},{away}", "{away},{away},{there}"])
async def test_a_connection_is_made_to_one_that_is_there(databases: Stack, hosts: str) -> None:
    """Whichever is tried first."""
    there = administrator(databases.environment("rabbitmq-setup"))
    settings = replace(there, host=hosts.format(away=AWAY, there=there.host))
    async with AmqpBroker(connection_parameters(settings, "tests"), Declarations()) as broker:
        async with asyncio.timeout(60):
            await broker.connected()
        assert broker.problem is None


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        (AWAY, f"http://{AWAY}:"),
        (f"{AWAY},127.0.0.98", "http://127.0.0.98:"),
        ("a, b", "RABBITMQ_HOST must be a host, or several with commas, not 'a, b'"),
        ("a,", "RABBITMQ_HOST must be a host, or several with commas, not 'a,'"),
    ],
)
def test_the_set_up_names_what_is_not_there(databases: Stack, hosts: str, reason: str) -> None:
    """In one line."""
    done = set_up(databases, hosts)
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]


def test_the_set_up_asks_the_first_that_answers(databases: Stack) -> None:
    """Its logins are those of all nodes."""
    there = databases.environment("rabbitmq-setup")["RABBITMQ_HOST"]
    done = set_up(databases, f"{AWAY},{there}")
    assert done.returncode == 0, done.stderr
    assert "2 logins are ready" in done.stdout


def set_up(databases: Stack, hosts: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these hosts."""
    return subprocess.run(
        [sys.executable, "-m", "aware", "setup", "rabbitmq"],
        env=databases.environment("rabbitmq-setup") | {"RABBITMQ_HOST": hosts},
        capture_output=True,
        text=True,
        check=False,
    )
