"""What passes the gateway, where it arrives, and what does not pass."""

import json
import socket
from collections.abc import Mapping

import httpx
import pytest

from kong.process import Kind
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.running import Running
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
NOT_PUBLIC = [
    ("GET", "/users/u1"),
    ("GET", "/users/"),
    ("DELETE", "/users/u1"),
    ("PATCH", "/orders/o1"),
    ("PUT", "/orders/o1"),
    ("GET", "/orders/o1/status"),
    ("POST", "/orders/o1/details"),
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
    ("OPTIONS", "/orders/"),
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


def test_nothing_else_passes(client: httpx.Client, services: Services) -> None:
    """Other paths and methods, internal operations and the services' own pages are 404 here."""
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


def test_a_key_is_needed_where_keys_are_set(start: Start, services: Services) -> None:
    """In its header and nowhere else; the service never sees it."""
    key = "k" * 32
    gateway = start(api_keys=(key, "another-key-of-thirty-characters"))
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
    "request_text",
    [
        "GET /orders/ HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
        "GET /or\x01ders/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "GET /orders/ HTTP/1.1\r\nHost: a\r\nX: " + "y" * 100_000 + "\r\n\r\n",
    ],
    ids=["header-name", "control-character", "two-lengths", "huge-header"],
)
def test_what_is_not_http_gets_a_problem_too(
    gateway: Running, services: Services, request_text: str
) -> None:
    """A malformed request is refused before any service sees it, by Kong as a problem.

    HAProxy answers with a page of its own, as it says at start: no setting reaches that far.
    """
    url = httpx.URL(gateway.url)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(request_text.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if b'"}' in answer or b"</html>" in answer:
                break
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] in (b"400", b"431", b"494")
    if gateway.kind is Kind.KONG:
        assert b"content-type: application/problem+json" in head.lower()
        assert json.loads(body)["type"].startswith("urn:aware:problem:")
    assert services.orders.received == []
