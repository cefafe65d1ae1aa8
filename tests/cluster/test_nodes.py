"""Several nodes of RabbitMQ, one of which is away; test_cluster has three of them."""

import asyncio
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local.ports import HOST
from local.stack import Stack
from messaging.amqp import AmqpBroker
from messaging.nodes import connection_parameters
from messaging.problems import CONNECTING
from messaging.settings import RabbitSettings
from messaging.topology import Declarations
from tests.certificate import Certificate, make_certificate
from tests.messaging.system import administrator
from tests.waiting import until_async

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


async def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    """One that is for the host, but of somebody else; one that is right, but for another host."""
    ours, others = (make_certificate(tmp_path / each, HOST) for each in ("ours", "others"))
    elsewhere = make_certificate(tmp_path / "elsewhere", AWAY)
    for shown, trusted, reason in (
        (others, ours, "self-signed certificate"),
        (elsewhere, elsewhere, f"IP address mismatch, certificate is not valid for '{HOST}'"),
    ):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(shown.certificate, shown.key)
        server = await asyncio.start_server(lambda *_: None, HOST, 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        async with server:
            found = await problem(HOST, port, trusted)
        assert found == f"RABBITMQ_CA does not vouch for RabbitMQ's certificate: {reason}."


async def test_a_broker_without_tls_is_named(databases: Stack, tmp_path: Path) -> None:
    """Where it is asked for."""
    there = administrator(databases.environment("rabbitmq-setup"))
    found = await problem(there.host, there.port, make_certificate(tmp_path, HOST))
    assert found == "RabbitMQ does not speak TLS at RABBITMQ_PORT, and RABBITMQ_CA is set."


async def problem(host: str, port: int, trusted: Certificate) -> str:
    """Why there is no connection by TLS."""
    authority = trusted.certificate.read_text()
    settings = RabbitSettings(host, port, "somebody", "password", "queue", authority)
    async with AmqpBroker(connection_parameters(settings, "tests"), Declarations()) as broker:

        async def is_found() -> bool:
            return broker.problem not in {None, CONNECTING}

        await until_async(is_found, "the reason is known")
        assert broker.problem is not None
        return broker.problem.reason


def test_what_is_no_certificate_is_refused(databases: Stack) -> None:
    """By its name, not by what it is."""
    done = set_up(databases, HOST, RABBITMQ_CA="no certificate")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("aware: RABBITMQ_CA must be certificates in PEM")


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


def set_up(databases: Stack, hosts: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these hosts."""
    return subprocess.run(
        [sys.executable, "-m", "aware", "setup", "rabbitmq"],
        env=databases.environment("rabbitmq-setup") | {"RABBITMQ_HOST": hosts, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
