"""How many of the user requests each build gets."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import httpx
import pytest

from gateway.finding import find
from gateway.running import LiveTarget
from gateway.settings import ApiKey
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.running import services_host
from tests.waiting import until


def count(url: str, requests: int) -> Counter[str]:
    """How many of so many user requests each build answered; one after the other."""
    with httpx.Client(base_url=url) as client:
        return Counter(
            client.put("/users/u1", json={}).headers["X-Service-Version"] for _ in range(requests)
        )


@pytest.mark.parametrize("p", [0, 1, 30, 70, 100])
def test_version_1_gets_exactly_p_percent(start: Start, p: int) -> None:
    """Of 1000 requests, 10 P go to version 1 and the rest to version 2."""
    gateway = start(p_value=p)
    assert count(gateway.url, 1000) == +Counter({"v1": 10 * p, "v2": 1000 - 10 * p})


def test_p_is_the_share_whatever_the_number_of_replicas(start: Start, services: Services) -> None:
    """Three instances of version 1 and one of version 2 share the requests 30 to 70."""
    with ExitStack() as stack:
        more = [stack.enter_context(Backend("v1", host=services_host())) for _ in range(2)]
        ones = (services.v1, *more)
        gateway = start(p_value=30, targets={"user-service-v1": tuple(one.address for one in ones)})
        assert count(gateway.url, 1000) == Counter({"v1": 300, "v2": 700})
        received = [len(one.received) for one in ones]
        assert sum(received) == 300
        assert received == [100, 100, 100]


def test_replicas_take_turns_when_requests_come_one_at_a_time(
    start: Start, services: Services
) -> None:
    """None of five is left without any; of a service that is not split, neither."""
    with ExitStack() as stack:
        more = [stack.enter_context(Backend("order", host=services_host())) for _ in range(4)]
        ones = (services.orders, *more)
        gateway = start(targets={"order-service": tuple(one.address for one in ones)})
        with httpx.Client(base_url=gateway.url) as client:
            for _ in range(100):
                client.get("/orders/")
        assert [len(one.received) for one in ones] == [20] * 5


def test_p_is_the_share_while_a_replica_is_ill(start: Start, services: Services) -> None:
    """The others of its build take over what it would have got."""
    with Backend("v1", host=services_host()) as other:
        gateway = start(
            p_value=30, targets={"user-service-v1": (services.v1.address, other.address)}
        )
        other.behaviour.ready = False
        ill = LiveTarget(other.address, up=0, down=1)
        until(lambda: ill in find(gateway.settings).targets(), "it is out")
        assert count(gateway.url, 1000) == Counter({"v1": 300, "v2": 700})
        assert len(services.v1.received) == 300


def test_refused_requests_do_not_bend_p(start: Start, services: Services) -> None:
    """Every second request has no key; those that pass are split all the same."""
    key = "k" * 20
    gateway = start(p_value=50, api_keys=(ApiKey("shop", key),))
    with httpx.Client(base_url=gateway.url) as client:
        for _ in range(100):
            assert client.put("/users/u1", json={}).status_code in (401, 429)
            client.put("/users/u1", json={}, headers={"apikey": key})
    assert (len(services.v1.received), len(services.v2.received)) == (50, 50)


def test_orders_are_not_split(start: Start, services: Services) -> None:
    """P is about the user service alone."""
    gateway = start(p_value=0)
    with httpx.Client(base_url=gateway.url) as client:
        assert {client.get("/orders/").headers["X-Service-Version"] for _ in range(10)} == {"order"}
    assert len(services.orders.received) == 10


def test_a_tester_gets_the_version_it_asks_for(start: Start) -> None:
    """P stays the share of the rest; the wish is for callers that may, and refused by name."""
    keys = tuple(ApiKey(name, f"{name}-{'k' * 20}") for name in ("tester", "shop"))
    gateway = start(p_value=30, api_keys=keys, version_callers=("tester",))

    def sent(client: httpx.Client, caller: str, version: str | None = None) -> httpx.Response:
        wish = {} if version is None else {"X-Service-Version": version}
        headers = {"apikey": f"{caller}-{'k' * 20}", **wish}
        return client.put("/users/u1", json={}, headers=headers)

    counted: Counter[str] = Counter()
    with httpx.Client(base_url=gateway.url) as client:
        for number in range(100):
            version = ("v1", "v2")[number % 2]
            assert sent(client, "tester", version).headers["X-Service-Version"] == version
            counted[sent(client, "shop").headers["X-Service-Version"]] += 1
        refused, unknown = sent(client, "shop", "v2"), sent(client, "tester", "v3")
    assert counted == {"v1": 30, "v2": 70}
    assert (refused.status_code, unknown.status_code) == (403, 400)
    for answer in (refused, unknown):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "X-Service-Version" in answer.json()["detail"]


def test_a_frozen_replica_is_out_within_seconds(start: Start, services: Services) -> None:
    """Whoever waits for it is told, or served elsewhere, and nobody else meets it."""
    frozen = Event()
    with Backend("v1", host=services_host()) as other, ExitStack() as stack:
        stack.callback(frozen.set)
        gateway = start(
            p_value=100, targets={"user-service-v1": (services.v1.address, other.address)}
        )
        other.behaviour.before_request = frozen.wait
        ill = LiveTarget(other.address, up=0, down=1)
        with ThreadPoolExecutor(4) as clients, httpx.Client(base_url=gateway.url) as client:
            sent = [clients.submit(client.put, "/users/u1", json={}, timeout=60) for _ in range(4)]
            until(lambda: ill in find(gateway.settings).targets(), "it is out")
            statuses = sorted(each.result().status_code for each in sent)
        assert statuses[:2] == [200, 200]
        # Kong asks another replica where that is safe, as after a PUT.
        assert set(statuses[2:]) <= {200, 502, 503, 504}
        assert count(gateway.url, 20) == {"v1": 20}
