"""Every container is restarted and killed under load, and nothing acknowledged is lost."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from pymongo import AsyncMongoClient

from storage.client import Json, MongoSettings, connect
from tests.compose.engine import PROCESSES, SERVICES, Compose
from tests.compose.forwarding import forwarded
from tests.messaging.chaos.load import Load
from tests.messaging.chaos.running import documents
from tests.messaging.chaos.verdict import judge
from tests.waiting import until

USERS = 10
_ALL_IN_STEP_WITHIN_SECONDS = 180

Fault = Callable[[Compose, str], None]


def restart(system: Compose, service: str) -> None:
    """As before an upgrade: it is told to end, and has its time."""
    system("restart", "--no-deps", service)


def kill(system: Compose, service: str) -> None:
    """As the kernel does where memory is short."""
    system("kill", "--signal", "KILL", service)
    system("start", service)


@asynccontextmanager
async def database(system: Compose) -> AsyncIterator[tuple[AsyncMongoClient[Json], MongoSettings]]:
    """A look into the databases past the services, while the container comes and goes."""

    def address() -> str:
        (found,) = system.inspect("mongodb")
        networks: Json = found["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    password = system.configuration()["services"]["operator"]["environment"]["MONGO_PASSWORD"]
    async with forwarded(address, 27017) as port:
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        settings = MongoSettings(uri, "root", password)
        async with connect(settings) as client:
            yield client, settings


async def load_and(
    system: Compose, faults: Callable[[], Awaitable[None]]
) -> tuple[Load, Mapping[str, Json], Mapping[str, Json]]:
    """Put faults on the system under load; the load, the users and the orders after it."""
    url = f"http://127.0.0.1:{system.variables['GATEWAY_PORT']}"
    async with database(system) as (client, mongo):
        urls = dict.fromkeys(("user-service-v1", "user-service-v2", "order-service"), url)
        load = Load(client, mongo, urls, secrets.randbelow(2**32))
        stop = asyncio.Event()
        loading = asyncio.create_task(load.run(USERS, stop))
        try:
            await asyncio.to_thread(
                until, lambda: len(load.records.users) == USERS, "all are there"
            )
            await faults()
            stop.set()
            # The load ends when every acknowledged change has reached its orders.
            await asyncio.wait_for(loading, _ALL_IN_STEP_WITHIN_SECONDS)
        finally:
            loading.cancel()
        await asyncio.to_thread(until, lambda: waiting(system) == 0, "all queues are empty")
        return load, *await documents(client, mongo)


def waiting(system: Compose) -> int:
    """Messages in all queues, dead letters included."""
    listed = system("exec", "-T", "rabbitmq", "rabbitmqctl", "--quiet", "list_queues", "messages")
    return sum(int(line) for line in listed.stdout.split() if line.isdigit())


@pytest.mark.parametrize("fault", [restart, kill])
def test_each_container_is_taken_away_and_nothing_is_lost(
    system: Compose, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, each healthy again before the next."""

    async def faults() -> None:
        for service in SERVICES:
            await asyncio.to_thread(fault, system, service)
            await asyncio.to_thread(system.healthy, service)

    load, users, orders = asyncio.run(load_and(system, faults))
    history = judge(load.records, users, orders)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are asked for
            f"\n{fault.__name__}: {dict(load.records.answers)}, "
            f"{history.due} fields had to be reached, "
            f"longest out of step {load.records.longest:.1f} s"
        )
    assert load.records.answers["change acknowledged"] > 50
    assert history.due > 20
    assert history.violations == []


def test_processes_that_crash_come_back_by_themselves(system: Compose) -> None:
    """All in a container are killed from within; nobody starts them again by hand."""
    before = {each: system.inspect(each)[0]["RestartCount"] for each in PROCESSES}
    for service in PROCESSES:
        system("exec", "-T", service, "sh", "-c", "kill -9 -1", check=False)
    for service in PROCESSES:

        def again(service: str = service) -> bool:
            return bool(system.inspect(service)[0]["RestartCount"] > before[service])

        until(again, f"{service} was started again")
        system.healthy(service)
