"""A system that sends its spans to a collector."""

from collections.abc import Iterator

import pytest

from local.ports import Ports
from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking
from tests.tracing.client import Client
from tests.tracing.receiver import Collector, collector

PARTS = (
    *("mongodb", "epmd", "rabbitmq", "mongodb-setup", "rabbitmq-setup"),
    *("user-service-v1", "order-service", "user-relay", "order-consumer"),
)


@pytest.fixture(scope="package")
def sent() -> Iterator[Collector]:
    """What the system sends."""
    with collector() as made:
        yield made


@pytest.fixture(scope="package")
def traced(sent: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The system, without a gateway and a second version."""
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": sent.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    system = Stack(tmp_path_factory.mktemp("traced"), Ports.free(), 100, PARTS, given)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="package")
def client(traced: Stack) -> Iterator[Client]:
    """A client of its services."""
    with Client(traced) as made:
        yield made


@pytest.fixture(scope="package")
def orders(traced: Stack) -> Iterator[Json]:
    """The collections of its databases, by name, for whoever may do everything."""
    env = traced.environment("mongodb-setup")
    settings = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    with connect_blocking(settings) as connected:
        database = connected[settings.orders]
        yield {name: database[name] for name in ("orders", "contacts")}
