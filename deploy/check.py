"""The smoke test: requests through the gateway, and what has to come of them.

They are the paper's five where its services are there, and one that reads of every other service.
"""

import http.client
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from deploy.errors import DeployError
from deploy.requests import Address, Client, UntrueError

_IN_STEP_WITHIN = 60
_LOOK = 0.2
_FAILED = 500
_PARAMETER = re.compile(r"\{[^{}]*\}")
Json = dict[str, Any]


@dataclass
class Made:
    """What the smoke test made, as far as it came: the ids are the services' words, unchecked.

    `emails` are the addresses that it made up for its user.
    """

    emails: tuple[str, str]
    user: str = ""
    order: str = ""


_FIVE = ("create_user", "create_order", "update_user", "update_order_status", "list_orders")


def smoke_test(
    gateway: Address, documents: Mapping[str, Json], remove: Callable[[Made], None]
) -> list[str]:
    """Create a user and an order, change both, list orders; the order has to follow its user.

    Then ask every other service for something. The bodies are the examples in the specs:
    `documents`, by the names of the processes that show them. `remove` is called where a user was
    made, however it ended. Answers what was done. Raises DeployError with the request that did
    not do.
    """
    client, done = Client(gateway), list[str]()
    made = Made((_email(), _email()))
    try:
        known = {name: _operations(each) for name, each in documents.items()}
        operations = {k: v for each in known.values() for k, v in each.items()}
        if operations.keys() >= {*_FIVE}:
            _five(client, operations, made)
            done.append("the five requests are answered, and the order followed its user")
        for name, own in known.items():
            if not own.keys() & {*_FIVE}:
                done.append(f"{name} answers {_ask(client, name, own)}")
    except (OSError, http.client.HTTPException, UntrueError) as error:
        raise DeployError(f"the gateway does not answer: {error}") from error
    finally:
        client.close()
        if made.user:
            remove(made)
    return done


def _ask(client: Client, name: str, operations: Mapping[str, "_Operation"]) -> str:
    """The request that a service has answered: it reads, or lacks the body that is needed.

    Raises DeployError where an answer is a failure. What the gateway asks more for than a key, or
    has no such path for, is not the service's to answer.
    """
    public = [each for each in operations.values() if not each.is_internal]
    for each in sorted(public, key=lambda each: (not each.is_read, each.has_parameters)):
        if each.is_read or each.needs_body:
            answer = client.send(each.method, each.anywhere)
            if answer.status >= _FAILED and answer.status != HTTPStatus.NOT_IMPLEMENTED:
                what = f"{each.method} {each.anywhere} is answered with {answer.status}"
                raise DeployError(f"{name}: {what}: {answer.body}")
            if answer.version:
                return f"{each.method} {each.anywhere} with {answer.status}"
    return "nothing that the gateway lets through to it"


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
        self.method = method.upper()
        self._path = _prefix(document) + path
        self._document, self._definition = document, definition
        body = _followed(document, definition.get("requestBody") or {})
        self.needs_body = bool(body.get("required"))
        self.is_read = self.method == "GET"
        self.is_internal = bool(definition.get("x-internal"))
        self._body = body
        self._expected = min(
            (int(each) for each in map(str, definition["responses"]) if each.startswith("2")),
            default=200,
        )

    @property
    def has_parameters(self) -> bool:
        """Whether its path has parameters, of which nobody knows a value."""
        return self.anywhere != self._path

    @property
    def anywhere(self) -> str:
        """Its path, with something for each parameter in it."""
        return _PARAMETER.sub("0", self._path)

    @property
    def _query(self) -> str:
        parameters = (_followed(self._document, e) for e in self._definition.get("parameters", ()))
        return "&".join(
            f"{each['name']}={_example(self._document, each)}".replace(" ", "%20")
            for each in parameters
            if each.get("in") == "query" and each["name"] == "status"
        )

    def send(self, client: Client, id_: str = "", **fields: object) -> Any:  # noqa: ANN401 - JSON
        """The body of its answer; raises DeployError where that has another status."""
        path = self._path.replace("{id}", id_) + (f"?{self._query}" if self._query else "")
        body = {**_example(self._document, self._body), **fields} if self._body else None
        answer = client.send(self.method, path, body)
        if answer.status != self._expected:
            raise DeployError(
                f"{self.method} {path} is answered with {answer.status}, not {self._expected}: "
                f"{answer.body}"
            )
        return answer.body

    def send_for_id(self, client: Client, name: str, **fields: object) -> str:
        """The id of that name in the answer; raises DeployError where there is none."""
        body = self.send(client, "", **fields)
        id_ = body.get(name) if isinstance(body, dict) else None
        if not isinstance(id_, str):
            raise DeployError(f"{self.method} {self._path} is answered without a {name}")
        return id_


def _operations(document: Json) -> dict[str, _Operation]:
    return {
        operation.get("operationId", f"{method} {path}"): _Operation(
            document, method, path, operation
        )
        for path, item in document.get("paths", {}).items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "responses" in operation
    }


def _prefix(document: Json) -> str:
    """The path that all of an API is below: that of its server."""
    server: Json = next(iter(document.get("servers", ())), {"url": "/"})
    defaults = {name: each["default"] for name, each in server.get("variables", {}).items()}
    url = _PARAMETER.sub(lambda match: defaults.get(match[0][1:-1], ""), server["url"])
    return urlsplit(url).path.rstrip("/")


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
