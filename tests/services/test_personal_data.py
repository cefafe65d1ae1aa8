"""What the databases refuse is logged by codes and ids: not by what customers wrote."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from local.parts import event_processes, http_processes
from local.stack import Stack
from models.fields.order import Order
from models.fields.user import DeliveryAddress, User
from services.reading import declared
from storage.client import Json, MongoSettings, connect_blocking
from tests.personal_data import personal_data
from tests.services.conftest import new_email, new_order, new_user
from tests.waiting import until

PLANTED = {
    DeliveryAddress.street: "1 Planted Street",
    DeliveryAddress.city: "Plantedville",
    DeliveryAddress.state: "Planted State",
    DeliveryAddress.postalCode: "PLANTED",
    DeliveryAddress.country: "Plantland",
}


@contextmanager
def refusing(stack: Stack, name: str) -> Iterator[None]:
    """The collection `name` refuses whoever lives in Plantland, for as long as this lasts."""
    env = stack.environment("mongodb-setup")
    root = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    elsewhere = {"deliveryAddress.country": {"$ne": PLANTED["country"]}}
    with connect_blocking(root) as client:
        database = client[{"users": root.users, "orders": root.orders}[name]]
        (found,) = database.list_collections(filter={"name": name})
        validator: Json = found["options"]["validator"]
        database.command("collMod", name, validator={"$and": [validator, elsewhere]})
        try:
            yield
        finally:
            database.command("collMod", name, validator=validator)


def logged(stack: Stack, part: str, event: str, what: str) -> None:
    """Wait until the log of a part has this event, with these words; no log has the plants."""

    def has_it() -> bool:
        lines = stack.log(part).read_text().splitlines()
        return any(event in line and what in line for line in lines)

    until(has_it, f"{part} logs {event} with {what}")
    for each in (*http_processes(), *event_processes()):
        log = stack.log(each).read_text()
        assert personal_data(log) == []
        assert not [value for value in PLANTED.values() if value in log]


@pytest.fixture(params=declared().by_api["user"].processes)
def build(request: pytest.FixtureRequest) -> str:
    """Each build of the user service in turn."""
    part: str = request.param
    return part


def test_a_refused_user_is_logged_by_code_and_id_alone(
    stack: Stack, v1: httpx.Client, v2: httpx.Client, build: str
) -> None:
    """A new one, and one that is changed."""
    users = v1 if build.endswith("v1") else v2
    user = users.post("/users/", json=new_user()).json()[User.userId]
    planted = {User.emails: [new_email()], User.deliveryAddress: PLANTED}
    with refusing(stack, "users"):
        assert users.post("/users/", json=planted).status_code == 500
        assert users.put(f"/users/{user}", json=planted).status_code == 500
    logged(stack, build, "request_failed", f"121 DocumentValidationFailure of {user}")


def test_a_refused_order_is_logged_by_code_and_id_alone(stack: Stack, orders: httpx.Client) -> None:
    """A new one, and one that is changed."""
    order = orders.post("/orders/", json=new_order()).json()[Order.orderId]
    planted = {Order.userEmails: [new_email()], Order.deliveryAddress: PLANTED}
    with refusing(stack, "orders"):
        assert orders.post("/orders/", json=new_order(**planted)).status_code == 500
        assert orders.put(f"/orders/{order}/details", json=planted).status_code == 500
    logged(stack, "order-service", "request_failed", f"121 DocumentValidationFailure of {order}")


def test_an_event_that_is_refused_is_logged_by_code_and_id_alone(
    stack: Stack, v1: httpx.Client, orders: httpx.Client
) -> None:
    """It is tried again later; then the order follows its user."""
    user = v1.post("/users/", json=new_user()).json()[User.userId]
    order = orders.post("/orders/", json=new_order(**{Order.userId: user})).json()[Order.orderId]
    planted = {User.emails: [new_email()], User.deliveryAddress: PLANTED}
    with refusing(stack, "orders"):
        assert v1.put(f"/users/{user}", json=planted).status_code == 200
        refused = f"121 DocumentValidationFailure of {order}"
        logged(stack, "order-consumer", "retry_scheduled", refused)
    until(
        lambda: orders.get(f"/orders/{order}").json()[Order.userEmails] == planted[User.emails],
        "the order follows its user",
    )
