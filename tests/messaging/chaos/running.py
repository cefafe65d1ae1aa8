"""A system, a load, faults, and the verdict."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from local.environments import SET_UPS
from local.parts import DATABASES, event_processes, http_processes
from local.ports import HOST, Ports
from local.stack import Stack
from messaging.topology import Topology
from storage.client import Json, MongoSettings, connect
from storage.mongo_io import DatabaseUnavailable
from tests.apis import outbox_of
from tests.messaging.chaos.faults import deck, faults
from tests.messaging.chaos.load import Load, Records
from tests.messaging.chaos.proxy import Proxy
from tests.messaging.chaos.verdict import judge
from tests.waiting import until_async

_LONGEST_PAUSE_SECONDS = 3
_PARTS = (*DATABASES, *SET_UPS, *http_processes(), *event_processes())


@dataclass(frozen=True)
class Report:
    """What was done, and what came of it."""

    seed: int
    seconds: float
    faults: Counter[str]
    records: Records
    redelivered: int
    judged: int
    due: int
    violations: tuple[str, ...]

    @property
    def changes(self) -> int:
        """How many changes were acknowledged."""
        return self.records.answers["change acknowledged"]

    def __str__(self) -> str:
        """The table."""
        lost = sum(each.startswith("guarantee 1") for each in self.violations)
        twice = sum(each.startswith("guarantee 3") for each in self.violations)
        answers = self.records.answers
        rows: dict[str, object] = {
            **{f"fault: {name}": count for name, count in sorted(self.faults.items())},
            "faults in all": self.faults.total(),
            "seconds": round(self.seconds),
            **{name: answers[name] for name in sorted(answers)},
            "users, orders": f"{len(self.records.users)}, {len(self.records.orders)}",
            "messages delivered again, at least": self.redelivered,
            "longest time out of step": f"{self.records.longest:.1f} s",
            "fields of orders judged": self.judged,
            "of which a change had to reach": self.due,
            "lost": lost,
            "twice, or never answered": twice,
            "stale": len(self.violations) - lost - twice,
        }
        table = "\n".join(f"{name:<40} {value!s:>12}" for name, value in rows.items())
        return "\n".join((f"Chaos, seed {self.seed}", table, *self.violations))


async def run_chaos(state: Path, count: int, users: int, seed: int) -> Report:
    """Start a system in the folder `state`, put `count` faults on it under load, and judge."""
    rng = random.Random(seed)
    ports = Ports.free()
    async with Proxy(ports.mongodb) as mongodb, Proxy(ports.rabbitmq) as rabbitmq:
        extra = {
            "MONGO_URI": f"mongodb://{HOST}:{mongodb.port}/?directConnection=true",
            "RABBITMQ_PORT": str(rabbitmq.port),
            "LOG_FORMAT": "json",
        }
        stack = Stack(state, ports, 50, _PARTS, extra)
        async with _started(stack):
            began = time.monotonic()
            environment = stack.environment("mongodb-setup")
            mongo = MongoSettings(
                f"mongodb://{HOST}:{ports.mongodb}/?directConnection=true",
                environment["MONGO_USERNAME"],
                environment["MONGO_PASSWORD"],
            )
            async with connect(mongo) as client:
                urls = {part: ports.url(part) for part in http_processes()}
                load = Load(client, mongo, urls, rng.randrange(2**32))
                stop = asyncio.Event()
                watch = _Redelivered(ports.url("order-consumer"))
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(watch.run(stop))
                    loading = tasks.create_task(load.run(users, stop))
                    kinds = faults(stack, {"MongoDB": mongodb, "RabbitMQ": rabbitmq})
                    drawn = deck(sorted(kinds), count, rng)
                    for name in drawn:
                        await asyncio.sleep(rng.random() * _LONGEST_PAUSE_SECONDS)
                        await kinds[name]()
                    stop.set()
                    await until_async(load.is_answered, "every request is answered")
                    await _come_to_rest(stack, client, mongo)
                    loading.cancel()
                found = await documents(client, mongo)
            history = judge(load.records, *found)
            return Report(
                seed,
                time.monotonic() - began,
                Counter(drawn),
                load.records,
                watch.count,
                history.judged,
                history.due,
                tuple(history.violations),
            )


class _Redelivered:
    """Counts what the consumer counts, over its deaths; what it counted last before one is lost."""

    def __init__(self, url: str) -> None:
        self.count = 0
        self._url = url

    async def run(self, stop: asyncio.Event) -> None:
        """Look every half second."""
        before = 0
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while not stop.is_set():
                await asyncio.sleep(0.5)
                try:
                    answer = await http.get(f"{self._url}/metrics")
                except httpx.HTTPError:
                    continue
                now = _value(answer.text, "aware_events_redelivered_total")
                self.count += now - before if now >= before else now
                before = now


def _value(exposition: str, name: str) -> int:
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == name
    )


async def _come_to_rest(stack: Stack, client: AsyncMongoClient[Json], mongo: MongoSettings) -> None:
    """Wait until all parts are healthy and nothing is left to be published or applied."""
    for part in (*DATABASES, *http_processes(), *event_processes()):
        await asyncio.to_thread(stack.wait_healthy, part)
    await until_published(client, mongo)
    environment = stack.environment("rabbitmq-setup")
    topology = Topology("user_updates")
    async with httpx.AsyncClient(
        base_url=stack.ports.url("rabbitmq_management"),
        auth=(environment["RABBITMQ_USER"], environment["RABBITMQ_PASSWORD"]),
        trust_env=False,
    ) as management:

        async def nothing_in_queues() -> bool:
            answers = [
                await management.get(f"/api/queues/%2F/{queue.name}") for queue in topology.queues
            ]
            return all(each.is_success and each.json().get("messages") == 0 for each in answers)

        await until_empty(nothing_in_queues)


async def until_published(client: AsyncMongoClient[Json], mongo: MongoSettings) -> None:
    """Wait until no change of a user is left to be published."""
    outbox = outbox_of(client[mongo.users]["users"])

    async def nothing_is_left() -> bool:
        try:
            return not await outbox.backlog()
        except (DatabaseUnavailable, PyMongoError):
            return False

    await until_async(nothing_is_left, "everything is published")


async def until_empty(nothing_in_queues: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the management API, which is asked by this, knows of no message any more."""
    # The figures are some seconds old: only from the second time on they are of now.
    for _ in range(2):
        await until_async(nothing_in_queues, "all queues are empty")
        await asyncio.sleep(6)
    await until_async(nothing_in_queues, "all queues are empty")


async def documents(
    client: AsyncMongoClient[Json], mongo: MongoSettings
) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """All users and all orders, by id."""
    users = await client[mongo.users]["users"].find().to_list()
    orders = await client[mongo.orders]["orders"].find().to_list()
    return {each["_id"]: each for each in users}, {each["_id"]: each for each in orders}


@asynccontextmanager
async def _started(stack: Stack) -> AsyncIterator[None]:
    """Run it, stopped at the end; the proxies go on all the time."""
    try:
        await asyncio.to_thread(stack.start)
        yield
    finally:
        await asyncio.to_thread(stack.stop)
