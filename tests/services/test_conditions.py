"""Requests that come again, and that demand a state: to both services, to either version."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.stack import Stack
from models.fields.order import Order
from models.fields.user import User
from tests.examples import ADDRESS, example
from tests.services.conftest import new_email
from tests.waiting import until

Answer = httpx.Response


@pytest.fixture(scope="module")
def http(stack: Stack) -> Iterator[dict[str, httpx.Client]]:
    """A client of each process, by its name, and of the gateway."""
    names = ("user-service-v1", "user-service-v2", "order-service", "gateway")
    clients = {each: httpx.Client(base_url=stack.ports.url(each), timeout=30) for each in names}
    yield clients
    for each in clients.values():
        each.close()


def new_user() -> dict[str, Any]:
    """The paper's, with an address of its own."""
    return example("create_user") | {User.emails: [new_email()]}


def keyed(key: str | None = None, **others: str) -> dict[str, str]:
    """Headers with a key; a new one by default."""
    return {"Idempotency-Key": key or str(uuid4()), **others}


def same(first: Answer, again: Answer) -> bool:
    """Whether one answer is as the other."""
    names = ("Location", "ETag", "Content-Type")
    headers = [[each.headers.get(name) for name in names] for each in (first, again)]
    return (first.status_code, first.json()) == (again.status_code, again.json()) and (
        headers[0] == headers[1]
    )


def test_either_version_knows_what_the_other_has_done(http: dict[str, httpx.Client]) -> None:
    """A retry goes to whichever of them the split sends it to."""
    v1, v2 = http["user-service-v1"], http["user-service-v2"]
    for first, other in ((v1, v2), (v2, v1)):
        user, key = new_user(), keyed()
        made = first.post("/users/", json=user, headers=key)
        assert made.status_code == 201
        assert same(made, other.post("/users/", json=user, headers=key))
        path, key = made.headers["Location"], keyed()
        change = {User.emails: [new_email()]}
        changed = first.put(path, json=change, headers=key)
        assert changed.headers["ETag"] == '"2"'
        assert same(changed, other.put(path, json=change, headers=key))
        assert other.get(path).headers["ETag"] == first.get(path).headers["ETag"] == '"2"'


def test_another_request_with_the_key_is_refused(http: dict[str, httpx.Client]) -> None:
    """422, and nothing is changed; what was refused may come again with its key."""
    v1, key, user = http["user-service-v1"], keyed(), new_user()
    made = v1.post("/users/", json=user, headers=key)
    reused = v1.post("/users/", json=new_user(), headers=key)
    assert reused.status_code == 422
    assert reused.json()["type"] == "urn:aware:problem:idempotency-key-reused"
    path, key = made.headers["Location"], keyed()
    taken = v1.post("/users/", json=user, headers=key)
    assert taken.status_code == 409
    v1.put(path, json={User.emails: [new_email()]})
    assert v1.post("/users/", json=user, headers=key).status_code == 201


def test_callers_do_not_share_keys(http: dict[str, httpx.Client]) -> None:
    """They are those that the gateway names."""
    orders, key, order = http["order-service"], keyed(), example("create_order")
    ids = set()
    for caller in ("shop", "till", "shop"):
        headers = {**key, "X-Consumer-Username": caller}
        ids.add(orders.post("/orders/", json=order, headers=headers).json()[Order.orderId])
    assert len(ids) == 2


def test_an_order_is_made_once(http: dict[str, httpx.Client]) -> None:
    """Through the gateway, twenty times at once."""
    order, key = example("create_order"), keyed()

    async def post(client: httpx.AsyncClient) -> Answer:
        return await client.post("/orders/", json=order, headers=key)

    async def posts() -> list[Answer]:
        async with httpx.AsyncClient(base_url=http["gateway"].base_url, timeout=30) as client:
            return await asyncio.gather(*(post(client) for _ in range(20)))

    answers = asyncio.run(posts())
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()[Order.orderId] for each in answers}) == 1


def test_two_clerks_do_not_overwrite_each_other(http: dict[str, httpx.Client]) -> None:
    """The one who has read an older state is told the present one."""
    gateway = http["gateway"]
    made = gateway.post("/orders/", json=example("create_order"))
    path, etag = made.headers["Location"], made.headers["ETag"]
    read = gateway.get(path)
    assert read.headers["ETag"] == etag
    match = {"If-Match": etag}
    changed = gateway.put(f"{path}/status", json={Order.orderStatus: "shipping"}, headers=match)
    assert changed.is_success
    assert changed.headers["ETag"] != etag
    for place, body in (
        ("status", {Order.orderStatus: "delivered"}),
        ("details", {Order.userEmails: [new_email()]}),
    ):
        refused = gateway.put(f"{path}/{place}", json=body, headers=match)
        assert refused.status_code == 412
        assert refused.headers["ETag"] == changed.headers["ETag"]
        assert refused.json()["type"] == "urn:aware:problem:precondition-failed"
    assert gateway.get(path).json() == changed.json()
    known = gateway.get(path, headers={"If-None-Match": changed.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_a_change_by_the_sync_stands_in_the_way_of_details_alone(
    http: dict[str, httpx.Client],
) -> None:
    """It raises the ETag; who sets the status has not overwritten any of it."""
    users, orders = http["user-service-v1"], http["order-service"]
    user = users.post("/users/", json=new_user())
    order = example("create_order") | {Order.userId: user.json()[User.userId]}
    made = orders.post("/orders/", json=order)
    path, etag = made.headers["Location"], made.headers["ETag"]
    users.put(user.headers["Location"], json={User.deliveryAddress: ADDRESS})
    until(lambda: orders.get(path).headers["ETag"] != etag, "the order has followed")
    details, match = {Order.userEmails: [new_email()]}, {"If-Match": etag}
    assert orders.put(f"{path}/details", json=details, headers=match).status_code == 412
    status = {Order.orderStatus: "shipping"}
    assert orders.put(f"{path}/status", json=status, headers=match).status_code == 200
    assert orders.put(f"{path}/status", json=status, headers=match).status_code == 412


def test_orders_of_before_have_a_state_too(http: dict[str, httpx.Client]) -> None:
    """The seed's know nothing of revisions: theirs is 0."""
    orders = http["order-service"]
    read = orders.get("/orders/o15")
    assert read.headers["ETag"].startswith('"0-')
    details = {Order.userEmails: read.json()[Order.userEmails]}
    headers = keyed(**{"If-Match": read.headers["ETag"]})
    changed = orders.put("/orders/o15/details", json=details, headers=headers)
    assert changed.headers["ETag"].startswith('"1-')
    again = orders.put("/orders/o15/details", json=details, headers=headers)
    assert same(changed, again)


@pytest.mark.parametrize("process", ["user-service-v1", "user-service-v2"])
def test_a_user_that_somebody_has_changed_is_not_overwritten(
    http: dict[str, httpx.Client], process: str
) -> None:
    """412 with the present ETag; a list that has it, and any, will do."""
    users = http[process]
    path = users.post("/users/", json=new_user()).headers["Location"]
    body = {User.deliveryAddress: ADDRESS}
    for etags, status in (
        ('"1"', 200),
        ('"1"', 412),
        ('"9", "2"', 200),
        ('W/"3"', 412),
        ("*", 200),
        ('"nope"', 412),
        ('"4-0"', 412),
    ):
        answer = users.put(path, json=body, headers={"If-Match": etags})
        assert answer.status_code == status, etags
    assert answer.headers["ETag"] == '"4"'
    unknown = users.put(f"/users/{uuid4()}", json=body, headers={"If-Match": "*"})
    assert unknown.status_code == 404
