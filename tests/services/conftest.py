"""HTTP clients of the running system, and things to send."""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import uuid4

import httpx
import pytest

from local.stack import Stack
from models.fields.order import Order
from models.fields.user import User
from services.reading import declared
from storage.client import Json
from tests.examples import ADDRESS, ITEM

_numbers = count()


def new_email() -> str:
    """An address that nobody has yet."""
    return f"person.{next(_numbers)}.{uuid4().hex[:8]}@example.com"


def new_user(**fields: object) -> Json:
    """The body of a user that can be created."""
    return {User.emails: [new_email()], User.deliveryAddress: ADDRESS, **fields}


def new_order(**fields: object) -> Json:
    """The body of an order that can be created."""
    return {
        Order.items: [ITEM],
        Order.userEmails: ["a@example.com"],
        Order.deliveryAddress: ADDRESS,
        **fields,
    }


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Callable[[str], httpx.Client]]:
    """An HTTP client of one part of the system, by the name of its port."""
    clients: dict[str, httpx.Client] = {}

    def get(port: str) -> httpx.Client:
        if port not in clients:
            clients[port] = httpx.Client(base_url=stack.ports.url(port), timeout=30)
        return clients[port]

    yield get
    for each in clients.values():
        each.close()


@pytest.fixture
def v1(client: Callable[[str], httpx.Client]) -> httpx.Client:
    """user-service-v1."""
    return client("user-service-v1")


@pytest.fixture
def v2(client: Callable[[str], httpx.Client]) -> httpx.Client:
    """user-service-v2."""
    return client("user-service-v2")


@pytest.fixture(params=declared().by_api["user"].processes)
def users(request: pytest.FixtureRequest, client: Callable[[str], httpx.Client]) -> httpx.Client:
    """Each build of the user service in turn: for what is the same in both."""
    return client(request.param)


@pytest.fixture
def orders(client: Callable[[str], httpx.Client]) -> httpx.Client:
    """order-service."""
    return client("order-service")


@pytest.fixture
def gateway(client: Callable[[str], httpx.Client]) -> httpx.Client:
    """The gateway."""
    return client("gateway")
