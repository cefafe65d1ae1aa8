"""`docker compose down`, and `up` again: at first without RabbitMQ."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from models.fields.order import Order
from models.fields.user import User
from storage.client import Json
from tests.compose.engine import SERVICES, Compose
from tests.compose.test_system import in_step
from tests.examples import example

QUEUED = ["changed.before.down@example.com"]
UNPUBLISHED = ["changed.without.broker@example.com"]


@dataclass(frozen=True)
class Comeback:
    """What was seen on the way; the system is up again.

    `order` is one that was made before, and `without_broker` what the services answered while
    there was no RabbitMQ, by request.
    """

    exit_codes: Mapping[str, int]
    order: Json
    without_broker: Mapping[str, httpx.Response]


@pytest.fixture(scope="module")
def comeback(system: Compose, gateway: httpx.Client) -> Comeback:
    """A change waits in the queue when all is stopped; another is made before RabbitMQ is back."""
    order = gateway.post("/orders/", json=example("create_order")).json()
    system("stop", "order-consumer")
    assert gateway.put("/users/u3", json={User.emails: QUEUED}).is_success
    system("stop")
    codes = {
        service: found["State"]["ExitCode"]
        for service in SERVICES
        for found in system.inspect(service)
    }
    system("down")
    system("up", "--wait", "--scale", "rabbitmq=0")
    assert system.containers("rabbitmq") == []
    without_broker = {
        "PUT": gateway.put("/users/u5", json={User.emails: UNPUBLISHED}),
        "GET": gateway.get("/orders/o5"),
    }
    system("up", "--wait")
    return Comeback(codes, order, without_broker)


def test_all_end_cleanly(comeback: Comeback) -> None:
    """Each within its time, and with status 0."""
    assert comeback.exit_codes == dict.fromkeys(SERVICES, 0)


def test_the_data_is_still_there(comeback: Comeback, gateway: httpx.Client) -> None:
    """In the named volume."""
    assert gateway.get(f"/orders/{comeback.order[Order.orderId]}").json() == comeback.order


@pytest.mark.usefixtures("comeback")
def test_what_was_on_its_way_arrives(gateway: httpx.Client) -> None:
    """From the queue, or from the outbox."""
    in_step(gateway, "o3", QUEUED)


def test_the_system_starts_without_rabbitmq(comeback: Comeback) -> None:
    """And takes requests."""
    assert comeback.without_broker["PUT"].status_code == 200
    assert comeback.without_broker["GET"].json()[Order.userEmails] != UNPUBLISHED


@pytest.mark.usefixtures("comeback")
def test_what_was_changed_without_rabbitmq_arrives(gateway: httpx.Client) -> None:
    """Once it is there."""
    in_step(gateway, "o5", UNPUBLISHED)
