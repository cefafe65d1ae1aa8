"""A client that begins a trace of its own with each change, and looks at what came of it."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

import httpx

from local.stack import Stack
from models.fields.order import Item, Order
from models.fields.user import User
from tests.examples import ADDRESS

PARENT = "00f067aa0ba902b7"
"""The span of the client in each trace."""


class Client:
    """Asks the services themselves, not the gateway. Use it as a context manager."""

    def __init__(self, system: Stack) -> None:
        self._users = system.ports.url("user-service-v1")
        self._orders = system.ports.url("order-service")
        self._http = httpx.Client(timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def new_user(self) -> str:
        """A user's id."""
        body = {User.emails: [f"{uuid4()}@example.com"], User.deliveryAddress: ADDRESS}
        return str(self._post(f"{self._users}/users/", body)[User.userId])

    def new_order(self, user: str) -> str:
        """An order's id."""
        body = {
            Order.userId: user,
            Order.items: [{Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}],
            Order.userEmails: ["client@example.com"],
            Order.deliveryAddress: ADDRESS,
        }
        return str(self._post(f"{self._orders}/orders/", body)[Order.orderId])

    def change(self, user: str, trace: str = "") -> tuple[str, str]:
        """Change a user's address, in a new trace or in that one; answers it, and the address.

        Raises:
            httpx.HTTPError: It was not answered, or refused.
        """
        trace, email = trace or new_trace(), f"{uuid4()}@example.com"
        headers = {"traceparent": f"00-{trace}-{PARENT}-01", "X-Request-Id": request_of(trace)}
        url = f"{self._users}/users/{user}"
        self._http.put(url, json={User.emails: [email]}, headers=headers).raise_for_status()
        return trace, email

    def emails_of_user(self, user: str) -> Any:  # noqa: ANN401
        """Those of a user."""
        return self._http.get(f"{self._users}/users/{user}").json()[User.emails]

    def emails(self, order: str) -> Any:  # noqa: ANN401 - as it came
        """Those of an order."""
        return self._http.get(f"{self._orders}/orders/{order}").json()[Order.userEmails]

    def _post(self, url: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return self._http.post(url, json=body).raise_for_status().json()


def new_trace() -> str:
    """An id that no trace has."""
    return uuid4().hex


def request_of(trace: str) -> str:
    """What the request is called that begins a trace."""
    return f"r-{trace[:8]}"
