"""The paper's requests, as printed, through the gateway; and what follows from them."""

from collections import Counter

import httpx
import pytest

from models.fields.order import Order
from models.fields.user import User
from tests.examples import example
from tests.services.conftest import new_email
from tests.waiting import until

SLASHES = pytest.mark.parametrize("slash", ["", "/"])


@SLASHES
def test_create_a_user(gateway: httpx.Client, slash: str) -> None:
    """POST /users/, with an address of its own so that it works each time."""
    sent = example("create_user") | {User.emails: [new_email()]}
    answer = gateway.post(f"/users{slash}", json=sent)
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in sent} == sent


@SLASHES
def test_update_a_user_and_all_its_orders_follow(gateway: httpx.Client, slash: str) -> None:
    """PUT /users/u1: orders o1, o6 and o11 carry the new addresses soon after."""
    sent = example("update_user") | {User.emails: [new_email(), new_email()]}
    answer = gateway.put(f"/users/u1{slash}", json=sent)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in sent} == sent

    def in_step() -> bool:
        orders = [gateway.get(f"/orders/{order}").json() for order in ("o1", "o6", "o11")]
        return all(
            each[Order.userEmails] == sent[User.emails]
            and each[Order.deliveryAddress] == sent[Order.deliveryAddress]
            for each in orders
        )

    until(in_step, "the orders of u1 in step")


@SLASHES
def test_create_an_order(gateway: httpx.Client, slash: str) -> None:
    """POST /orders/."""
    sent = example("create_order")
    answer = gateway.post(f"/orders{slash}", json=sent)
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in sent} == sent


@SLASHES
def test_update_an_orders_status(gateway: httpx.Client, slash: str) -> None:
    """PUT /orders/o1/status."""
    answer = gateway.put(f"/orders/o1/status{slash}", json=example("update_order_status"))
    assert answer.status_code == 200
    assert answer.json()[Order.orderStatus] == "shipping"


@SLASHES
def test_orders_by_status(gateway: httpx.Client, slash: str) -> None:
    """GET /orders?status=under%20process."""
    answer = gateway.get(f"/orders{slash}?status=under%20process")
    assert answer.status_code == 200
    assert {each[Order.orderStatus] for each in answer.json()} == {"under process"}


def test_what_is_internal_does_not_pass_the_gateway(gateway: httpx.Client) -> None:
    """GET /users/{id}, health, metrics and pages are for the services' own network."""
    internal = {"/users/u1": 405, "/health/ready": 404, "/metrics": 404, "/ui/": 404}
    for path, refused in {**internal, "/openapi.json": 404}.items():
        answer = gateway.get(path)
        assert answer.status_code == refused, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "X-Service-Version" not in answer.headers


def test_half_of_the_user_requests_go_to_each_build(gateway: httpx.Client) -> None:
    """The stack of the tests runs with P = 50."""
    answers = [gateway.put("/users/nobody", json=example("update_user")) for _ in range(100)]
    assert {answer.status_code for answer in answers} == {404}
    assert Counter(answer.headers["X-Service-Version"] for answer in answers) == {
        "v1": 50,
        "v2": 50,
    }
