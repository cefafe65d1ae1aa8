"""The paper's five requests through the gateway, and what has to come of them."""

import http.client
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from deploy.errors import DeployError
from deploy.requests import Address, Client, UntrueError

_IN_STEP_WITHIN = 60
_LOOK = 0.2
Json = dict[str, Any]


def five_requests(
    gateway: Address, services: list[Address], forget: Callable[[str, str], None]
) -> None:
    """Create a user and an order, change both, list orders; the order has to follow its user.

    The bodies are the examples in the specs, which the `services` show. `forget` is given the ids
    of user and order, however it ended. Raises DeployError with the request that did not do.
    """
    client = Client(gateway)
    try:
        operations = {k: v for each in services for k, v in _operations(each).items()}
        _five(client, operations, forget)
    except (OSError, http.client.HTTPException, UntrueError) as error:
        raise DeployError(f"the gateway does not answer: {error}") from error
    finally:
        client.close()


def _five(
    client: Client, operations: Mapping[str, "_Operation"], forget: Callable[[str, str], None]
) -> None:
    user = order = ""
    try:
        created = operations["create_user"].send(client, emails=[_email()])
        user = created["userId"]
        placed = operations["create_order"].send(client, userId=user)
        order = placed["orderId"]
        changed = operations["update_user"].send(client, user, emails=[_email()])
        _wait_until_in_step(client, order, changed)
        operations["update_order_status"].send(client, order)
        operations["list_orders"].send(client)
    finally:
        if user:
            forget(user, order)


class _Operation:
    """An operation of a spec with its example."""

    def __init__(self, method: str, path: str, definition: Json) -> None:
        self._method = method.upper()
        self._path = path
        self._query = "&".join(
            f"{each['name']}={each['example']}".replace(" ", "%20")
            for each in definition.get("parameters", ())
            if each.get("in") == "query" and each["name"] == "status"
        )
        body = definition.get("requestBody")
        self._example = body["content"]["application/json"]["example"] if body else None
        self._expected = min(int(status) for status in definition["responses"] if status[0] == "2")

    def send(self, client: Client, id_: str = "", **fields: object) -> Any:  # noqa: ANN401 - JSON
        """The body of its answer; raises DeployError where that has another status."""
        path = self._path.replace("{id}", id_) + (f"?{self._query}" if self._query else "")
        body = None if self._example is None else {**self._example, **fields}
        answer = client.send(self._method, path, body)
        if answer.status != self._expected:
            raise DeployError(
                f"{self._method} {path} is answered with {answer.status}, not {self._expected}: "
                f"{answer.body}"
            )
        return answer.body


def _operations(service: Address) -> dict[str, _Operation]:
    client = Client(service)
    document = client.send("GET", "/openapi.json").body
    client.close()
    return {
        operation["operationId"]: _Operation(method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _wait_until_in_step(client: Client, order: str, user: Json) -> None:
    deadline = time.monotonic() + _IN_STEP_WITHIN
    while True:
        found = client.send("GET", f"/orders/{order}").body
        if found["userEmails"] == user["emails"]:
            return
        if time.monotonic() > deadline:
            raise DeployError(f"an order did not follow its user within {_IN_STEP_WITHIN} s")
        time.sleep(_LOOK)


def _email() -> str:
    """An address that nobody has."""
    return f"deployment.{uuid.uuid4().hex}@example.com"
