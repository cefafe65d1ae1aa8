"""What a running MongoDB and RabbitMQ show to others on the same machine."""

import ipaddress
import stat
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from local import leftovers
from local.parts import DATABASES
from local.ports import Ports
from local.stack import Stack


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Databases of which the tests only take a look."""
    system = Stack(tmp_path_factory.mktemp("exposure") / "state", Ports.free(), 50, DATABASES)
    system.start()
    yield system
    system.stop()


def test_nobody_but_the_owner_reads_the_state(running: Stack) -> None:
    """The folder itself is closed, and so is what holds a password."""
    assert stat.S_IMODE(running.state.stat().st_mode) == 0o700
    secrets = running._wiring.passwords.values()
    holders = [
        file
        for file in running.state.rglob("*")
        if file.is_file() and any(secret in file.read_text("latin-1") for secret in secrets)
    ]
    assert holders
    assert {stat.S_IMODE(file.stat().st_mode) for file in holders} == {0o600}


def test_no_password_is_in_an_argument_or_in_a_log(running: Stack) -> None:
    """Every user of the machine sees arguments; logs are passed on."""
    processes = leftovers.find(running.state)
    shown = " ".join(" ".join(process.cmdline()) for process in processes)
    shown += "".join(log.read_text("latin-1") for log in running.logs.iterdir())
    assert str(running.ports.mongodb) in shown
    assert [name for name, value in running._wiring.passwords.items() if value in shown] == []


def test_mongodb_lets_nobody_in_without_a_login(running: Stack) -> None:
    """The exception for the first login is over."""
    with MongoClient[dict[str, Any]]("127.0.0.1", running.ports.mongodb) as anonymous:
        with pytest.raises(OperationFailure, match="requires authentication"):
            anonymous.test.things.find_one()
        with pytest.raises(OperationFailure, match="requires authentication"):
            anonymous.admin.command("createUser", "me", pwd="x", roles=["root"])


def test_rabbitmq_knows_our_administrator_and_no_guest(running: Stack) -> None:
    """The broker as it comes lets guest in."""
    url = f"{running.ports.url('rabbitmq_management')}/api/users"
    wiring = running.environment("rabbitmq-setup")
    login = (wiring["RABBITMQ_USER"], wiring["RABBITMQ_PASSWORD"])
    users = httpx.get(url, auth=login, trust_env=False).json()
    assert [(user["name"], user["tags"]) for user in users] == [(login[0], ["administrator"])]
    assert httpx.get(url, auth=("guest", "guest"), trust_env=False).status_code == 401


def test_everything_listens_on_loopback_alone(running: Stack) -> None:
    """Whatever the process is for."""
    hosts = {
        connection.laddr.ip
        for process in leftovers.find(running.state)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert hosts
    assert all(ipaddress.ip_address(host).is_loopback for host in hosts)
