"""The second file: the paper's ports, on a system of its own."""

from collections.abc import Iterator

import httpx
import pika
import pytest
from pymongo import MongoClient

from local.ports import HOST
from storage.client import Json
from tests.compose.engine import Compose

# Any free port of this machine in place of the paper's, which may be taken here.
_FREE_PORTS = """
services:
  mongodb: {ports: !override ["127.0.0.1::27017"]}
  rabbitmq: {ports: !override ["127.0.0.1::5673", "127.0.0.1::15672"]}
  order-service: {ports: !override ["127.0.0.1::5000"]}
"""


@pytest.fixture(scope="module")
def debugged(system: Compose) -> Iterator[Compose]:
    """Databases and one service, with the images of the other system."""
    (system.folder / "free.yml").write_text(_FREE_PORTS)
    first, *rest = system.files
    files = (first, "docker-compose.debug.yml", *rest, "free.yml")
    name = f"{system.variables['COMPOSE_PROJECT_NAME']}-debug"
    project = Compose(system.folder, {**system.variables, "COMPOSE_PROJECT_NAME": name}, files)
    try:
        project("up", "--wait", "order-service", "rabbitmq")
        yield project
    finally:
        project("down", "--volumes", "--timeout", "5")


def port(system: Compose, service: str, inside: int) -> int:
    """Where a port of a container is on this machine."""
    return int(system("port", service, str(inside)).stdout.rpartition(":")[2])


def password(system: Compose, service: str, variable: str) -> str:
    """One of a service's variables."""
    return str(system.configuration()["services"][service]["environment"][variable])


def test_a_service_on_its_own_port(debugged: Compose) -> None:
    """Swagger UI, health, and what the gateway does not route."""
    url = f"http://{HOST}:{port(debugged, 'order-service', 5000)}"
    assert httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
    assert "swagger" in httpx.get(f"{url}/ui/", trust_env=False).text.lower()


def test_the_database(debugged: Compose) -> None:
    """With the root password."""
    client = MongoClient[Json](
        HOST,
        port(debugged, "mongodb", 27017),
        username="root",
        password=password(debugged, "mongodb", "MONGO_INITDB_ROOT_PASSWORD"),
        directConnection=True,
    )
    with client:
        assert client["aware_orders"]["orders"].count_documents({}) == 15


def test_the_brokers_management_page(debugged: Compose) -> None:
    """With the administrator's password; nobody else gets in, and there is no guest."""
    url = f"http://{HOST}:{port(debugged, 'rabbitmq', 15672)}"
    assert "RabbitMQ Management" in httpx.get(url, trust_env=False).text
    login = ("administrator", password(debugged, "rabbitmq-setup", "RABBITMQ_PASSWORD"))
    found = httpx.get(f"{url}/api/users", auth=login, trust_env=False).json()
    assert {each["name"] for each in found} == {"administrator", "order-consumer", "user-relay"}
    guest = httpx.get(f"{url}/api/users", auth=("guest", "guest"), trust_env=False)
    assert guest.status_code == 401


def test_the_broker(debugged: Compose) -> None:
    """On the paper's port inside."""
    parameters = pika.ConnectionParameters(
        HOST,
        port(debugged, "rabbitmq", 5673),
        credentials=pika.PlainCredentials(
            "user-relay", password(debugged, "user-relay", "RABBITMQ_PASSWORD")
        ),
    )
    with pika.BlockingConnection(parameters) as connection:
        assert connection.is_open
