"""The smoke test: the paper's five requests through the gateway, and what has to come of them."""

import http.client
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.errors import DeployError
from deploy.requests import Address, Client, UntrueError

_IN_STEP_WITHIN = 60
_LOOK = 0.2
Json = dict[str, Any]


@dataclass
class Made:
    """What the smoke test made, as far as it came: the ids are the services' words, unchecked.

    `emails` are the addresses that it made up for its user.
    """

    emails: tuple[str, str]
    user: str = ""
    order: str = ""


def five_requests(
    gateway: Address, services: list[Address], remove: Callable[[Made], None]
) -> None:
    """Create a user and an order, change both, list orders; the order has to follow its user.

    The bodies are the examples in the specs, which the `services` show. `remove` is called where
    a user was made, however it ended. Raises DeployError with the request that did not do.
    """
    client = Client(gateway)
    made = Made((_email(), _email()))
    try:
        operations = {k: v for each in services for k, v in _operations(each).items()}
        _five(client, operations, made)
    except (OSError, http.client.HTTPException, UntrueError) as error:
        raise DeployError(f"the gateway does not answer: {error}") from error
    finally:
        client.close()
        if made.user:
            remove(made)


def _five(client: Client, operations: Mapping[str, "_Operation"], made: Made) -> None:
    first, second = made.emails
    made.user = operations["create_user"].send_for_id(client, "userId", emails=[first])
    made.order = operations["create_order"].send_for_id(client, "orderId", userId=made.user)
    changed = operations["update_user"].send(client, made.user, emails=[second])
    _wait_until_in_step(client, made.order, changed)
    operations["update_order_status"].send(client, made.order)
    operations["list_orders"].send(client)


class _Operation:
    """An operation of a spec with its example."""

    def __init__(self, document: Json, method: str, path: str, definition: Json) -> None:
        self._method = method.upper()
        self._path = path
        self._query = "&".join(
            f"{each['name']}={_example(document, each)}".replace(" ", "%20")
            for each in (_followed(document, each) for each in definition.get("parameters", ()))
            if each.get("in") == "query" and each["name"] == "status"
        )
        body = definition.get("requestBody")
        self._example = _example(document, _followed(document, body)) if body else None
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

    def send_for_id(self, client: Client, name: str, **fields: object) -> str:
        """The id of that name in the answer; raises DeployError where there is none."""
        body = self.send(client, "", **fields)
        id_ = body.get(name) if isinstance(body, dict) else None
        if not isinstance(id_, str):
            raise DeployError(f"{self._method} {self._path} is answered without a {name}")
        return id_


def _operations(service: Address) -> dict[str, _Operation]:
    client = Client(service)
    document = client.send("GET", "/openapi.json").body
    client.close()
    return {
        operation["operationId"]: _Operation(document, method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _example(document: Json, node: Json) -> Any:  # noqa: ANN401 - any of JSON
    """The first example of a parameter or a body, which has it beside its schema."""
    for each in (node, *node.get("content", {}).values()):
        examples = [{"value": each["example"]}] if "example" in each else []
        examples += [_followed(document, named) for named in each.get("examples", {}).values()]
        if examples and "value" in examples[0]:
            return examples[0]["value"]
    raise DeployError("the smoke test sends the specs' examples, and one is missing: `make check`")


def _followed(document: Json, node: Json) -> Json:
    """The object itself where `node` refers to it within the document."""
    while "$ref" in node:
        keys = node["$ref"].removeprefix("#/").split("/")
        node = document
        for key in keys:
            node = node[key.replace("~1", "/").replace("~0", "~")]
    return node


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
    return f"smoke-test.{uuid.uuid4().hex}@example.com"
