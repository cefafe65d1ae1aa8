"""The replica set of as many members as the set-up is told, on servers of its own."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
from pymongo.errors import PyMongoError

from settings.environment import SettingError
from storage.client import MongoSettings, connect_blocking
from storage.replica_set import ReplicaSetError, keep_members, members_of
from tests.cluster.servers import Servers
from tests.waiting import until

PASSWORD = "password-of-root"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Three that run."""
    servers = Servers(tmp_path, PASSWORD)
    with ExitStack() as ending:
        ending.callback(servers.end)
        servers.start_all()
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
        servers.kill(before)
        until(lambda: servers.primary not in {"", before}, "another is the primary")
        writes.go_on()
    assert not writes.lost(servers.settings)
    keep_members(servers.settings, servers.members)  # nothing to do is done without the third
    servers.start(before)
    until(lambda: servers.states().get(before) in {"PRIMARY", "SECONDARY"}, "it is back")


def test_one_grows_to_three_and_goes_back_while_it_is_written_to(servers: Servers) -> None:
    """No write fails while it grows; none is lost when the primary is the one that leaves."""
    keep_members(servers.settings, servers.members[:1])
    assert servers.votes() == [(servers.members[0], 1, 1.0)]
    with Writes(servers.settings) as writes:
        keep_members(servers.settings, servers.members)
        assert servers.votes() == [(each, 1, 1.0) for each in servers.members]
        assert not writes.failed
        others = keep_members(servers.settings, servers.members[2:])
        assert others == {*servers.members[:2]}
        assert len(servers.votes()) == 3
        assert not keep_members(servers.settings, servers.members[2:], reduce=True)
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
    third = servers.members[2]
    servers.kill(third)
    until(lambda: servers.states().get(third, "").startswith("(not"), "its end is noticed")
    with pytest.raises(ReplicaSetError, match=f"{third}, which is to stay, is"):
        keep_members(servers.settings, servers.members[2:], reduce=True)
    assert len(servers.votes()) == 3


def test_no_second_set_is_made_where_the_first_may_be(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while one does not answer that may have all data."""
    keep_members(servers.settings, servers.members[:1])
    monkeypatch.setattr("storage.replica_set._ANSWERS_WITHIN_SECONDS", 3)
    servers.running[servers.members[0]].send_signal(signal.SIGSTOP)
    with pytest.raises(ReplicaSetError, match=f"{servers.members[0]} does not answer"):
        keep_members(servers.settings, (*servers.members[1:], servers.members[0]))
    servers.running[servers.members[0]].send_signal(signal.SIGCONT)
    other = replace(servers.settings, uri=servers.settings.uri.replace("rs0", "x"))
    with pytest.raises(ReplicaSetError, match=r"is in the replica set rs0, where MONGO_URI says x"):
        keep_members(other, servers.members)


def test_a_uri_that_names_no_servers_is_refused() -> None:
    """What DNS says of it may be others."""
    settings = MongoSettings("mongodb+srv://example.invalid/", "root", PASSWORD)
    with pytest.raises(SettingError, match="MONGO_URI must start with mongodb://"):
        keep_members(settings, ["a:1"])


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


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        (["--members", "a:1,b:2"], 1, "aware: --members must be 1, 3, 5 or 7 servers, not 2"),
        (["--reduce"], 2, "Error: --reduce needs --members: who stays"),
    ],
)
def test_the_command_says_it_in_one_line(options: list[str], status: int, reason: str) -> None:
    """Before anything is looked at."""
    done = subprocess.run(
        [sys.executable, "-m", "aware", "setup", "mongodb", *options],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin"},
    )
    assert done.returncode == status
    assert done.stderr.splitlines()[-1].startswith(reason)
