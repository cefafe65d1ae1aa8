"""The user relay, put together."""

import asyncio
from collections.abc import Mapping

from prometheus_client import generate_latest
from structlog import get_logger

from messaging.amqp import AmqpBroker, connection_parameters
from messaging.clock import SystemClock
from messaging.events import SPEC, Events
from messaging.finishing import until_told_to_stop
from messaging.health import health_server
from messaging.metrics import RelayMetrics
from messaging.relay import Relay
from messaging.setup import RELAY_LOGIN
from messaging.topology import Topology
from openapi.reading import load_description
from processes.settings import health_address, mongo_settings, rabbit_settings
from processes.stored import USERS, stored
from storage.client import connect
from storage.durable import answers
from storage.outbox import MongoOutbox


def run() -> None:
    """Run the relay until SIGTERM.

    Raises:
        SettingsError: An environment variable is missing or wrong.
    """
    asyncio.run(_main())


async def _main() -> None:
    mongo, rabbit, address = mongo_settings(), rabbit_settings(), health_address()
    topology = Topology(rabbit.queue)
    metrics = RelayMetrics()
    clock, users = SystemClock(), load_description(SPEC.with_name("user.yaml"))
    parameters = connection_parameters(rabbit, RELAY_LOGIN)
    async with (
        connect(mongo) as client,
        AmqpBroker(parameters, topology.for_publishing()) as broker,
    ):
        kept = stored(client, mongo, USERS, "user-relay")
        outbox = MongoOutbox(kept.database["users"], users)
        relay = Relay(
            outbox, broker, topology.updates.address, events=Events(), clock=clock, metrics=metrics
        )

        async def checks() -> Mapping[str, bool]:
            database = await answers(client[mongo.users])
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
