"""A system on three servers of MongoDB and three nodes of RabbitMQ, by TLS, and each one's loss."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pymongo import AsyncMongoClient

from local import passwords
from local.environments import SET_UPS
from local.parts import event_processes, http_processes
from local.ports import HOST, Ports
from local.stack import Stack
from messaging.topology import QUEUE_NAME, Topology
from storage.client import Json, MongoSettings, connect
from storage.replica_set import keep_members
from tests.certificate import make_certificate
from tests.cluster.nodes import HOSTS, Nodes
from tests.cluster.servers import Servers
from tests.messaging.chaos.load import Load, Records
from tests.messaging.chaos.running import documents, until_empty, until_published
from tests.messaging.chaos.verdict import judge
from tests.waiting import until, until_async

_PARTS = (*SET_UPS, *http_processes(), *event_processes())
_USERS = 15
_UNDISTURBED_SECONDS = 5


@dataclass(frozen=True)
class Loss:
    """What clients saw of it: how many attempts failed, from the first to the last, in seconds."""

    what: str
    failed: int
    seconds: float

    def __str__(self) -> str:
        """A line of the table."""
        return f"{self.what:<36} {self.failed:>8} {self.seconds:>8.1f}"


@dataclass(frozen=True)
class Report:
    """What came of it all."""

    losses: tuple[Loss, ...]
    records: Records
    judged: int
    violations: tuple[str, ...]

    def __str__(self) -> str:
        """The table."""
        rows = "\n".join(map(str, self.losses))
        answers = self.records.answers
        told = ", ".join(f"{answers[name]} {name}" for name in sorted(answers))
        verdict = "\n".join(self.violations) or "nothing lost, nothing out of step"
        return (
            f"{'killed':<36} {'failed':>8} {'seconds':>8}\n{rows}\n{told}\n"
            f"longest time out of step: {self.records.longest:.1f} s\n"
            f"{self.judged} fields of orders judged: {verdict}"
        )


async def run_losses(folder: Path) -> Report:
    """Kill each server and each node once, those that lead included, and judge."""
    known = passwords.load(folder / "passwords.env")
    certificate = make_certificate(folder / "tls", HOST, *HOSTS)
    servers = Servers(folder / "mongodb", known["MONGO_ROOT_PASSWORD"], certificate=certificate)
    nodes = Nodes(folder / "rabbitmq", known, certificate)
    ports = Ports.free()
    extra = {
        "MONGO_URI": servers.settings.uri,
        "RABBITMQ_HOST": ",".join(nodes.hosts),
        "RABBITMQ_CA_FILE": str(certificate.certificate),
        "RABBITMQ_PORT": str(nodes.ports.rabbitmq),
        "RABBITMQ_MANAGEMENT_PORT": str(nodes.ports.rabbitmq_management),
        "LOG_FORMAT": "json",
    }
    stack = Stack(folder, ports, 50, _PARTS, extra)
    with ExitStack() as ending:
        ending.callback(nodes.end)
        ending.callback(servers.end)
        await asyncio.to_thread(nodes.start_all)
        await asyncio.to_thread(servers.start_all)
        await asyncio.to_thread(keep_members, servers.settings, servers.members)
        ending.callback(stack.stop)
        await asyncio.to_thread(stack.start)
        mongo = servers.settings
        async with connect(mongo) as client:
            urls = {part: ports.url(part) for part in http_processes()}
            load = Load(client, mongo, urls, seed=24)
            async with _under(load) as stop:
                losses = tuple([each async for each in _losses(servers, nodes, load.records)])
                stop.set()
                await until_async(load.is_answered, "every request is answered")
                await _come_to_rest(client, mongo, nodes)
            history = judge(load.records, *await documents(client, mongo))
        return Report(losses, load.records, history.judged, tuple(history.violations))


@asynccontextmanager
async def _under(load: Load) -> AsyncIterator[asyncio.Event]:
    """Have it run; what is given is to be set before the end."""
    stop = asyncio.Event()
    running = asyncio.create_task(load.run(_USERS, stop))
    try:
        yield stop
    finally:
        running.cancel()


async def _losses(servers: Servers, nodes: Nodes, records: Records) -> AsyncIterator[Loss]:
    queue = Topology(QUEUE_NAME).updates.name
    await asyncio.to_thread(until, lambda: len(records.users) == _USERS, "all users are there")
    for _ in servers.members:
        primary = await asyncio.to_thread(until, lambda: servers.primary, "there is a primary")
        come_back = partial(until, partial(_is_secondary, servers, primary), f"{primary} is back")
        yield await _lose("MongoDB's primary", servers, primary, come_back, records)
    for _ in nodes.hosts:
        leader = await asyncio.to_thread(until, lambda: nodes.leader(queue), "there is a leader")
        come_back = partial(until, partial(_is_online, nodes, leader, queue), f"{leader} is back")
        yield await _lose("RabbitMQ's node that leads the queue", nodes, leader, come_back, records)


async def _lose(
    what: str,
    of: Servers | Nodes,
    which: str,
    come_back: Callable[[], object],
    records: Records,
) -> Loss:
    """Kill one, and start it again when nobody fails any more."""
    before, began = len(records.failures), time.monotonic()
    await asyncio.to_thread(of.kill, which)

    async def undisturbed() -> bool:
        failed = records.failures[before:]
        return time.monotonic() - max((began, *failed[-1:])) > _UNDISTURBED_SECONDS

    await until_async(undisturbed, "everything works without it")
    failed = records.failures[before:]
    seconds = failed[-1] - began if failed else 0
    await asyncio.to_thread(of.start, which)
    await asyncio.to_thread(come_back)
    return Loss(what, len(failed), seconds)


def _is_secondary(servers: Servers, member: str) -> bool:
    return servers.states().get(member) in {"PRIMARY", "SECONDARY"}


def _is_online(nodes: Nodes, host: str, queue: str) -> bool:
    return any(each.endswith(f"@{host}") for each in nodes.queue(queue).get("online", ()))


async def _come_to_rest(client: AsyncMongoClient[Json], mongo: MongoSettings, nodes: Nodes) -> None:
    """Wait until nothing is left to be published or applied."""
    await until_published(client, mongo)
    queues = Topology(QUEUE_NAME).queues

    async def nothing_in_queues() -> bool:
        found = [await asyncio.to_thread(nodes.queue, each.name) for each in queues]
        return all(each.get("messages") == 0 for each in found)

    await until_empty(nothing_in_queues)
