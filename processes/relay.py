"""The relay of a service that publishes events, put together."""

import asyncio
from collections.abc import Mapping

from prometheus_client import generate_latest
from structlog import get_logger

from health.problems import Problem
from health.server import health_server
from messaging.amqp import AmqpBroker
from messaging.clock import SystemClock
from messaging.events import Events
from messaging.graceful_shutdown import run_until_signal
from messaging.metrics import RelayMetrics
from messaging.nodes import connection_parameters
from messaging.relay import Relay
from messaging.topology import for_publishing, routes
from openapi.reading import load_description
from processes.database import stored
from processes.settings import health_address, mongo_settings, rabbit_settings
from services.declaration import Relay as Row
from services.declaration import Service, System
from services.payload import events_of, payloads
from storage.client import connect
from storage.divisions import MongoDivisionStore
from storage.entity import Entity
from storage.mongo_io import silence
from storage.mongo_outbox import MongoOutbox


def run(system: System, service: Service, row: Row) -> None:
    """Run the relay of a service until SIGTERM.

    Raises:
        SettingError: An environment variable is missing or wrong.
    """
    asyncio.run(_main(system, service, row))


async def _main(system: System, service: Service, row: Row) -> None:
    mongo, rabbit, address = mongo_settings(), rabbit_settings(), health_address()
    names = [each.name for each in row.events]
    to = routes(system, names, rabbit.queue)
    metrics, clock = RelayMetrics(), SystemClock()
    parameters = connection_parameters(rabbit, row.process)
    queues = dict.fromkeys(queue for some in to.values() for queue in some)
    always, if_returned = for_publishing(queues)
    async with (
        connect(mongo) as client,
        AmqpBroker(parameters, always, if_returned=if_returned) as broker,
    ):
        kept = stored(client, mongo, service, row.process)
        api = load_description(service.spec)
        told = payloads(service, events_of(system))
        collection = service.collection(row.events[0].collection)
        outbox = MongoOutbox(
            kept.database[collection.name], Entity(api, collection.schema).codec(), told
        )
        relay = Relay(
            outbox,
            MongoDivisionStore(kept.database, row.process),
            broker,
            {event: [queue.address for queue in some] for event, some in to.items()},
            events=Events.declared(system, *names, sender=row.process),
            clock=clock,
            metrics=metrics,
            problems=kept.presence.problems,
        )

        async def checks() -> Mapping[str, Problem | None]:
            problem = kept.presence.problems.current or await silence(kept.database)
            return {"broker": broker.problem, "database": problem}

        async def exposition() -> bytes:
            problems = await checks()
            metrics.depends_on(problems)
            is_there = problems["database"] is None
            await metrics.measure(outbox if is_there else None, clock.now())
            return generate_latest(metrics.registry)

        async with (
            kept.presence.kept(),
            health_server(address.host, address.port, checks, exposition),
        ):
            get_logger().info("relay_started")
            await run_until_signal(relay.run())
    get_logger().info("relay_stopped")
