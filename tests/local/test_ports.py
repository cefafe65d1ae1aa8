"""Ports: which, from where, and what holds a taken one."""

import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local import ports
from local.errors import LocalError, PortTakenError
from local.ports import Ports, free_port
from settings.environment import SettingError


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens on a port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_the_standard_ports_are_those_of_the_paper() -> None:
    """The paper's figures, which clients and documents rely on."""
    standard = Ports.standard({})
    assert (standard.gateway, standard.gateway_admin) == (8000, 8001)
    assert (standard["order-service"], standard["user-service-v1"]) == (5001, 5002)
    assert standard["user-service-v2"] == 5003
    assert (standard.rabbitmq, standard.rabbitmq_management) == (5673, 15672)
    assert standard.mongodb == 27017


def test_a_variable_changes_its_port_and_no_other() -> None:
    """An empty variable is no variable."""
    changed = Ports.standard({"GATEWAY_PORT": "9000", "MONGODB_PORT": ""})
    assert changed == Ports(gateway=9000)


@pytest.mark.parametrize("value", ["0", "65536", "-1", "80a", "٣", "1.5", " 80"])
def test_what_is_no_port_is_refused_with_its_variable(value: str) -> None:
    """The message names the variable and the value."""
    with pytest.raises(SettingError, match=r"GATEWAY_PORT must be .*from 1 to 65535, not "):
        Ports.standard({"GATEWAY_PORT": value})


def test_one_port_for_two_purposes_is_refused_with_both_variables() -> None:
    """Also where one of the two is a standard port."""
    with pytest.raises(LocalError, match="GATEWAY_PORT and MONGODB_PORT are both 27017"):
        Ports.standard({"GATEWAY_PORT": "27017"})


def test_a_process_that_came_after_the_start_has_no_port() -> None:
    """The message says what to do."""
    with pytest.raises(LocalError, match=r"order-service has no port .* `make stop`"):
        Ports(processes={})["order-service"]


def test_free_ports_are_free_and_differ() -> None:
    """They can all be listened on at once."""
    free = Ports.free()
    numbers = [free[name] for name in ports.names()]
    servers = [socket.create_server(("127.0.0.1", number)) for number in numbers]
    for server in servers:
        server.close()
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what others do
def test_a_taken_port_is_reported_with_purpose_process_and_variable(address: str) -> None:
    """Everything that a person needs to put it right."""
    with socket.create_server((address, 0)) as listener:
        number = listener.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            Ports(gateway=number).require_free(("gateway",))
    message = str(caught.value)
    assert f"Port {number}, for the gateway, is taken by process {os.getpid()} (" in message
    assert "GATEWAY_PORT" in message


def test_all_taken_ports_are_reported_at_once(listener: socket.socket) -> None:
    """So that one round of changes is enough."""
    number = listener.getsockname()[1]
    both = Ports(gateway=number, mongodb=number)
    with pytest.raises(PortTakenError, match=r"(?s)GATEWAY_PORT.*MONGODB_PORT"):
        both.require_free(("gateway", "mongodb"))


def test_a_taken_port_that_is_not_used_is_no_obstacle(listener: socket.socket) -> None:
    """A system without a gateway does not need the gateway's port."""
    Ports(gateway=listener.getsockname()[1], mongodb=Ports.free().mongodb).require_free(
        ("mongodb",)
    )


def test_a_free_port_is_nobody_elses_until_its_process_ends() -> None:
    """Although nothing listens there yet."""
    code = "from local.ports import free_port; print(free_port(), flush=True); input()"
    asks = [sys.executable, "-c", code]
    with subprocess.Popen(asks, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        given = int(other.stdout.readline())
        drawn = itertools.chain([given, given], itertools.count(given + 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("random.SystemRandom.randrange", lambda *_: next(drawn))
            assert free_port() > given
        other.communicate("\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("random.SystemRandom.randrange", lambda *_: given)
        assert free_port() == given
