"""Whatever is sent, and to whom: no log and no metric has an e-mail or delivery address.

These plant them where they belong and where they do not. What all other tests send is looked for at
the end of each suite, by tests/personal_data.py.
"""

import json
import socket
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

import httpx
import pika
import pytest

from local.parts import event_processes, http_processes
from local.stack import Stack
from messaging.events import BUILD, CHANGED_AT
from messaging.nodes import connection_parameters
from messaging.topology import QUEUE_NAME, Topology
from models.fields.events import UserContactsChanged
from models.fields.order import Order
from models.fields.user import User
from services.payload import VERSION
from tests.examples import ADDRESS
from tests.messaging.system import administrator
from tests.personal_data import personal_data
from tests.services.conftest import new_order, new_user
from tests.waiting import until
from tracing.cause import TRACEPARENT

EMAIL = "jane.planted@personal.example.com"
STREET = ADDRESS["street"]
PLANTS = (EMAIL, STREET)
TOPOLOGY = Topology(QUEUE_NAME)


def logs(stack: Stack) -> Iterable[Path]:
    """Every log of the system: those of the parts, and the gateway's own file."""
    return [each for each in stack.state.rglob("*.log") if each.name != "mongodb.log"]


def nothing_is_told(stack: Stack) -> None:
    """No log has a plant, nor has what any process exposes."""
    for log in logs(stack):
        assert personal_data(log.read_text(errors="replace")) == [], log
    for process in (*http_processes(), *event_processes()):
        text = httpx.get(f"{stack.ports.url(process)}/metrics", trust_env=False).text
        assert personal_data(text) == [], process


def has_logged(log: Path, text: str) -> None:
    """Wait until a log has it."""
    until(lambda: text in log.read_text(errors="replace"), f"{log} has {text}")


def access_log(stack: Stack) -> Path:
    """The gateway's."""
    return stack.log("kong")


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_is_found(plant: str) -> None:
    """However a URL or JSON writes it; a search that finds nothing would prove nothing."""
    for shown in (plant, quote(plant), quote_plus(plant), json.dumps(plant)):
        assert personal_data(f"a line with {shown} in it")


@pytest.mark.parametrize("plant", PLANTS)
def test_no_log_has_the_query_or_path_of_a_request(stack: Stack, plant: str) -> None:
    """Through the gateway and straight to each service; the operation is logged all the same."""
    end = f"/orders/{uuid4().hex}"
    for part in ("gateway", *http_processes()):
        url = stack.ports.url(part)
        for path in (
            f"/orders/?status={quote(plant)}",
            f"/users/{quote(plant)}",
            f"/{quote(plant)}",
        ):
            for method in ("GET", "PUT", "POST", "OPTIONS"):
                httpx.request(method, f"{url}{path}", json={}, trust_env=False)
    httpx.get(stack.ports.url("gateway") + end, trust_env=False)
    has_logged(access_log(stack), end)
    nothing_is_told(stack)


@pytest.mark.parametrize("plant", PLANTS)
def test_no_log_has_the_headers_of_a_request(stack: Stack, plant: str) -> None:
    """Nor those that name a request; such a one is given a name of the gateway's."""
    names = (
        "X-Request-Id",
        "User-Agent",
        "Referer",
        "Cookie",
        "apikey",
        "X-Service-Version",
        TRACEPARENT,
    )
    end = f"/orders/{uuid4().hex}"
    for part in ("gateway", *http_processes()):
        for name, value in product(names, (plant, f"a {plant}, {plant}")):
            url = f"{stack.ports.url(part)}/orders/"
            answer = httpx.get(url, headers={name: value}, trust_env=False)
            assert plant not in answer.headers.get("X-Request-Id", "")
    httpx.get(stack.ports.url("gateway") + end, trust_env=False)
    has_logged(access_log(stack), end)
    nothing_is_told(stack)


def test_no_log_has_the_body_of_a_request(stack: Stack) -> None:
    """Of one that is carried out, of one that is not, and of one that is not even JSON."""
    user = {User.emails: [EMAIL, f"2.{EMAIL}"], User.deliveryAddress: ADDRESS}
    order = new_order(**{Order.userEmails: [EMAIL]})
    bodies = [
        *(json.dumps(each).encode() for each in (user, order, {EMAIL: STREET}, [EMAIL])),
        json.dumps({**user, User.emails: [EMAIL, EMAIL]}).encode(),
        json.dumps({**user, User.phoneNumber: EMAIL}).encode(),
        json.dumps({**order, Order.orderStatus: EMAIL}).encode(),
        f'{{"emails": ["{EMAIL}"'.encode(),
        f'{{"{EMAIL}": 1, "{EMAIL}": 2}}'.encode(),
        f"{EMAIL}\ud800".encode("utf-8", "surrogatepass"),
        EMAIL.encode("utf-16"),
    ]
    for part in ("gateway", *http_processes()):
        for body, path in product(bodies, ("/users/", "/orders/", "/users/u1")):
            method = "PUT" if path.endswith("1") else "POST"
            headers = {"Content-Type": "application/json"}
            url = stack.ports.url(part) + path
            httpx.request(method, url, content=body, headers=headers, trust_env=False)
    nothing_is_told(stack)


def test_no_log_has_what_is_not_http(stack: Stack) -> None:
    """Request lines, headers and chunks that no parser takes."""
    lines = (
        f"{EMAIL}\r\n\r\n",
        f"GET {STREET} HTTP/1.1\r\nHost: a\r\n\r\n",
        f"GET / HTTP/{EMAIL}\r\n\r\n",
        f"GET /orders/ HTTP/1.1\r\nHost: {EMAIL}\r\n{STREET}\r\n\r\n",
        f"GET /orders/ HTTP/1.1\r\n{EMAIL}: {STREET}\r\n\r\n",
        f"POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: {EMAIL}\r\n\r\n",
        f"POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {EMAIL}\r\n\r\n",
        f"POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{EMAIL}\r\n",
    )
    for part, text in product(("gateway", *http_processes(), *event_processes()), lines):
        with socket.create_connection(("127.0.0.1", stack.ports[part]), timeout=20) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    nothing_is_told(stack)


def test_no_log_has_what_is_in_a_bad_message(stack: Stack) -> None:
    """In its body, its properties and its headers; each is a dead letter."""
    good = {
        UserContactsChanged.userId: "u1",
        UserContactsChanged.userEmails: [EMAIL],
        UserContactsChanged.deliveryAddress: ADDRESS,
        VERSION: 1,
    }
    kind = "UserContactsChanged"
    bodies = [
        *({**good, name: EMAIL} for name in good if name != VERSION),
        {**good, UserContactsChanged.userEmails: [STREET, STREET]},
        {**good, VERSION: STREET},
        {EMAIL: STREET},
        [EMAIL],
        EMAIL,
    ]
    sent: list[tuple[bytes, dict[str, Any]]] = [
        *((json.dumps(each).encode(), {"type": kind}) for each in bodies),
        *((json.dumps(good).encode(), {"type": plant}) for plant in PLANTS),
        (f'{{"{EMAIL}": 1, "{EMAIL}"'.encode(), {"type": kind}),
        (b"{", {"type": kind, "message_id": EMAIL}),
        (b"{", {"type": kind, "app_id": EMAIL, "headers": {BUILD: EMAIL, EMAIL: STREET}}),
        (b"{", {"type": kind, "headers": {TRACEPARENT: EMAIL, CHANGED_AT: EMAIL}}),
        (b"{", {"type": kind, "headers": {BUILD: STREET, "retry-count": EMAIL}}),
    ]
    environment = stack.environment("rabbitmq-setup")
    parameters = connection_parameters(administrator(environment), "tests")
    address = TOPOLOGY.updates.address
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        for body, given in sent:
            properties = pika.BasicProperties(**({"message_id": uuid4().hex} | given))
            channel.basic_publish(address.exchange, address.routing_key, body, properties)

        def dead() -> bool:
            found = channel.queue_declare(TOPOLOGY.dead.name, passive=True)
            return int(found.method.message_count) >= len(sent)

        until(dead, "all are dead letters")
        nothing_is_told(stack)
        channel.queue_purge(TOPOLOGY.dead.name)


def test_no_log_has_the_changes_of_a_user(stack: Stack) -> None:
    """On their way from the request to the orders."""
    base = stack.ports.url("gateway")
    user = httpx.post(f"{base}/users/", json=new_user(), trust_env=False).json()[User.userId]
    order = new_order(**{Order.userId: user})
    made = httpx.post(f"{base}/orders/", json=order, trust_env=False).json()[Order.orderId]
    emails = [f"{uuid4().hex}.{EMAIL}"]
    change = {User.emails: emails, User.deliveryAddress: ADDRESS}
    assert httpx.put(f"{base}/users/{user}", json=change, trust_env=False).is_success
    until(
        lambda: (
            httpx.get(f"{base}/orders/{made}", trust_env=False).json()[Order.userEmails] == emails
        ),
        "the order follows its user",
    )
    nothing_is_told(stack)
