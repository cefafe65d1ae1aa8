"""The consumer of a service that follows events, put together."""

import asyncio
from collections.abc import Mapping

from prometheus_client import generate_latest
from structlog import get_logger

from messaging.amqp import AmqpBroker, Subscribed, connection_parameters
from messaging.clock import SystemClock
from messaging.consumer import WINDOW, Consumer
from messaging.events import SPEC, Events
from messaging.finishing import until_told_to_stop
from messaging.health import health_server
from messaging.metrics import ConsumerMetrics
from messaging.topology import Topology
from openapi.reading import load_description
from processes.settings import health_address, mongo_settings, rabbit_settings
from processes.stored import stored
from services.declaration import EventProcess, Service
from storage.client import connect
from storage.contacts import MongoContactsStore
from storage.durable import answers


def run(service: Service, row: EventProcess) -> None:
    """Run the consumer of a service until SIGTERM.

    Raises:
        SettingsError: An environment variable is missing or wrong.
    """
    asyncio.run(_main(service, row))


async def _main(service: Service, row: EventProcess) -> None:
    mongo, rabbit, address = mongo_settings(), rabbit_settings(), health_address()
    topology = Topology(rabbit.queue)
    metrics, orders = ConsumerMetrics(), load_description(service.spec)
    # Twice the window, so that the next one is at hand when this one is done.
    subscribed = Subscribed(topology.updates.name, prefetch=2 * WINDOW)
    parameters = connection_parameters(rabbit, row.process)
    async with (
        connect(mongo) as client,
        AmqpBroker(parameters, topology.for_consuming(), subscribed) as broker,
    ):
        kept = stored(client, mongo, service, row.process)
        consumer = Consumer(
            MongoContactsStore(kept.database, orders, load_description(SPEC)),
            broker,
            topology,
            events=Events(),
            clock=SystemClock(),
            metrics=metrics,
        )

        async def checks() -> Mapping[str, bool]:
            database = await answers(client[mongo.database(service.database)])
            return {"broker": broker.is_connected, "database": database}

        async def exposition() -> bytes:
            await metrics.measure(broker, topology)
            return generate_latest(metrics.registry)

        async with (
            kept.presence.kept(),
            health_server(address.host, address.port, checks, exposition),
        ):
            get_logger().info("consumer_started")
            await until_told_to_stop(consumer.run())
    get_logger().info("consumer_stopped")
