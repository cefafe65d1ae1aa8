"""The relay of a service that publishes events, put together."""

import asyncio
from collections.abc import Mapping

from prometheus_client import generate_latest
from structlog import get_logger

from messaging.amqp import AmqpBroker, connection_parameters
from messaging.clock import SystemClock
from messaging.events import Events
from messaging.finishing import until_told_to_stop
from messaging.health import health_server
from messaging.metrics import RelayMetrics
from messaging.relay import Relay
from messaging.topology import Topology
from openapi.reading import load_description
from processes.settings import health_address, mongo_settings, rabbit_settings
from processes.stored import stored
from services.declaration import EventProcess, Service
from storage.client import connect
from storage.durable import answers
from storage.outbox import MongoOutbox


def run(service: Service, row: EventProcess) -> None:
    """Run the relay of a service until SIGTERM.

    Raises:
        SettingsError: An environment variable is missing or wrong.
    """
    asyncio.run(_main(service, row))


async def _main(service: Service, row: EventProcess) -> None:
    mongo, rabbit, address = mongo_settings(), rabbit_settings(), health_address()
    topology = Topology(rabbit.queue)
    metrics = RelayMetrics()
    clock, users = SystemClock(), load_description(service.spec)
    parameters = connection_parameters(rabbit, row.process)
    async with (
        connect(mongo) as client,
        AmqpBroker(parameters, topology.for_publishing()) as broker,
    ):
        kept = stored(client, mongo, service, row.process)
        (collection,) = service.collections
        outbox = MongoOutbox(kept.database[collection.name], users)
        relay = Relay(
            outbox, broker, topology.updates.address, events=Events(), clock=clock, metrics=metrics
        )

        async def checks() -> Mapping[str, bool]:
            database = await answers(client[mongo.database(service.database)])
            return {"broker": broker.is_connected, "database": database}

        async def exposition() -> bytes:
            await metrics.measure(outbox, clock.now())
            return generate_latest(metrics.registry)

        async with (
            kept.presence.kept(),
            health_server(address.host, address.port, checks, exposition),
        ):
            get_logger().info("relay_started")
            await until_told_to_stop(relay.run())
    get_logger().info("relay_stopped")
