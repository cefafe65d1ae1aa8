"""The paper's five requests, with the bodies that the specs give as examples, for pasting."""

import json
import shlex
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from openapi.description import Operation
from openapi.reading import load_description

SPECS = Path(__file__).parent.parent / "specs"
# The operations that the paper tries, and the seed's user and order that it tries them on.
_REQUESTS = {
    "create_user": "",
    "update_user": "u1",
    "create_order": "",
    "update_order_status": "o1",
    "list_orders": "",
}


def requests(url: str) -> list[str]:
    """The five requests as curl commands to the gateway at `url`."""
    return [_curl(url, operation(name), id_) for name, id_ in _REQUESTS.items()]


@cache
def operation(operation_id: str) -> Operation:
    """An operation of either spec, by its id."""
    descriptions = [load_description(SPECS / spec) for spec in ("user.yaml", "order.yaml")]
    (found,) = (each for api in descriptions for each in api.operations if each.id == operation_id)
    return found


def body_example(operation_id: str) -> dict[str, Any]:
    """The JSON body that the spec gives as the example of a request that has one."""
    body = operation(operation_id).body
    if body is None:
        raise ValueError(f"{operation_id} takes no body")
    example: dict[str, Any] = body.content["application/json"].examples["example"]
    return example


def _curl(url: str, operation: Operation, id_: str) -> str:
    query = {
        parameter.name: parameter.examples["example"]
        for parameter in operation.parameters
        if parameter.location == "query" and parameter.name == "status"
    }
    path = operation.path.replace("{id}", id_)
    where = url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    if operation.body is None:
        return shlex.join(["curl", "-i", where])
    body = json.dumps(body_example(operation.id), ensure_ascii=False)
    sent = ["-H", "Content-Type: application/json", "-d", body]
    return shlex.join(["curl", "-i", "-X", operation.method, where, *sent])
