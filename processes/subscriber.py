"""The process of a service that follows events, put together."""

import asyncio
from collections.abc import Mapping
from functools import partial

from prometheus_client import generate_latest
from pymongo.asynchronous.database import AsyncDatabase
from structlog import get_logger

from health.problems import Problem, Problems
from health.server import health_server
from messaging.amqp import AmqpBroker
from messaging.clock import SystemClock
from messaging.consumer import WINDOW, Applier, Consumer
from messaging.events import Events
from messaging.graceful_shutdown import run_until_signal
from messaging.handling import Handling
from messaging.metrics import ConsumerMetrics
from messaging.nodes import connection_parameters
from messaging.queue_parts import Parts
from messaging.retrying import Retrying
from messaging.topology import RETRY_PAUSES, Declarations, Topology, queue_of
from openapi.reading import load_description
from processes.composing import composition, dependencies
from processes.database import stored
from processes.event_handlers import bind_event_handlers
from processes.modules import imported
from processes.settings import health_address, mongo_settings, queue_parts, rabbit_settings
from services.declaration import Service, Subscriber, System
from services.payload import events_of
from storage.client import Json, connect
from storage.ledger import Ledger
from storage.mongo_io import silence
from storage.queue_part_counts import MongoPartsStore


def run(system: System, service: Service, row: Subscriber) -> None:
    """Apply the events that a service follows until SIGTERM.

    Raises:
        SettingError: An environment variable is missing or wrong.
        ModuleImportError: The handlers, or the composition, cannot be imported.
        HandlerMismatchError: A handler is missing, or asks for what nobody gives.
    """
    asyncio.run(_main(system, service, row))


def applier(
    system: System,
    service: Service,
    row: Subscriber,
    database: AsyncDatabase[Json],
    *,
    metrics: ConsumerMetrics,
    problems: Problems,
) -> Applier:
    """What applies the events: the composition's, where documents copy them, or the handlers."""
    clock, events = SystemClock(), events_of(system)
    if not row.handlers:
        made: Applier = composition(service, "applier")(
            database=database,
            service=service,
            events=events,
            clock=clock,
            updated=metrics.updated,
            problems=problems,
        )
        return made
    version = service.versions[-1]
    description = load_description(service.spec, *version.overlays)
    given = dependencies(system, service, version, description, database)
    handlers = bind_event_handlers(imported(row.handlers), row.events, given)
    kinds = {name: system.published[name][1].kind for name in row.events}
    return Handling(handlers, Ledger(database, kinds), Retrying(clock, problems))


async def _main(system: System, service: Service, row: Subscriber) -> None:
    mongo, rabbit, address = mongo_settings(), rabbit_settings(), health_address()
    wanted, clock, metrics = queue_parts(), SystemClock(), ConsumerMetrics()
    queue = queue_of(row, rabbit.queue)
    parameters = connection_parameters(rabbit, row.process)
    async with (
        connect(mongo, transactions=bool(row.handlers)) as client,
        # Nothing before it is known which parts there are.
        AmqpBroker(parameters, Declarations()) as broker,
    ):
        kept = stored(client, mongo, service, row.process)
        parts = Parts(
            MongoPartsStore(kept.database, queue),
            broker,
            partial(Topology, queue, RETRY_PAUSES, wanted),
            wanted,
            # Twice the window, so that the next one is at hand when this one is done.
            prefetch=2 * WINDOW,
            clock=clock,
            problems=kept.presence.problems,
        )
        consumer = Consumer(
            applier(
                system,
                service,
                row,
                kept.database,
                metrics=metrics,
                problems=kept.presence.problems,
            ),
            broker,
            parts.topology,
            events=Events.declared(system, *row.events),
            clock=clock,
            metrics=metrics,
        )

        async def checks() -> Mapping[str, Problem | None]:
            problem = kept.presence.problems.current or await silence(kept.database)
            return {"broker": broker.problem, "database": problem}

        async def exposition() -> bytes:
            metrics.depends_on(await checks())
            await metrics.measure(broker, parts.topology)
            return generate_latest(metrics.registry)

        async def work() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(parts.run())
                tasks.create_task(consumer.run())

        async with (
            kept.presence.kept(),
            health_server(address.host, address.port, checks, exposition),
        ):
            get_logger().info("consumer_started")
            await run_until_signal(work())
    get_logger().info("consumer_stopped")
