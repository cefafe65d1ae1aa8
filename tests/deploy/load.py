"""Clients that write and read all the time, and remember what was acknowledged."""

import secrets
import ssl
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

import httpx

from models.fields.order import Order
from models.fields.user import User
from tests.examples import ADDRESS, ITEM

_CLIENTS = 3
_PAUSE_SECONDS = 0.02
"""After each request: what is deployed meanwhile needs the processors too."""


@dataclass
class Customer:
    """A user with its orders, as far as acknowledged; `emails` None where that is unknown."""

    user: str
    emails: list[str] | None
    orders: list[str] = field(default_factory=list)


class Load:
    """Each client makes users and orders, changes users, reads orders, one after the other.

    A request has failed where there was no answer, or one of 500 and above.
    """

    def __init__(self, url: str, key: str, certificate: str) -> None:
        """Against the gateway at `url`, which shows `certificate` (PEM)."""
        trusting = ssl.create_default_context(cadata=certificate)
        trusting.check_hostname = False
        self.new_client = partial(
            httpx.Client,
            base_url=url,
            headers={"apikey": key},
            verify=trusting,
            timeout=httpx.Timeout(60, connect=5),
            trust_env=False,
        )
        self._client = self.new_client()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(_CLIENTS)]
        self._lock = threading.Lock()
        self.customers: list[Customer] = []
        self.sent = 0
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; then the figures are final."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def lost(self, within: float = 120) -> list[str]:
        """The acknowledged orders that are gone, or out of step with their acknowledged user.

        They are given time to get into step.
        """
        deadline = time.monotonic() + within
        with self.new_client() as client:
            while (found := self._lost(client)) and time.monotonic() < deadline:
                time.sleep(0.5)
        return found

    @property
    def acknowledged(self) -> int:
        """Orders that were answered with 201."""
        return sum(len(each.orders) for each in self.customers)

    def _lost(self, client: httpx.Client) -> list[str]:
        found = []
        for customer in self.customers:
            for order in customer.orders:
                answer = client.get(f"/orders/{order}")
                if answer.status_code != httpx.codes.OK:
                    found.append(f"{order}: {answer.status_code}")
                elif (
                    customer.emails is not None
                    and answer.json()[Order.userEmails] != customer.emails
                ):
                    found.append(f"{order}: not in step with {customer.user}")
        return found

    def _work(self) -> None:
        while not self._end.is_set():
            emails = [_email()]
            body = {User.emails: emails, User.deliveryAddress: ADDRESS}
            made = self._send("POST", "/users/", body, httpx.codes.CREATED)
            if made is None:
                continue
            customer = Customer(made[User.userId], emails)
            with self._lock:
                self.customers.append(customer)
            for _ in range(3):
                self._shop(customer)

    def _shop(self, customer: Customer) -> None:
        order = {
            Order.userId: customer.user,
            Order.items: [ITEM],
            Order.userEmails: ["before@example.com"],
            Order.deliveryAddress: ADDRESS,
        }
        made = self._send("POST", "/orders/", order, httpx.codes.CREATED)
        if made is not None:
            customer.orders.append(made[Order.orderId])
            # Only a change that began after the order's 201 has to reach it.
            customer.emails = None
        self._send("GET", "/orders/?limit=5", None, httpx.codes.OK)
        emails = [_email()]
        done = self._send("PUT", f"/users/{customer.user}", {User.emails: emails}, httpx.codes.OK)
        customer.emails = emails if done is not None else None

    def _send(self, method: str, path: str, body: object, expected: int) -> Any:  # noqa: ANN401
        """The body of the answer where it is the one expected, else None."""
        try:
            answer = self._client.request(method, path, json=body)
            failed = "" if answer.status_code == expected else f"{answer.status_code}"
        except httpx.TransportError as error:
            failed = repr(error)
        time.sleep(_PAUSE_SECONDS)
        with self._lock:
            self.sent += 1
            if failed:
                self.failures.append(f"{method} {path}: {failed}")
        return None if failed else answer.json()


def _email() -> str:
    return f"customer.{secrets.token_hex(8)}@example.com"
