"""Clients that know what they wrote, and find it again, whichever version they ask."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from storage.client import Json
from tests.examples import ADDRESS, ITEM

PLAIN, DROPPED = 4, 5
"""The versions from which on references are plain, and there are no gift notes."""

STATUSES = ("under process", "shipping", "delivered")


@dataclass
class Target:
    """A version that runs: where, and what it takes."""

    url: str
    number: int
    _busy: int = 0
    _gone: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def asked(self) -> Iterator[bool]:
        """Ask it, unless it is to be asked no more."""
        with self._changed:
            taken = not self._gone
            self._busy += taken
        try:
            yield taken
        finally:
            with self._changed:
                self._busy -= taken
                self._changed.notify_all()

    def leave(self) -> None:
        """Ask it no more, and return when all was answered, as a gateway does."""
        with self._changed:
            self._gone = True
            assert self._changed.wait_for(lambda: not self._busy, 60)


class Client(threading.Thread):
    """One client, with orders of its own; what is not as it must be is in `failures`."""

    def __init__(self, number: int, orders: dict[str, Json], targets: list[Target]) -> None:
        super().__init__(daemon=True)
        self._random, self.orders, self._targets = random.Random(number), orders, targets
        self._ids = [*orders]
        self._end = threading.Event()
        self.failures: list[str] = []
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Ask, until told to end."""
        with httpx.Client(timeout=30) as http:
            while not self._end.wait(0.002):
                target = self._random.choice([*self._targets])
                with target.asked() as taken:
                    if taken:
                        self._ask(http, target)

    def finish(self) -> None:
        """End, after the answer that is awaited."""
        self._end.set()
        self.join(60)
        assert not self.is_alive()

    def _ask(self, http: httpx.Client, target: Target) -> None:
        operation = self._random.choice(
            [self.create, self.get, self.get, self.status, self.status, self.details, self.list]
        )
        try:
            operation(http, target)
        except (httpx.HTTPError, AssertionError, ValueError, KeyError) as error:
            self.failures.append(f"{operation.__name__} at version {target.number}: {error!r}")
        self.counts[f"version {target.number}"] += 1

    def create(self, http: httpx.Client, target: Target) -> None:
        """A new order, with what this version takes."""
        sent: Json = {"items": [ITEM], "userEmails": ["a@example.com"], "deliveryAddress": ADDRESS}
        if self._random.random() < 0.5:
            sent["reference"] = self._random.choice(["ab-1", "XY-22", "c3"])
            if target.number >= PLAIN:
                sent["reference"] = plain(sent["reference"])
        if self._random.random() < 0.5:
            sent["channel"] = "shop"
        if target.number < DROPPED and self._random.random() < 0.5:
            sent["giftNote"] = "for you"
        answer = http.post(f"{target.url}/orders/", json=sent)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        self.orders[made["orderId"]] = {**sent, "orderStatus": "under process"}
        self._ids.append(made["orderId"])
        self.compare(made, target)

    def get(self, http: httpx.Client, target: Target) -> None:
        """One of the orders, which has to be as it was written last."""
        answer = http.get(f"{target.url}/orders/{self._random.choice(self._ids)}")
        assert answer.status_code == 200, answer.text
        self.compare(answer.json(), target)

    def status(self, http: httpx.Client, target: Target) -> None:
        """Another status."""
        id_, status = self._random.choice(self._ids), self._random.choice(STATUSES)
        answer = http.put(f"{target.url}/orders/{id_}/status", json={"orderStatus": status})
        assert answer.status_code == 200, answer.text
        self.orders[id_]["orderStatus"] = status
        self.compare(answer.json(), target)

    def details(self, http: httpx.Client, target: Target) -> None:
        """Another address."""
        id_ = self._random.choice(self._ids)
        address = {**ADDRESS, "street": f"{self._random.randrange(1000)} $Street"}
        answer = http.put(f"{target.url}/orders/{id_}/details", json={"deliveryAddress": address})
        assert answer.status_code == 200, answer.text
        self.orders[id_]["deliveryAddress"] = address
        self.compare(answer.json(), target)

    def list(self, http: httpx.Client, target: Target) -> None:
        """Two pages of orders with a status: all have it, none comes twice."""
        status = self._random.choice(STATUSES)
        url, ids = f"{target.url}/orders/?status={status}&limit=20", []
        for _ in range(2):
            answer = http.get(url)
            assert answer.status_code == 200, answer.text
            assert {each["orderStatus"] for each in answer.json()} <= {status}
            ids += [each["orderId"] for each in answer.json()]
            if "next" not in answer.links:
                break
            url = f"{target.url}{answer.links['next']['url']}"
        assert len({*ids}) == len(ids)

    def compare(self, found: Json, target: Target) -> None:
        """What an order must be, as a version answers it."""
        assert target.number < DROPPED or "giftNote" not in found
        wanted = as_answered(self.orders[found["orderId"]], target.number)
        seen = as_answered(found, target.number)
        assert seen == wanted, f"{found['orderId']}: {seen} is not {wanted}"


def as_answered(order: Json, number: int) -> Json:
    """Of an order what every version knows, in the words of the last."""
    seen: Json = {key: order[key] for key in ("items", "userEmails", "deliveryAddress")}
    seen["orderStatus"] = order["orderStatus"]
    seen["channel"] = order.get("channel", "web")
    seen["reference"] = plain(order.get("reference"))
    if number < DROPPED:
        seen["giftNote"] = order.get("giftNote")
    return seen


def plain(reference: Any) -> Any:  # noqa: ANN401
    """A reference as the fourth change makes it."""
    return reference and reference.replace("-", "").upper()
