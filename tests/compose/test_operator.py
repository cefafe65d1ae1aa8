"""What a person does with the running system: `docker compose run --rm operator …`."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.compose.engine import Compose
from tests.examples import example


def operator(system: Compose, *arguments: str) -> str:
    """What a command prints."""
    return system("run", "--rm", "-T", "operator", *arguments).stdout


@pytest.fixture
def at_thirty(system: Compose) -> Iterator[str]:
    """P is moved, and back afterwards."""
    yield operator(system, "gateway", "weight", "30")
    operator(system, "gateway", "weight", "70", "--requests", "0")


def test_moving_p(system: Compose, gateway: httpx.Client, at_thirty: str) -> None:
    """It counts at once, and outlives a new container of the gateway, whatever P_VALUE says."""
    assert "30 % of the user requests go to v1, 70 % to v2" in at_thirty
    assert "v1: 30 of 100" in at_thirty
    system("up", "--wait", "--no-deps", "--force-recreate", "kong")
    assert "v1 gets 30 % of the user requests" in operator(system, "gateway", "status")
    answers = [gateway.put("/users/nobody", json=example("update_user")) for _ in range(100)]
    counted = Counter(each.headers.get("X-Service-Version") for each in answers)
    assert abs(counted["v1"] - 30) <= 1
    assert counted.total() == 100


def test_looking_at_the_dead_letters(system: Compose) -> None:
    """With the login of the consumer."""
    done = system("run", "--rm", "-T", "operator", "dead-letters", "list")
    assert "0 dead letters" in done.stderr


def test_publishing_anew(system: Compose) -> None:
    """With a login that reaches both databases."""
    assert "1 document will be published anew" in operator(system, "resync", "--user", "u5")


def test_keys_are_asked_for_where_they_are_set(system: Compose, gateway: httpx.Client) -> None:
    """Of clients, and of the operator, who has them from `.env`."""
    keys = system.set(API_KEYS="shop:first-key-of-a-client,second-key-of-a-client")
    try:
        keys("up", "--wait", "--no-deps", "kong")
        assert gateway.get("/orders/o1").status_code == 401
        assert gateway.get("/orders/o1", headers={"apikey": "no-key-at-all-this"}).is_error
        known = gateway.get("/orders/o1", headers={"apikey": "second-key-of-a-client"})
        assert known.status_code == 200
        assert "v1: 70 of 100" in operator(keys, "gateway", "weight", "70")
    finally:
        system("up", "--wait", "--no-deps", "kong")
    assert gateway.get("/orders/o1").status_code == 200
