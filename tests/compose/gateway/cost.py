"""What a request costs each container of a running system, in CPU time.

python -m tests.compose.gateway.cost [--requests 1000] (in a project with its .env, and a system up)

Makes users with an order each, so the data are no longer what they were.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import click
import httpx

from models.fields.order import Item, Order
from models.fields.user import User
from tests.examples import ADDRESS

PARTS = (
    "kong",
    "user-service-v1",
    "user-service-v2",
    "order-service",
    "mongodb",
    "user-relay",
    "rabbitmq",
    "order-consumer",
)
_ENGINE = "/var/run/docker.sock"
_REST_SECONDS = 15
_CONNECTIONS = 8
_IN_STEP_WITHIN_SECONDS = 120

Microseconds = Mapping[str, float]
_Found = TypeVar("_Found")


def containers() -> dict[str, list[str]]:
    """The running containers of each service."""
    listed = subprocess.run(
        ["docker", "compose", "ps", "--format", "json"], capture_output=True, check=True
    ).stdout
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for line in listed.splitlines():
        entry = json.loads(line)
        found.setdefault(entry["Service"], []).append(entry["ID"])
    return found


def used(system: Mapping[str, list[str]]) -> Microseconds:
    """The CPU time that each service has used since it began, over its containers."""
    transport = httpx.HTTPTransport(uds=_ENGINE)
    with httpx.Client(transport=transport, base_url="http://engine", timeout=30) as engine:

        def of(container: str) -> float:
            once = {"stream": "false", "one-shot": "true"}
            answer = engine.get(f"/containers/{container}/stats", params=once)
            nanoseconds: int = answer.json()["cpu_stats"]["cpu_usage"]["total_usage"]
            return nanoseconds / 1000

        return {part: sum(map(of, system[part])) for part in PARTS}


def cost(
    system: Mapping[str, list[str]], rest: Microseconds, requests: int, work: Callable[[], object]
) -> Microseconds:
    """CPU time a request of `work`, without what is used at rest in a second."""
    before, began = used(system), time.monotonic()
    work()
    seconds = time.monotonic() - began
    after = used(system)
    return {p: max(0.0, after[p] - before[p] - rest[p] * seconds) / requests for p in PARTS}


class Work:
    """The requests, each kind of them once for each user there is."""

    def __init__(self, client: httpx.Client, requests: int) -> None:
        self._client = client
        self._requests = requests
        self._pool = ThreadPoolExecutor(_CONNECTIONS)
        self._run = time.time_ns()
        self.users: list[str] = []
        self.orders: list[str] = []

    def create_users(self) -> None:
        """POST /users/."""
        self.users = self._all(
            lambda n: str(self._sent("POST", "/users/", self._contact(n, "a"))[User.userId])
        )

    def create_orders(self) -> None:
        """POST /orders/."""
        items = [{Item.itemId: "item-1", Item.quantity: 1, Item.price: 10}]

        def create(n: int) -> str:
            data = {
                Order.userId: self.users[n],
                Order.items: items,
                Order.userEmails: self._emails(n, "a"),
                Order.deliveryAddress: ADDRESS,
            }
            return str(self._sent("POST", "/orders/", data)[Order.orderId])

        self.orders = self._all(create)

    def change_users(self) -> None:
        """PUT /users/{id}, until the orders follow: the last ones, lest looking costs much."""
        self._all(lambda n: self._sent("PUT", f"/users/{self.users[n]}", self._contact(n, "b")))
        for n in range(self._requests)[-_CONNECTIONS:]:
            self._in_step(n)

    def list_orders(self) -> None:
        """GET /orders/, 20 of them."""
        self._all(lambda _: self._sent("GET", "/orders/?limit=20", None))

    def _all(self, one: Callable[[int], _Found]) -> list[_Found]:
        return list(self._pool.map(one, range(self._requests)))

    def _emails(self, n: int, change: str) -> list[str]:
        return [f"{change}.{n}.{self._run}@cost.example.com"]

    def _contact(self, n: int, change: str) -> Mapping[str, object]:
        return {User.emails: self._emails(n, change), User.deliveryAddress: ADDRESS}

    def _sent(self, method: str, path: str, data: object) -> Any:  # noqa: ANN401 - JSON
        answer = self._client.request(method, path, json=data)
        while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # a busy machine
            time.sleep(1)
            answer = self._client.request(method, path, json=data)
        assert answer.is_success, answer.text
        return answer.json()

    def _in_step(self, n: int) -> None:
        end = time.monotonic() + _IN_STEP_WITHIN_SECONDS
        wanted = self._emails(n, "b")
        while self._sent("GET", f"/orders/{self.orders[n]}", None)[Order.userEmails] != wanted:
            assert time.monotonic() < end, f"order {self.orders[n]} does not follow"
            time.sleep(0.1)


@click.command()
@click.option("--requests", default=1000, show_default=True)
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
def main(requests: int, url: str) -> None:
    """Measure, and print a table of microseconds of CPU time a request."""
    system = containers()
    began = used(system)
    time.sleep(_REST_SECONDS)
    rest = {part: (value - began[part]) / _REST_SECONDS for part, value in used(system).items()}
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        work = Work(client, requests)
        columns = {
            "POST /users/": cost(system, rest, requests, work.create_users),
            "POST /orders/": cost(system, rest, requests, work.create_orders),
            "PUT /users/{id}": cost(system, rest, requests, work.change_users),
            "GET /orders/": cost(system, rest, requests, work.list_orders),
        }
    click.echo(f"{'µs of CPU a request':20}" + "".join(f"{name:>17}" for name in columns))
    for part in PARTS:
        click.echo(f"{part:20}" + "".join(f"{values[part]:17.0f}" for values in columns.values()))


if __name__ == "__main__":
    main()
