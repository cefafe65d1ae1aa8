"""The replica set: made of the members that the set-up is told, and changed when it is told others.

One member changes at a time, as MongoDB asks for, and each change leaves a set that takes writes.
What is cut off anywhere goes on from there when it is called again.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure
from pymongo.uri_parser import parse_uri

from settings.environment import SettingError
from storage.client import Json, MongoSettings

log = structlog.get_logger(__name__)

MOST_MEMBERS = 7
"""MongoDB gives a vote to no more."""

_ANSWERS_WITHIN_SECONDS = 60
_EMPTY_FOR_SECONDS = 5
_CAUGHT_UP_SECONDS = 10
_PAUSE_SECONDS = 0.5
_SAY_EVERY_SECONDS = 30
_MEMBER = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")
_ALREADY_INITIALIZED = 23
_AGAIN = {109, 308}
"""ConfigurationInProgress, CurrentConfigNotCommittedYet: the change before is still under way."""
_PRIMARY, _SECONDARY = 1, 2


class ReplicaSetError(Exception):
    """The set cannot become what it is to be; the message says why."""


def members_of(text: str) -> tuple[str, ...]:
    """The members that `text` names, `host:port` with commas.

    Raises:
        SettingError: It is something else, or a number of them that no set should have.
    """
    members = tuple(text.split(","))
    for each in members:
        if not _MEMBER.fullmatch(each):
            raise SettingError(f"--members must be host:port, several with commas, not {text!r}")
    if len({*members}) < len(members):
        raise SettingError(f"--members names a server twice: {text}")
    if len(members) % 2 == 0 or len(members) > MOST_MEMBERS:
        raise SettingError(
            f"--members must be 1, 3, 5 or 7 servers, not {len(members)}: more than half of a set "
            "must be there, so that an even number bears no loss more than the odd one before it"
        )
    return members


def keep_members(
    settings: MongoSettings, members: Sequence[str], *, reduce: bool = False
) -> frozenset[str]:
    """Have these in the replica set that the URI of `settings` names; which others are in it.

    Where all of them answer and none is in a set, the first is made one. Who joins has no vote
    before it has all data; who leaves does so while those that stay have them. Nothing is done to
    a set that consists of these, whether all of them answer or not. Returns when it has a primary.

    Args:
        settings: The login must be one that may do so.
        members: `host:port`, by which all clients reach them.
        reduce: Whether others are taken out of the set.

    Raises:
        SettingError: The URI does not name the servers themselves.
        ReplicaSetError: One of them cannot be reached, or is not fit for what is asked.
        PyMongoError: MongoDB refused or failed.
    """
    if not settings.uri.startswith("mongodb://"):
        raise SettingError("MONGO_URI must start with mongodb:// where --members is said")
    servers = _Servers(settings)
    found = servers.in_set(members)
    with servers.set_of(found or servers.make(members[0])) as client:
        client.admin.command("ping")
        present = _hosts(client)
        for host in members:
            if host not in present:
                servers.require(host)
                _change(client, _joined, host)
                log.info("member_joined", member=host)
        without_vote = [
            each["host"]
            for each in _configuration(client)["members"]
            if each["host"] in members and not each["votes"]
        ]
        for host in without_vote:
            _await_data(client, host)
        for host in without_vote:
            _change(client, _voting, host)
            log.info("member_votes", member=host)
        while (others := {*_hosts(client)} - {*members}) and reduce:
            _remove_one(client, others, members)
        return frozenset(others)


@dataclass(frozen=True)
class _Servers:
    """Reaches single servers, and the set, as the settings say."""

    settings: MongoSettings

    @property
    def name(self) -> str:
        """Of the set."""
        return str(parse_uri(self.settings.uri)["options"].get("replicaSet", "rs0"))

    def in_set(self, members: Sequence[str]) -> list[str]:
        """Those that are in the set by now, of the members and of those that the URI names."""
        named = [f"{host}:{port}" for host, port in parse_uri(self.settings.uri)["nodelist"]]
        began = empty_since = time.monotonic()
        while True:
            answers = {host: self._hello(host) for host in dict.fromkeys((*members, *named))}
            if found := [host for host, answer in answers.items() if self._is_in_set(host, answer)]:
                _refuse_two([(host, answers[host] or {}) for host in found])
                return found
            silent = [host for host in members if answers[host] is None]
            if silent:
                empty_since = time.monotonic()
            # A server that has just started may not have read yet which set it is in.
            elif len(members) == 1 or time.monotonic() - empty_since > _EMPTY_FOR_SECONDS:
                return []
            if silent and time.monotonic() - began > _ANSWERS_WITHIN_SECONDS:
                raise _unreachable(silent[0])
            time.sleep(_PAUSE_SECONDS)

    def make(self, first: str) -> list[str]:
        """Make a set of one member."""
        with self._client([first], self._login, directConnection="true") as client:
            try:
                configuration = {"_id": self.name, "members": [{"_id": 0, "host": first}]}
                client.admin.command("replSetInitiate", configuration)
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    raise
            else:
                log.info("replica_set_made", name=self.name, member=first)
        return [first]

    def require(self, host: str) -> None:
        """Wait until a server answers. Raises ReplicaSetError."""
        for _ in _again(_ANSWERS_WITHIN_SECONDS):
            if self._hello(host) is not None:
                return
        raise _unreachable(host)

    def set_of(self, hosts: Sequence[str]) -> MongoClient[Json]:
        """A client of the set, which gives an election time."""
        return self._client(hosts, self._login, replicaSet=self.name)

    @property
    def _login(self) -> Json:
        login = {"username": self.settings.username, "password": self.settings.password}
        return {
            **login,
            "authSource": "admin",
            "serverSelectionTimeoutMS": _ANSWERS_WITHIN_SECONDS * 1000,
        }

    def _hello(self, host: str) -> Json | None:
        """What the server says of itself to anybody; None where it does not answer."""
        options = {"serverSelectionTimeoutMS": 1000, "connectTimeoutMS": 1000}
        with self._client([host], options, directConnection="true") as client:
            try:
                return client.admin.command("hello")
            except ConnectionFailure:
                return None

    def _is_in_set(self, host: str, answer: Json | None) -> bool:
        found = (answer or {}).get("setName")
        if found not in {None, self.name}:
            raise ReplicaSetError(
                f"MongoDB: {host} is in the replica set {found}, where MONGO_URI says {self.name}"
            )
        return found is not None

    def _client(self, hosts: Sequence[str], options: Json, **how: str) -> MongoClient[Json]:
        """As the URI says, but of these hosts, and in this way."""
        given = parse_qsl(self.settings.uri.partition("?")[2])
        kept = [each for each in given if each[0].lower() not in {"replicaset", "directconnection"}]
        return MongoClient(
            f"mongodb://{','.join(hosts)}/?{urlencode([*kept, *how.items()])}", **options
        )


def _refuse_two(found: Sequence[tuple[str, Json]]) -> None:
    """Refuse to take servers of two sets with the same name for one."""
    first, answer = found[0]
    for host, other in found[1:]:  # one that was taken out just now may not know it yet
        if {*other["hosts"]}.isdisjoint(answer["hosts"]):
            raise ReplicaSetError(f"MongoDB: {first} and {host} are in different replica sets")


def _remove_one(client: MongoClient[Json], leaving: set[str], members: Sequence[str]) -> None:
    """Take one out, the primary last; it gives up its place first."""
    states = _states(client)
    newest = max(each["optimeDate"] for each in states.values() if "optimeDate" in each)
    for host in members:
        state = states[host]
        behind = (newest - state.get("optimeDate", newest)).total_seconds()
        if state["state"] not in {_PRIMARY, _SECONDARY}:
            why = f"is {state['stateStr']}"
        elif behind > _CAUGHT_UP_SECONDS:
            why = f"is {behind:.0f} s behind"
        else:
            continue
        raise ReplicaSetError(
            f"MongoDB: nobody is taken out of the replica set: {host}, which is to stay, {why}. "
            "See that it runs and has all data, and say it again"
        )
    host = min(leaving, key=lambda each: states[each]["state"] == _PRIMARY)
    if states[host]["state"] != _PRIMARY:
        _change(client, _left, host)
        log.info("member_left", member=host)
        return
    client.admin.command("replSetStepDown", _ANSWERS_WITHIN_SECONDS)
    client.admin.command("ping")


def _await_data(client: MongoClient[Json], host: str) -> None:
    """Until a member has all data, however long that takes, as long as it answers."""
    said = answered = time.monotonic()
    for now in _again():
        state = _states(client)[host]
        if state["state"] == _SECONDARY:
            return
        answered = now if state["health"] else answered
        if now - answered > _ANSWERS_WITHIN_SECONDS:
            raise _unreachable(host)
        if now - said > _SAY_EVERY_SECONDS:
            said = now
            log.info("member_copies", member=host, state=state["stateStr"])


def _change(
    client: MongoClient[Json], change: Callable[[list[Json], str], list[Json]], host: str
) -> None:
    """Give the set other members; waits for a change that is under way."""
    for _ in _again(_ANSWERS_WITHIN_SECONDS):
        configuration = _configuration(client)
        configuration["members"] = change(configuration["members"], host)
        configuration["version"] += 1
        try:
            client.admin.command("replSetReconfig", configuration)
        except OperationFailure as error:
            if error.code not in _AGAIN:
                raise
        else:
            return
    raise ReplicaSetError("MongoDB: the replica set does not agree on its members; see its logs")


def _joined(members: list[Json], host: str) -> list[Json]:
    following = max(each["_id"] for each in members) + 1
    return [*members, {"_id": following, "host": host, "priority": 0, "votes": 0}]


def _voting(members: list[Json], host: str) -> list[Json]:
    vote = {"priority": 1, "votes": 1}
    return [each | vote if each["host"] == host else each for each in members]


def _left(members: list[Json], host: str) -> list[Json]:
    return [each for each in members if each["host"] != host]


def _configuration(client: MongoClient[Json]) -> Json:
    configuration: Json = client.admin.command("replSetGetConfig")["config"]
    return configuration


def _hosts(client: MongoClient[Json]) -> list[str]:
    return [each["host"] for each in _configuration(client)["members"]]


def _states(client: MongoClient[Json]) -> dict[str, dict[str, Any]]:
    """What the primary knows of each member, by its host."""
    return {each["name"]: each for each in client.admin.command("replSetGetStatus")["members"]}


def _unreachable(host: str) -> ReplicaSetError:
    return ReplicaSetError(
        f"MongoDB: {host} does not answer, which is to be in the replica set. See that it runs "
        "there, and say it again"
    )


def _again(within: float = math.inf) -> Iterator[float]:
    """What `time.monotonic` says, again and again for so many seconds."""
    deadline = time.monotonic() + within
    while (now := time.monotonic()) < deadline:
        yield now
        time.sleep(_PAUSE_SECONDS)
