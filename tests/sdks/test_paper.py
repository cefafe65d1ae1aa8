"""The paper's five requests with each SDK, through a gateway that asks for a key."""

import httpx
import pytest

from local.stack import Stack
from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json
from tests.sdks.conftest import KEY, Paper
from tests.services.conftest import new_email

pytestmark = pytest.mark.slow


def test_the_five_requests(paper: Paper, gateway: str, stack: Stack) -> None:
    """Each is answered as it should be, and the services hold what was answered."""
    email = new_email()
    done = paper(gateway, email, KEY)
    assert done.status == 0, done.output
    answers = done.output
    assert answers["create_user"][User.emails] == [email]
    user = answers["update_user"]
    assert user[User.emails] == [f"new.{email}", f"another.{email}"]
    assert user[User.deliveryAddress] == answers["create_user"][User.deliveryAddress]
    created, order = answers["create_order"], answers["update_order_status"]
    assert (created[Order.orderStatus], order[Order.orderStatus]) == ("under process", "shipping")
    assert created["items"] == [
        {Item.itemId: "item001", Item.quantity: 2, Item.price: 29.99},
        {Item.itemId: "item002", Item.quantity: 1, Item.price: 49.99},
    ]
    listed = {each[Order.orderId]: each for each in answers["list_orders"]}
    assert settled(listed[order[Order.orderId]]) == settled(order)
    assert {each[Order.orderStatus] for each in answers["list_orders"]} == {"shipping"}
    orders = httpx.get(f"{stack.ports.url('order-service')}/orders/?status=shipping&limit=1000")
    assert len(answers["list_orders"]) == len(orders.json()) > 2, "more than a page of two"

    stored_user = httpx.get(
        f"{stack.ports.url('user-service-v1')}/users/{user[User.userId]}"
    ).json()
    assert stored_user[User.emails] == user[User.emails]
    stored = httpx.get(f"{stack.ports.url('order-service')}/orders/{order[Order.orderId]}").json()
    assert settled(stored) == settled(order)


def settled(order: Json) -> Json:
    """An order without its times.

    Each language writes them its own way, and the event of the user's change may move `updatedAt`
    at any moment.
    """
    return {
        name: value
        for name, value in order.items()
        if name not in (Order.createdAt, Order.updatedAt)
    }


def test_without_the_key_the_gateway_refuses(paper: Paper, gateway: str) -> None:
    """So it was the key that let the requests pass; what was wrong is there as a problem."""
    for keys in ((), ("a-key-that-the-gateway-does-not-know",)):
        refused = paper(gateway, new_email(), *keys)
        assert refused.status == 1
        assert refused.output["status"] == 401
        assert refused.output["problem"]["type"] == "urn:aware:problem:unauthorized"
