"""What passes the gateway, where it arrives, and what does not pass."""

import json
import socket
from collections.abc import Mapping

import httpx
import pytest

from gateway.process import Kind
from gateway.settings import ApiKey
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.raw import answer_on, connected, send_without_end
from tests.gateway.running import Running, elsewhere
from tests.waiting import until

PUBLIC = [
    ("POST", "/users/", "user"),
    ("PUT", "/users/u1", "user"),
    ("POST", "/orders/", "order"),
    ("GET", "/orders/", "order"),
    ("GET", "/orders/o1", "order"),
    ("PUT", "/orders/o1/status", "order"),
    ("PUT", "/orders/o1/details", "order"),
]
OTHER_METHODS = {
    ("GET", "/users/u1"): "OPTIONS, PUT",
    ("GET", "/users/"): "OPTIONS, POST",
    ("DELETE", "/users/u1"): "OPTIONS, PUT",
    ("PATCH", "/orders/o1"): "GET, HEAD, OPTIONS",
    ("PUT", "/orders/o1"): "GET, HEAD, OPTIONS",
    ("GET", "/orders/o1/status"): "OPTIONS, PUT",
    ("POST", "/orders/o1/details"): "OPTIONS, PUT",
}
"""Requests whose path is public with other methods, and what these are."""

NOT_PUBLIC = [
    ("PUT", "/orders/o1/items"),
    ("PUT", "/orders/o1/status/more"),
    ("GET", "/ordersx"),
    ("GET", "/x/orders/"),
    ("GET", "/orders/o1%2Fstatus"),
    ("GET", "/orders/%2e%2e/metrics"),
    ("GET", "/orders/o.1"),
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/ui/"),
    ("GET", "/openapi.json"),
    ("GET", "/config"),
    ("GET", "/status"),
]


def assert_problem(answer: httpx.Response, status: int, kind: str) -> None:
    """The answer is an error of the gateway's own, with the members every problem here has."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:aware:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def arrivals(services: Services) -> Mapping[str, list[tuple[str, str]]]:
    """Method and path of what each service received."""

    def of(*backends: Backend) -> list[tuple[str, str]]:
        return [(r.method, r.path) for backend in backends for r in backend.received]

    return {"user": of(services.v1, services.v2), "order": of(services.orders)}


@pytest.mark.parametrize("slash", ["with", "without"])
def test_every_public_operation_arrives_with_its_path(
    client: httpx.Client, services: Services, slash: str
) -> None:
    """Each goes to the service that owns it, the trailing slash as it was sent."""
    expected: dict[str, list[tuple[str, str]]] = {"user": [], "order": []}
    for method, path, service in PUBLIC:
        sent = path.rstrip("/") + ("/" if slash == "with" else "")
        answer = client.request(method, sent, json={} if method != "GET" else None)
        assert answer.status_code == httpx.codes.OK, (method, sent)
        expected[service].append((method, sent))
    found = arrivals(services)
    assert sorted(found["user"]) == sorted(expected["user"])
    assert found["order"] == expected["order"]


def test_other_methods_are_told_those_that_are_public(
    client: httpx.Client, services: Services
) -> None:
    """405 with `Allow`, which OPTIONS answers too; an internal operation is none of them."""
    for (method, path), allowed in OTHER_METHODS.items():
        answer = client.request(method, path)
        assert_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == allowed, (method, path)
        asked = client.options(path)
        assert (asked.status_code, asked.content) == (204, b"")
        assert asked.headers["Allow"] == allowed, path
    assert arrivals(services) == {"user": [], "order": []}


def test_head_passes_wherever_get_does(client: httpx.Client, services: Services) -> None:
    """And is answered without a body."""
    for path in ("/orders", "/orders/o1"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert [method for method, _ in arrivals(services)["order"]] == ["HEAD", "HEAD"]


def test_nothing_else_passes(client: httpx.Client, services: Services) -> None:
    """Other paths and the services' own pages are 404 here."""
    for method, path in NOT_PUBLIC:
        answer = client.request(method, path)
        assert_problem(answer, 404, "not-found")
    assert arrivals(services) == {"user": [], "order": []}


def test_a_request_arrives_as_it_was_sent(client: httpx.Client, services: Services) -> None:
    """Host, query, body and headers are the client's."""
    body = json.dumps({"items": ["ü"]}).encode()
    client.post(
        "/orders/?a=1&b=%20",
        content=body,
        headers={"Host": "shop.example:8443", "Content-Type": "application/json", "X-Own": "yes"},
    )
    (received,) = services.orders.received
    assert received.path == "/orders/?a=1&b=%20"
    assert received.body == body
    assert received.headers["host"] == "shop.example:8443"
    assert received.headers["x-own"] == "yes"
    assert received.headers["x-forwarded-for"]


def test_an_answer_arrives_as_it_was_given(client: httpx.Client, services: Services) -> None:
    """The service's errors are not the gateway's to change."""
    services.orders.behaviour.status = lambda _number: 503
    answer = client.get("/orders/")
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Service-Version"] == "order"
    assert answer.json()["path"] == "/orders/"


def test_every_answer_names_its_request(client: httpx.Client, services: Services) -> None:
    """The service, the answer and the gateway's own errors carry the same name."""
    answer = client.get("/orders/")
    assert services.orders.received[0].headers["x-request-id"] == answer.headers["X-Request-Id"]
    assert client.get("/orders/").headers["X-Request-Id"] != answer.headers["X-Request-Id"]
    assert client.get("/nothing").headers["X-Request-Id"]
    own = client.get("/orders/", headers={"X-Request-Id": "mine-1"})
    assert own.headers["X-Request-Id"] == "mine-1"
    for name in ("jane@personal.com", "two names", "a" * 129):
        assert (
            client.get("/orders/", headers={"X-Request-Id": name}).headers["X-Request-Id"] != name
        )


def test_the_trace_of_a_client_goes_on(client: httpx.Client, services: Services) -> None:
    """With what belongs to it, as it came or below a span of the gateway's own."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "tracestate": "shop=1"}
    client.get("/orders/", headers=sent)
    received = services.orders.received[0].headers
    assert received["traceparent"].split("-")[1] == trace
    assert received["tracestate"] == sent["tracestate"]


def test_a_body_beyond_the_limit_is_refused(start: Start, services: Services) -> None:
    """At the limit it passes; one byte more is 413, and no service hears of it."""
    gateway = start(request_size_limit=1000)
    assert httpx.post(f"{gateway.url}/orders/", content=b"x" * 1000).status_code == httpx.codes.OK
    assert_problem(
        httpx.post(f"{gateway.url}/orders/", content=b"x" * 1001), 413, "payload-too-large"
    )
    assert_problem(
        httpx.post(f"{gateway.url}/orders/", content=b"x" * 30_000_000), 413, "payload-too-large"
    )
    assert len(services.orders.received) == 1


@pytest.mark.skipif(elsewhere(), reason="where nginx stops reading, it is told at its start")
def test_a_body_without_an_end_is_refused(start: Start, services: Services) -> None:
    """When the limit is reached; at the limit a body in chunks passes."""
    gateway = start(request_size_limit=100_000)
    whole = httpx.post(f"{gateway.url}/orders/", content=iter([b"x" * 50_000] * 2))
    assert whole.status_code == httpx.codes.OK
    over = httpx.post(f"{gateway.url}/orders/", content=iter([b"x" * 50_000] * 2 + [b"x"]))
    assert_problem(over, 413, "payload-too-large")
    sent, answer = send_without_end(gateway.url, 200_000_000)
    assert sent < 200_000_000
    assert_problem(answer, 413, "payload-too-large")
    assert len(services.orders.received) == 1


def test_a_body_may_be_larger_than_any_buffer(start: Start, services: Services) -> None:
    """One that says its length; the stand-in holds no more than 16 MiB of one in chunks."""
    gateway = start(request_size_limit=40_000_000)
    sent = b"x" * 30_000_000
    assert httpx.post(f"{gateway.url}/orders/", content=sent).status_code == httpx.codes.OK
    over = httpx.post(f"{gateway.url}/orders/", content=sent + b"x" * 10_000_001)
    assert_problem(over, 413, "payload-too-large")
    if gateway.kind is not Kind.KONG:
        in_chunks = httpx.post(f"{gateway.url}/orders/", content=iter([sent]))
        assert_problem(in_chunks, 413, "payload-too-large")
    assert len(services.orders.received) == 1


def test_a_client_that_expects_to_be_told_gets_one_answer(start: Start, services: Services) -> None:
    """As curl does of itself with larger bodies: 413, and no 100 before it."""
    gateway = start(request_size_limit=1000)
    with connected(gateway.url) as connection:
        connection.sendall(
            b"POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert_problem(answer_on(connection), 413, "payload-too-large")
    assert services.orders.received == []


def test_a_body_in_chunks_passes(client: httpx.Client, services: Services) -> None:
    """A body of unknown length is a body."""
    answer = client.post("/orders/", content=iter([b"a" * 10, b"b" * 10]))
    assert answer.status_code == httpx.codes.OK
    assert services.orders.received[0].body == b"a" * 10 + b"b" * 10


def test_too_many_requests_are_refused(start: Start, services: Services) -> None:
    """The limit is a minute's; what is beyond is told when to come again."""
    gateway = start(rate_limit_per_minute=5)
    with httpx.Client(base_url=gateway.url) as client:
        until(lambda: client.get("/orders/").status_code == httpx.codes.TOO_MANY_REQUESTS, "429")
        refused = client.get("/orders/")
    assert_problem(refused, 429, "too-many-requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    # Kong counts by the clock's minute, which may have changed in between.
    assert len(services.orders.received) <= (5 if gateway.kind is Kind.HAPROXY else 10)


def test_a_burst_is_cut_off_and_the_caller_told_to_come_a_second_later(
    start: Start, services: Services
) -> None:
    """What is left of the minute's requests is then there."""
    gateway = start(rate_limit_per_minute=10_000, rate_limit_per_second=5)
    with httpx.Client(base_url=gateway.url) as client:
        answers = [client.get("/orders/") for _ in range(30)]
        refused = [each for each in answers if each.status_code != httpx.codes.OK]
        assert_problem(refused[-1], 429, "too-many-requests")
        assert {each.headers["Retry-After"] for each in refused} == {"1"}
        until(lambda: client.get("/orders/").status_code == httpx.codes.OK, "the next second")
    assert len(services.orders.received) < len(answers)


def test_a_key_is_needed_where_keys_are_set(start: Start, services: Services) -> None:
    """In its header and nowhere else; the service never sees it."""
    key = "k" * 32
    gateway = start(
        api_keys=(ApiKey("shop", key), ApiKey("till", "another-key-of-thirty-characters"))
    )
    with httpx.Client(base_url=gateway.url) as client:
        for refused in (
            client.get("/orders/"),
            client.get("/orders/", headers={"apikey": "k" * 31}),
            client.get("/orders/", headers={"apikey": f"{key}, other"}),
            client.get(f"/orders/?apikey={key}"),
        ):
            assert_problem(refused, 401, "unauthorized")
            assert "WWW-Authenticate" in refused.headers
        assert services.orders.received == []
        assert client.get("/orders/", headers={"apikey": key}).status_code == httpx.codes.OK
        assert_problem(client.get("/none", headers={"apikey": key}), 404, "not-found")
    assert "apikey" not in services.orders.received[0].headers


@pytest.mark.parametrize(
    ("named", "refused"), [("reports", {"reports"}), ("*", {"reports", "shop"})]
)
def test_a_caller_that_may_only_read_changes_nothing(
    start: Start, services: Services, named: str, refused: set[str]
) -> None:
    """Whatever writes is refused by name, and reaches no service; others may all the same."""
    keys = tuple(ApiKey(name, f"{name}-{'k' * 20}") for name in ("reports", "shop"))
    gateway = start(api_keys=keys, read_only_callers=(named,))
    with httpx.Client(base_url=gateway.url) as client:
        for key in keys:
            headers = {"apikey": key.key}
            assert client.get("/orders/", headers=headers).status_code == httpx.codes.OK
            assert client.head("/orders/", headers=headers).status_code == httpx.codes.OK
            assert client.options("/orders/", headers=headers).status_code < httpx.codes.BAD_REQUEST
            for method, path in (("POST", "/orders/"), ("PUT", "/users/u1")):
                answer = client.request(method, path, json={}, headers=headers)
                if key.name in refused:
                    assert_problem(answer, 403, "read-only")
                else:
                    assert answer.status_code == httpx.codes.OK
    wrote = [each for each in services.orders.received if each.method == "POST"]
    assert len(wrote) == 2 - len(refused)


def test_the_gateway_says_who_calls_and_nobody_else(start: Start, services: Services) -> None:
    """The name that belongs to the key; what a client claims in its place does not arrive."""
    shop, till = ApiKey("shop", "s" * 20), ApiKey("till", "t" * 20)
    gateway = start(api_keys=(shop, till))
    claimed = {"X-Consumer-Username": "root", "X-Consumer-Custom-ID": "0"}
    for key in (shop, till):
        httpx.get(f"{gateway.url}/orders/", headers={"apikey": key.key, **claimed})
    for received, key in zip(services.orders.received, (shop, till), strict=True):
        assert received.headers["x-consumer-username"] == key.name
        assert "x-consumer-custom-id" not in received.headers


def test_without_keys_nobody_calls(client: httpx.Client, services: Services) -> None:
    """What a client claims to be does not arrive."""
    client.get("/orders/", headers={"X-Consumer-Username": "root", "X-Consumer-ID": "1"})
    assert not [name for name in services.orders.received[0].headers if "consumer" in name]


def test_each_caller_has_a_limit_of_its_own(start: Start) -> None:
    """All its keys count together, and no other caller's."""
    keys = (ApiKey("shop", "a" * 20), ApiKey("shop", "b" * 20), ApiKey("till", "c" * 20))
    gateway = start(api_keys=keys, rate_limit_per_minute=5)
    with httpx.Client(base_url=gateway.url) as client:

        def status(key: ApiKey) -> int:
            return client.get("/orders/", headers={"apikey": key.key}).status_code

        until(lambda: status(keys[0]) == httpx.codes.TOO_MANY_REQUESTS, "429")
        assert status(keys[1]) == httpx.codes.TOO_MANY_REQUESTS
        assert status(keys[2]) == httpx.codes.OK


def test_every_answer_is_neither_sniffed_nor_stored(
    client: httpx.Client, services: Services
) -> None:
    """A service's and the gateway's own; and none says what the gateway is."""
    for answer in (client.get("/orders/"), client.get("/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
        assert not [name for name in answer.headers if name in ("server", "via") or "kong" in name]
    assert len(services.orders.received) == 1


@pytest.mark.parametrize(
    ("status", "kind", "request_text"),
    [
        (400, "bad-request", "GET /orders/ HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n"),
        (400, "bad-request", "GET /or\x01ders/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            400,
            "bad-request",
            "GET /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        ),
        (505, "http-version-not-supported", "GET /orders/ HTTP/3.0\r\nHost: a\r\n\r\n"),
        (
            400,
            "bad-request",
            "POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n",
        ),
    ],
    ids=["header-name", "control-character", "two-lengths", "version", "chunk"],
)
def test_what_is_not_http_gets_a_problem_too(
    gateway: Running, services: Services, status: int, kind: str, request_text: str
) -> None:
    """A malformed request is refused before any service sees it, by Kong as a problem.

    HAProxy answers with a page of its own, as it says at start: no setting reaches that far.
    """
    with connected(gateway.url) as connection:
        connection.sendall(request_text.encode())
        answer = answer_on(connection)
    if gateway.kind is Kind.KONG or status == httpx.codes.HTTP_VERSION_NOT_SUPPORTED:
        assert_problem(answer, status, kind)
    assert 400 <= answer.status_code < 600
    assert services.orders.received == []


def test_an_answer_in_chunks_is_read_whole() -> None:
    """By what reads answers here, as Kong sends those of its own."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(
            b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
        assert answer_on(ours).json() == {}


def test_headers_that_are_too_large_get_a_problem(gateway: Running, services: Services) -> None:
    """431, but for Kong, which makes a 400 of it and says what it was."""
    answer = httpx.get(f"{gateway.url}/orders/", headers={"X": "y" * 60_000})
    status = 400 if gateway.kind is Kind.KONG else 431
    assert_problem(answer, status, "header-fields-too-large")
    assert services.orders.received == []
