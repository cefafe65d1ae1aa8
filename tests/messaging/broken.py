"""Relay and consumer with logins of their own, which a test can take from them."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pika
from pymongo.asynchronous.database import AsyncDatabase

from messaging.topology import Permissions, Topology, relay_permissions
from storage.client import Json
from storage.layout import Collection, records
from tests.apis import both_collections
from tests.messaging.processes import Running, started
from tests.messaging.system import System, delete_queues
from tests.waiting import until_async

RELAY, CONSUMER = "user-relay", "order-consumer"
_EVERYWHERE = quote("/", safe="")


@dataclass(frozen=True)
class Login:
    """Of a process, at both servers."""

    process: str
    name: str
    password: str
    permissions: Permissions


@dataclass(frozen=True)
class Pair:
    """Both processes, on databases and queues of the test's own."""

    system: System
    topology: Topology
    logins: Mapping[str, Login]
    running: Mapping[str, Running]
    logs: Mapping[str, Path]

    @property
    def admin(self) -> AsyncDatabase[Json]:
        """MongoDB's database of logins."""
        return self.system.client["admin"]

    def control(self, *arguments: str) -> None:
        """`rabbitmqctl`, if need be."""
        self.system.rabbitmq.control(*arguments)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel of somebody who may do anything."""
        with pika.BlockingConnection(self.system.parameters) as connection:
            yield connection.channel()

    def api(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
        """Ask RabbitMQ's management API."""
        environment = self.system.rabbitmq.environment("rabbitmq-setup")
        login = environment["RABBITMQ_USER"], environment["RABBITMQ_PASSWORD"]
        host, port = environment["RABBITMQ_HOST"], environment["RABBITMQ_MANAGEMENT_PORT"]
        answer = httpx.request(
            method, f"http://{host}:{port}/api{path}", json=body, auth=login, trust_env=False
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def allow(self, process: str, **changes: str) -> None:
        """Give a process its permissions, but for these."""
        login = self.logins[process]
        path = f"/permissions/{_EVERYWHERE}/{login.name}"
        self.api("PUT", path, {**asdict(login.permissions), **changes})

    def forbid(self, process: str) -> None:
        """Take all permissions away."""
        self.api("DELETE", f"/permissions/{_EVERYWHERE}/{self.logins[process].name}")

    def set_password(self, process: str, password: str | None = None) -> None:
        """Make the login at RabbitMQ, or give it another password than the process has."""
        login = self.logins[process]
        body = {"password": password or login.password, "tags": ""}
        self.api("PUT", f"/users/{login.name}", body)

    def end_connections(self, process: str) -> None:
        """As an operator does."""
        self.control("close_all_user_connections", self.logins[process].name, "by hand")

    def reasons(self, process: str) -> list[str]:
        """What readiness says is wrong."""
        answer = self.running[process].get("/health/ready")
        body = answer.json()
        found: list[str] = body.get("reasons", [])
        assert (answer.status_code == 503) == bool(found) == (body["status"] == "not ready")
        return found

    async def ready(self) -> None:
        """Wait until both are."""
        for each in self.running.values():
            await each.answers("/health/ready", 200)

    async def names(self, process: str, reason: str) -> str:
        """Wait until readiness has a reason with this text in it; the whole of it."""
        found: list[str] = []

        async def it_does() -> bool:
            found[:] = [each for each in self.reasons(process) if reason in each]
            return bool(found)

        await until_async(it_does, f"{process} says: {reason}")
        return found[0]

    def logged(self, process: str, event: str) -> list[dict[str, str]]:
        """The lines of its log with this event."""
        lines = self.logs[process].read_text("utf-8").splitlines()
        found = [json.loads(each) for each in lines if each.startswith("{")]
        return [each for each in found if each.get("event") == event]


@asynccontextmanager
async def pair_on(system: System, folder: Path, parts: int = 1) -> AsyncIterator[Pair]:
    """Both started, with logins that may do what the set-up lets them."""
    topology = Topology(system.topology.updates.name, parts=parts, known=parts)
    allowed = {
        RELAY: relay_permissions([topology.updates]),
        CONSUMER: topology.permissions(),
    }
    logins = {
        process: Login(process, f"{process}-{uuid4().hex[:8]}", uuid4().hex, permissions)
        for process, permissions in allowed.items()
    }
    logs = {process: folder / f"{process}.log" for process in logins}
    running: dict[str, Running] = {}
    pair = Pair(system, topology, logins, running, logs)
    with ExitStack() as stack:
        for login in logins.values():
            pair.set_password(login.process)
            pair.allow(login.process)
            await make_role(pair, login)
            await pair.admin.command(
                "createUser", login.name, pwd=login.password, roles=[login.name]
            )
        for process, login in logins.items():
            environment = _environment(system, login) | {"RABBITMQ_QUEUE_PARTS": str(parts)}
            running[process] = stack.enter_context(started(process, environment, logs[process]))
        yield pair
    for login in logins.values():
        pair.api("DELETE", f"/users/{login.name}")
        await pair.admin.command("dropUser", login.name)
        await pair.admin.command("dropRole", login.name)
    delete_queues(system.parameters, topology)


async def make_role(pair: Pair, login: Login) -> None:
    """At MongoDB, as the set-up makes it, by the name of the login."""
    mongo = pair.system.mongo
    layout = both_collections(mongo.users, mongo.orders)
    privileges = [
        _privilege(each, login.process)
        for each in (*layout, *records(layout))
        if login.process in each.access
    ]
    await pair.admin.command("createRole", login.name, privileges=privileges, roles=[])


def _privilege(collection: Collection, process: str) -> Json:
    return {
        "resource": {"db": collection.database, "collection": collection.name},
        "actions": [*collection.access[process]],
    }


def _environment(system: System, login: Login) -> dict[str, str]:
    return {
        **system.rabbitmq.environment(login.process),
        "MONGO_USERNAME": login.name,
        "MONGO_PASSWORD": login.password,
        "RABBITMQ_USER": login.name,
        "RABBITMQ_PASSWORD": login.password,
        "DATABASE_NAME": system.mongo.prefix,
        "RABBITMQ_QUEUE_NAME": system.topology.updates.name,
    }
