"""A system's life, on real MongoDB and RabbitMQ."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from local import leftovers
from local.errors import (
    AlreadyRunningError,
    MissingError,
    NotRunningError,
    PartFailedError,
    PortTakenError,
)
from local.parts import DATABASES
from local.ports import Ports, names, taken
from local.stack import Stack
from tests.waiting import until


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Stack]:
    """Databases that are not started yet, and are stopped after the test."""
    databases = Stack(tmp_path / "state", Ports.free(), 50, DATABASES)
    yield databases
    databases.stop()


@pytest.fixture
def mongodb(tmp_path: Path) -> Iterator[Stack]:
    """MongoDB alone, which starts faster; not started yet."""
    alone = Stack(tmp_path / "state", Ports.free(), 50, ("mongodb",))
    yield alone
    alone.stop()


def _states(system: Stack) -> dict[str, str]:
    return {part.name: part.state for part in system.status()}


def _pid(system: Stack, name: str) -> int:
    (found,) = (part.pid for part in system.status() if part.name == name)
    return found


def _client(system: Stack) -> MongoClient[dict[str, Any]]:
    wiring = system.environment("mongodb-setup")
    return MongoClient(
        wiring["MONGO_URI"],
        username=wiring["MONGO_USERNAME"],
        password=wiring["MONGO_PASSWORD"],
        serverSelectionTimeoutMS=10_000,
    )


def _assert_nothing_is_left(system: Stack) -> None:
    assert leftovers.find(system.state) == []
    assert [name for name in names() if taken(system.ports[name])] == []


def test_a_started_system_is_healthy_and_a_stopped_one_leaves_nothing(system: Stack) -> None:
    """No process and no port."""
    system.start()
    assert _states(system) == dict.fromkeys(DATABASES, "healthy")
    assert len(leftovers.find(system.state)) >= len(DATABASES)
    assert system.stop()
    _assert_nothing_is_left(system)
    assert set(_states(system).values()) == {"stopped"}


def test_what_was_written_is_there_after_a_restart_on_other_ports(mongodb: Stack) -> None:
    """The replica set moves with its port."""
    mongodb.start()
    with _client(mongodb) as client:
        client.test.things.insert_one({"_id": 1})
    mongodb.stop()
    moved = dataclasses.replace(mongodb, ports=Ports.free())
    moved.start()
    with _client(moved) as client:
        found = client.test.things.find_one()
    moved.stop()
    assert found == {"_id": 1}


def test_a_second_start_is_refused_and_harms_nothing(mongodb: Stack) -> None:
    """Not even where its ports are others."""
    mongodb.start()
    before = _pid(mongodb, "mongodb")
    with pytest.raises(AlreadyRunningError, match="already running"):
        dataclasses.replace(mongodb, ports=Ports.free()).start()
    assert _pid(mongodb, "mongodb") == before


def test_a_running_system_is_found_by_its_state_folder(mongodb: Stack) -> None:
    """With ports and all; afterwards there is none."""
    mongodb.start()
    assert Stack.running(mongodb.state) == mongodb
    mongodb.stop()
    with pytest.raises(NotRunningError):
        Stack.running(mongodb.state)


def test_a_system_with_a_part_that_is_not_declared_any_more_can_be_stopped(mongodb: Stack) -> None:
    """Its row is gone; the message says so of everything else."""
    mongodb.start()
    record = mongodb.state / "system.json"
    saved = json.loads(record.read_text())
    record.write_text(json.dumps({**saved, "parts": [*saved["parts"], "gone-service"]}))
    with pytest.raises(NotRunningError, match="`make stop` ends it"):
        Stack.running(mongodb.state)
    assert mongodb.stop()
    _assert_nothing_is_left(mongodb)


def test_a_taken_port_ends_the_start_before_anything_runs(system: Stack) -> None:
    """Another's port, then ours: the process that holds it goes on."""
    with socket.create_server(("127.0.0.1", system.ports.rabbitmq_management)):
        with pytest.raises(PortTakenError, match=f"{system.ports.rabbitmq_management}.*RabbitMQ"):
            system.start()
        assert leftovers.find(system.state) == []


def test_a_part_that_dies_ends_the_start_and_leaves_nothing(
    system: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mongod on the PATH wins; this one cannot start."""
    broken = tmp_path / "bin" / "mongod"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'cannot open the data files' >&2\nexit 14\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")
    with pytest.raises(PartFailedError) as caught:
        system.start()
    assert caught.value.part == "mongodb"
    assert "cannot open the data files" in caught.value.lines
    assert str(system.log("mongodb")) in str(caught.value)
    _assert_nothing_is_left(system)


@pytest.mark.slow
def test_a_killed_part_comes_back_with_its_data(system: Stack) -> None:
    """Both databases, under the same supervisor."""
    system.start()
    with _client(system) as client:
        client.test.things.insert_one({"_id": 1})
        for name in ("mongodb", "rabbitmq", "epmd"):
            before = _pid(system, name)
            system.kill(name)
            system.wait_healthy(name)
            assert _pid(system, name) != before
        assert client.test.things.find_one() == {"_id": 1}


def test_a_part_can_be_stopped_and_started_alone(mongodb: Stack) -> None:
    """It stays stopped until it is started."""
    mongodb.start()
    mongodb.stop_part("mongodb")
    assert _states(mongodb) == {"mongodb": "stopped"}
    assert not taken(mongodb.ports.mongodb)
    mongodb.start_part("mongodb")
    assert _states(mongodb) == {"mongodb": "healthy"}


def test_a_frozen_part_is_unhealthy_until_it_goes_on(mongodb: Stack) -> None:
    """The fault that looks most like a network that swallows everything."""
    mongodb.start()
    mongodb.kill("mongodb", signal.SIGSTOP)
    assert _states(mongodb) == {"mongodb": "unhealthy"}
    mongodb.kill("mongodb", signal.SIGCONT)
    mongodb.wait_healthy("mongodb")


@pytest.mark.slow
def test_a_killed_supervisor_does_not_prevent_the_next_start(system: Stack) -> None:
    """Its orphans still hold the ports; the next start ends them first."""
    system.start()
    orphan = psutil.Process(_pid(system, "mongodb"))
    os.kill(system._supervisor.pid(), signal.SIGKILL)
    until(lambda: not system.is_running(), "the system has ended")
    assert orphan.is_running()
    again = dataclasses.replace(system)
    again.start()
    assert _states(again) == dict.fromkeys(DATABASES, "healthy")
    assert not orphan.is_running()
    again.stop()
    _assert_nothing_is_left(again)


@pytest.mark.slow
def test_a_machine_that_lost_its_power_does_not_prevent_the_next_start(system: Stack) -> None:
    """Everything is gone at once; pid files, locks, sockets and the record are left."""
    system.start()
    victims = leftovers.find(system.state)
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended with the one that needed it
            process.kill()
    psutil.wait_procs(victims, timeout=60)
    (system.state / "rabbitmq" / ".erlang.cookie").chmod(0o644)
    assert (system.state / "supervisor.sock").exists()
    again = dataclasses.replace(system)
    again.start()
    assert _states(again) == dict.fromkeys(DATABASES, "healthy")
    again.stop()


def test_a_start_that_was_killed_half_way_does_not_prevent_the_next(mongodb: Stack) -> None:
    """What it had started is not taken for a running system."""
    mongodb.start()
    record = mongodb.state / "system.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"complete": False}))
    before = _pid(mongodb, "mongodb")
    again = dataclasses.replace(mongodb)
    again.start()
    assert _pid(again, "mongodb") != before
    again.stop()


def test_a_state_folder_that_was_removed_does_not_hide_what_runs(mongodb: Stack) -> None:
    """`stop` finds the processes all the same."""
    mongodb.start()
    victims = leftovers.find(mongodb.state)
    mongodb.state.rename(mongodb.state.with_name("elsewhere"))
    assert mongodb.stop()
    assert leftovers.wait_gone(victims, 0) == []
    _assert_nothing_is_left(mongodb)


def test_stopping_what_does_not_run_is_no_error(mongodb: Stack) -> None:
    """It says that there was nothing."""
    assert not mongodb.stop()


def test_two_starts_at_the_same_time_are_one(mongodb: Stack) -> None:
    """The second is refused while the first is on its way."""
    mongodb.state.mkdir()
    with mongodb._alone():
        with pytest.raises(AlreadyRunningError, match="just being started or stopped"):
            dataclasses.replace(mongodb).start()
        assert leftovers.find(mongodb.state) == []


def test_what_another_version_started_can_be_stopped(mongodb: Stack) -> None:
    """Its record says something that this version does not know."""
    mongodb.start()
    record = mongodb.state / "system.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"ports": {"telex": 1}}))
    with pytest.raises(NotRunningError, match="another version"):
        Stack.running(mongodb.state)
    assert Stack(mongodb.state, mongodb.ports, 50).stop()
    _assert_nothing_is_left(mongodb)


def test_a_missing_program_ends_the_start_with_the_package_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started before all programs are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    system = Stack(tmp_path / "state", Ports.free(), 50, DATABASES)
    with pytest.raises(MissingError, match="rabbitmq-server"):
        system.start()
    _assert_nothing_is_left(system)
