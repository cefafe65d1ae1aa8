"""Every operation of the order API."""

import httpx
import pytest

from models.fields.order import Item, Order
from storage.client import Json
from tests.examples import ADDRESS, ITEM
from tests.services.conftest import new_order

STATUSES = ["under process", "shipping", "delivered"]


def create(orders: httpx.Client, **fields: object) -> Json:
    """A new order, as answered."""
    answer = orders.post("/orders/", json=new_order(**fields))
    assert answer.status_code == 201, answer.text
    order: Json = answer.json()
    return order


def test_an_order_is_created_as_sent(orders: httpx.Client) -> None:
    """201, all fields as sent, an id, times, and a Location that leads to the same order."""
    sent = new_order(**{Order.userId: "u9", Order.orderStatus: "shipping"})
    answer = orders.post("/orders", json=sent)
    assert answer.status_code == 201
    order = answer.json()
    assert {name: order[name] for name in sent} == sent
    assert order[Order.createdAt] == order[Order.updatedAt]
    assert answer.headers["Location"] == f"/orders/{order[Order.orderId]}"
    assert orders.get(answer.headers["Location"]).json() == order


def test_what_was_left_out_has_the_default_of_the_spec(orders: httpx.Client) -> None:
    """The status; a user is not made up."""
    order = create(orders)
    assert order[Order.orderStatus] == "under process"
    assert Order.userId not in order


@pytest.mark.parametrize("price", [0, 1, 0.1, 1e-9, 1000000000])
def test_prices_may_be_whole_or_not(orders: httpx.Client, price: float) -> None:
    """And come back as they were sent."""
    order = create(orders, **{Order.items: [ITEM | {"price": price}]})
    assert orders.get(f"/orders/{order[Order.orderId]}").json()[Order.items][0][Item.price] == price


@pytest.mark.parametrize("field", ["createdAt", "updatedAt", "orderId", "_system"])
def test_what_the_service_sets_is_refused_from_clients(orders: httpx.Client, field: str) -> None:
    """400 with the property's place."""
    answer = orders.post("/orders/", json=new_order(**{field: "2026-11-22T10:15:30Z"}))
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"pointer": f"#/{field}", "detail": "is not a property here"}
    ]


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_a_status_goes_from_any_to_any(orders: httpx.Client, before: str, after: str) -> None:
    """The answer is the order after the change."""
    order = create(orders, **{Order.orderStatus: before})
    answer = orders.put(f"/orders/{order[Order.orderId]}/status", json={Order.orderStatus: after})
    assert answer.status_code == 200
    changed = answer.json()
    assert changed.pop(Order.updatedAt) >= order.pop(Order.updatedAt)
    assert changed == order | {Order.orderStatus: after}


@pytest.mark.parametrize("field", [Order.userEmails, Order.deliveryAddress])
def test_details_replace_what_was_sent_and_nothing_else(orders: httpx.Client, field: str) -> None:
    """Even where it looks like a field of the database."""
    order = create(orders, **{Order.userId: "u8"})
    change = {
        Order.userEmails: ["$b@example.com"],
        Order.deliveryAddress: ADDRESS | {"city": "$orderId"},
    }
    answer = orders.put(f"/orders/{order[Order.orderId]}/details", json={field: change[field]})
    assert answer.status_code == 200
    changed = answer.json()
    assert changed.pop(Order.updatedAt) >= order.pop(Order.updatedAt)
    assert changed == order | {field: change[field]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/nobody", None),
        ("PUT", "/orders/nobody/status", {Order.orderStatus: "shipping"}),
        ("PUT", "/orders/nobody/details", {Order.userEmails: ["a@example.com"]}),
    ],
)
def test_an_unknown_order_is_404(
    orders: httpx.Client, method: str, path: str, body: object
) -> None:
    """An id of the right shape that no order has."""
    assert orders.request(method, path, json=body).status_code == 404


@pytest.mark.parametrize("status", [None, "delivered"])
def test_pages_hold_every_order_once_oldest_first(orders: httpx.Client, status: str | None) -> None:
    """Following `Link` from page to page."""
    for _ in range(7):
        create(orders, **{Order.orderStatus: "delivered"})
    query = {} if status is None else {"status": status}
    whole = orders.get("/orders/", params=query | {"limit": 1000}).json()
    assert [each[Order.createdAt] for each in whole] == sorted(
        each[Order.createdAt] for each in whole
    )
    assert status is None or {each[Order.orderStatus] for each in whole} == {status}

    answer = orders.get("/orders/", params=query | {"limit": 3})
    pages = [answer.json()]
    while "next" in answer.links:
        answer = orders.get(answer.links["next"]["url"])
        pages.append(answer.json())
    assert {len(page) for page in pages[:-1]} == {3}
    assert [each for page in pages for each in page] == whole


def test_a_cursor_holds_for_the_status_it_was_given_with(orders: httpx.Client) -> None:
    """With another status, or made up, it names no page: 404."""
    answer = orders.get("/orders/", params={"status": "delivered", "limit": 1})
    cursor = httpx.URL(answer.links["next"]["url"]).params["cursor"]
    for query in ({"status": "shipping", "cursor": cursor}, {"cursor": cursor}, {"cursor": "abc"}):
        refused = orders.get("/orders/", params=query)
        assert refused.status_code == 404, query
        assert refused.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "status=",
        "status=shipping&status=shipping",
        "limit=0",
        "limit=1001",
        "limit=",
        "limit=%205",
        "limit=%2B5",
        "limit=1_0",
        "limit=%D9%A1",
        "limit=1.0",
        "limit=" + "9" * 3000,
        "colour=red",
        "cursor=%00",
        "status=%FF",
    ],
)
def test_odd_queries_are_400(orders: httpx.Client, query: str) -> None:
    """Problem+json that names the parameter, never a guess at what was meant."""
    answer = orders.get(f"/orders/?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
