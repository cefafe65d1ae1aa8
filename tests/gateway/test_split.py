"""How many of the user requests each build gets."""

from collections import Counter
from contextlib import ExitStack

import httpx
import pytest

from kong.process import Kind
from kong.running import LiveTarget, find
from kong.settings import ApiKey
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
        gateway = start(p_value=30, user_service_v1=tuple(one.address for one in ones))
        assert count(gateway.url, 1000) == Counter({"v1": 300, "v2": 700})
        received = [len(one.received) for one in ones]
        assert sum(received) == 300
        # Kong's least-connections has no turns: without load it may leave a replica out.
        assert gateway.kind is Kind.KONG or received == [100, 100, 100]


def test_p_is_the_share_while_a_replica_is_ill(start: Start, services: Services) -> None:
    """The others of its build take over what it would have got."""
    with Backend("v1", host=services_host()) as other:
        gateway = start(p_value=30, user_service_v1=(services.v1.address, other.address))
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
