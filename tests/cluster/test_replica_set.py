"""The replica set of as many members as the set-up is told, on servers of its own."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from local import mongodb
from local.ports import HOST, free_port
from settings.environment import SettingError
from storage.client import Json, MongoSettings, connect_blocking
from storage.replica_set import ReplicaSetError, keep_members, members_of
from tests.waiting import until

PASSWORD = "password-of-root"
KEY = "the same key for all members"


@dataclass
class Servers:
    """Three servers of MongoDB that nobody has made a set, each with a login of its own."""

    folder: Path
    ports: tuple[int, ...] = field(default_factory=lambda: tuple(free_port() for _ in range(3)))
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, port: int) -> None:
        """Start one, or start it again with its data."""
        configuration = mongodb.write_configuration(self.folder / str(port), port, KEY)
        self.run(port, "--config", str(configuration))

    def run(self, port: int, *options: str) -> None:
        """Start one with these options."""
        command = [mongodb.find_mongod(), *options]
        self.running[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self, port: int) -> None:
        """End it as a power cut does."""
        process = self.running.pop(port)
        process.kill()
        process.wait()

    def end(self) -> None:
        """End them all."""
        for port in [*self.running]:
            self.kill(port)

    def make_root(self, port: int) -> None:
        """As the image of MongoDB makes it: by a server that asks for no login yet."""
        data = self.folder / str(port) / "data"
        data.mkdir(parents=True)
        self.run(port, "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST)
        with MongoClient[Json](HOST, port) as client:
            client.admin.command("createUser", mongodb.ROOT, pwd=PASSWORD, roles=["root"])
        self.running[port].terminate()
        self.running.pop(port).wait()

    @property
    def members(self) -> tuple[str, ...]:
        """By the names that clients have for them."""
        return tuple(f"{HOST}:{port}" for port in self.ports)

    @property
    def settings(self) -> MongoSettings:
        """As a process has them that knows all three."""
        return MongoSettings(
            f"mongodb://{','.join(self.members)}/?replicaSet=rs0", mongodb.ROOT, PASSWORD
        )

    def states(self) -> Mapping[str, str]:
        """What each member of the set is, by its name; nothing while nobody is the primary."""
        with connect_blocking(self.settings) as client, suppress(PyMongoError):
            members = client.admin.command("replSetGetStatus")["members"]
            return {each["name"]: each["stateStr"] for each in members}
        return {}

    def votes(self) -> list[tuple[str, int, float]]:
        """Each member with its votes and its priority."""
        with connect_blocking(self.settings) as client:
            members = client.admin.command("replSetGetConfig")["config"]["members"]
            return [(each["host"], each["votes"], each["priority"]) for each in members]

    @property
    def primary(self) -> str:
        """The one that takes writes."""
        found = [name for name, state in self.states().items() if state == "PRIMARY"]
        return found[0] if found else ""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Three that run."""
    servers = Servers(tmp_path)
    with ExitStack() as ending:
        ending.callback(servers.end)
        for port in servers.ports:
            servers.make_root(port)
            servers.start(port)
        yield servers


class Writes:
    """One write after the other, in a thread, each waited for."""

    def __init__(self, settings: MongoSettings) -> None:
        self.acknowledged: list[int] = []
        self.failed: list[str] = []
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        self.go_on()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def go_on(self) -> None:
        """Wait until there are more."""
        count = len(self.acknowledged)
        until(lambda: len(self.acknowledged) > count + 5, "writes go on")

    def _write(self) -> None:
        number = 0
        with connect_blocking(self._settings) as client:
            while not self._stop.wait(0.005):
                number += 1
                try:
                    client["tests"]["writes"].insert_one({"_id": number})
                except PyMongoError as error:
                    self.failed.append(str(error))
                else:
                    self.acknowledged.append(number)

    def lost(self, settings: MongoSettings) -> set[int]:
        """Those acknowledged that are not there."""
        with connect_blocking(settings) as client:
            there = {each["_id"] for each in client["tests"]["writes"].find()}
        return {*self.acknowledged} - there


def test_three_are_made_a_set_that_survives_its_primary(servers: Servers) -> None:
    """Each has a vote; what was acknowledged is there when the primary was killed."""
    keep_members(servers.settings, servers.members)
    assert servers.votes() == [(each, 1, 1.0) for each in servers.members]
    before = servers.primary
    with Writes(servers.settings) as writes:
        servers.kill(int(before.rpartition(":")[2]))
        until(lambda: servers.primary not in {"", before}, "another is the primary")
        writes.go_on()
    assert not writes.lost(servers.settings)
    keep_members(servers.settings, servers.members)  # nothing to do is done without the third
    servers.start(int(before.rpartition(":")[2]))
    until(lambda: servers.states().get(before) in {"PRIMARY", "SECONDARY"}, "it is back")


def test_one_grows_to_three_and_goes_back_while_it_is_written_to(servers: Servers) -> None:
    """No write fails while it grows; none is lost when the primary is the one that leaves."""
    keep_members(servers.settings, servers.members[:1])
    assert servers.votes() == [(servers.members[0], 1, 1.0)]
    with Writes(servers.settings) as writes:
        keep_members(servers.settings, servers.members)
        assert servers.votes() == [(each, 1, 1.0) for each in servers.members]
        assert not writes.failed
        keep_members(servers.settings, servers.members[2:])
        assert servers.votes() == [(servers.members[2], 1, 1.0)]
        writes.go_on()
    assert not writes.lost(servers.settings)
    keep_members(servers.settings, servers.members)
    assert sorted(servers.votes()) == sorted((each, 1, 1.0) for each in servers.members)


def test_what_was_cut_off_is_gone_on_with(servers: Servers) -> None:
    """A member that joined and got no vote is given one by the next set-up."""
    keep_members(servers.settings, servers.members[:1])
    with connect_blocking(servers.settings) as client:
        configuration = client.admin.command("replSetGetConfig")["config"]
        late = {"_id": 1, "host": servers.members[1], "priority": 0, "votes": 0}
        configuration["members"].append(late)
        configuration["version"] += 1
        client.admin.command("replSetReconfig", configuration)
    keep_members(servers.settings, servers.members)
    assert servers.votes() == [(each, 1, 1.0) for each in servers.members]


def test_nobody_leaves_where_those_that_stay_are_not_all_there(servers: Servers) -> None:
    """The reason is said; the set is as it was."""
    keep_members(servers.settings, servers.members)
    servers.kill(servers.ports[2])
    third = servers.members[2]
    until(lambda: servers.states().get(third, "").startswith("(not"), "its end is noticed")
    with pytest.raises(ReplicaSetError, match=f"{third}, which is to stay, is"):
        keep_members(servers.settings, servers.members[2:])
    assert len(servers.votes()) == 3


def test_no_second_set_is_made_where_the_first_may_be(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while one does not answer that may have all data."""
    keep_members(servers.settings, servers.members[:1])
    monkeypatch.setattr("storage.replica_set._ANSWERS_WITHIN_SECONDS", 3)
    servers.running[servers.ports[0]].send_signal(signal.SIGSTOP)
    with pytest.raises(ReplicaSetError, match=f"{servers.members[0]} does not answer"):
        keep_members(servers.settings, (*servers.members[1:], servers.members[0]))
    servers.running[servers.ports[0]].send_signal(signal.SIGCONT)
    other = replace(servers.settings, uri=servers.settings.uri.replace("rs0", "x"))
    with pytest.raises(ReplicaSetError, match=r"is in the replica set rs0, where MONGO_URI says x"):
        keep_members(other, servers.members)


def test_the_servers_of_two_sets_are_not_taken_for_one(servers: Servers) -> None:
    """One would lose all that it has."""
    for member in servers.members[:2]:
        alone = replace(servers.settings, uri=f"mongodb://{member}/?replicaSet=rs0")
        keep_members(alone, [member])
    one, two, _ = servers.members
    with pytest.raises(ReplicaSetError, match=f"{one} and {two} are in different replica sets"):
        keep_members(servers.settings, servers.members)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a:1,b:2", "--members must be 1, 3, 5 or 7 servers, not 2"),
        ("a:1,b:2,a:1", "--members names a server twice"),
        ("a:1,b", "--members must be host:port, several with commas, not 'a:1,b'"),
        ("", "--members must be host:port"),
        (",".join(f"a:{port}" for port in range(1, 10)), "not 9"),
    ],
)
def test_other_members_are_refused(text: str, reason: str) -> None:
    """In one line that says what they are to be."""
    with pytest.raises(SettingError) as refused:
        members_of(text)
    assert reason in str(refused.value)


def test_the_command_says_it_in_one_line() -> None:
    """By the command, as whoever sets up sees it."""
    done = subprocess.run(
        [sys.executable, "-m", "aware", "setup", "mongodb", "--members", "a:1,b:2"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin",
            "MONGO_URI": "mongodb://127.0.0.1:1/?replicaSet=rs0",
            "MONGO_USERNAME": "root",
            "MONGO_PASSWORD": PASSWORD,
        },
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("aware: --members must be 1, 3, 5 or 7")
