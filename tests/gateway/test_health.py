"""A target that cannot serve gets no requests, and gets them again when it can."""

import socket

import httpx

from gateway.finding import find
from gateway.process import Kind
from gateway.weight import set_weight
from tests.gateway.conftest import Services, Start
from tests.gateway.load import Load
from tests.gateway.running import Running
from tests.gateway.test_passing import assert_problem
from tests.gateway.test_split import count
from tests.waiting import until


def builds(gateway: Running, requests: int = 10) -> set[str]:
    """The builds that answer user requests just now; '-' where the gateway does."""
    with httpx.Client(base_url=gateway.url) as client:
        answers = [client.put("/users/u1", json={}) for _ in range(requests)]
    return {answer.headers.get("X-Service-Version", "-") for answer in answers}


def up(gateway: Running) -> set[str]:
    """The targets of the user service that get requests, as the gateway sees it."""
    return {target.address for target in find(gateway.settings).targets() if target.up}


def test_a_target_that_is_not_ready_gets_no_requests(gateway: Running, services: Services) -> None:
    """What /health/ready says decides, both ways, and afterwards P is P again."""
    services.v2.behaviour.ready = False
    until(lambda: builds(gateway) == {"v1"}, "version 2 is out")
    services.v2.behaviour.ready = True
    until(lambda: builds(gateway) == {"v1", "v2"}, "version 2 is back")
    assert count(gateway.url, 100) == {"v1": 50, "v2": 50}


def test_a_killed_target_is_taken_out_and_comes_back(gateway: Running, services: Services) -> None:
    """Few requests fail when it dies, none after it is out, none when it comes back."""
    with Load(gateway.url) as load:
        until(lambda: load.answers.builds["v2"] > 100, "both builds are under load")
        services.v2.stop()
        until(lambda: services.v2.address not in up(gateway), "version 2 is out")
        failed = load.answers.failed
        before = load.answers.total
        until(lambda: load.answers.total > before + 200, "version 1 has served for a while")
        assert load.answers.failed == failed
        services.v2.start()
        until(lambda: builds(gateway) == {"v1", "v2"}, "version 2 is back")
    answers = load.answers
    print(f"{answers.total} requests, {answers.failed} failed while a target was killed")  # noqa: T201
    assert answers.failed == failed <= 10
    if gateway.kind is Kind.HAPROXY:
        assert "Detected 3 consecutive errors" in gateway.log.read_text()


def test_a_request_for_a_build_that_just_died_goes_to_the_other(
    gateway: Running, services: Services
) -> None:
    """Before any check has seen it: nothing was sent yet, so nothing is lost."""
    services.v1.stop()
    with httpx.Client(base_url=gateway.url, timeout=30) as client:
        answers = [client.post("/users/", json={}) for _ in range(4)]
    assert [answer.headers.get("X-Service-Version") for answer in answers] == ["v2"] * 4


def test_a_build_that_is_to_get_nothing_gets_nothing(start: Start, services: Services) -> None:
    """At P = 100 version 2 is no way out, and after a move to 99 it is."""
    gateway = start(p_value=100)
    services.v1.stop()
    with httpx.Client(base_url=gateway.url, timeout=30) as client:
        # Until its checks have seen it, Kong says that it could not connect.
        until(lambda: client.put("/users/u1", json={}).status_code == 503, "version 1 is out")
        assert_problem(client.put("/users/u1", json={}), 503, "service-unavailable")
        assert services.v2.received == []
        set_weight(gateway.settings, find(gateway.settings), 99)
        assert client.put("/users/u1", json={}).headers["X-Service-Version"] == "v2"


def test_without_any_target_the_gateway_says_unavailable(
    gateway: Running, services: Services
) -> None:
    """503 as problem+json, with the time after which to try again."""
    services.orders.stop()
    until(lambda: httpx.get(f"{gateway.url}/orders/").status_code == 503, "the service is out")
    answer = httpx.get(f"{gateway.url}/orders/")
    assert_problem(answer, 503, "service-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    services.orders.start()
    until(lambda: httpx.get(f"{gateway.url}/orders/").status_code == 200, "the service is back")


def test_errors_of_a_service_do_not_take_it_out(gateway: Running, services: Services) -> None:
    """An answer of 500 is an answer: one request that a service stumbles over harms only itself."""
    services.v2.behaviour.status = lambda _number: 500
    assert count(gateway.url, 200) == {"v1": 100, "v2": 100}


def test_a_user_is_not_made_twice(gateway: Running, services: Services) -> None:
    """A POST whose build dies before it answers is not sent to the other: it may have been done.

    Sent in one piece, because HAProxy can only try again what it has wholly read.
    """
    for build in (services.v1, services.v2):
        build.behaviour.before_answer = build.stop
    url = httpx.URL(gateway.url)
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(b"POST /users/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 502 ")
    assert len(services.v1.received) + len(services.v2.received) == 1
