"""The paper's five requests, with the bodies that the specs give as examples, for pasting."""

import json
import shlex
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from contract.samples import request_example
from openapi.description import Description, Operation
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


def operation(operation_id: str) -> Operation:
    """An operation of either spec, by its id."""
    return next(each for each in _api_of(operation_id).operations if each.id == operation_id)


@cache
def _api_of(operation_id: str) -> Description:
    descriptions = (load_description(SPECS / spec) for spec in ("user.yaml", "order.yaml"))
    return next(
        api for api in descriptions if any(each.id == operation_id for each in api.operations)
    )


def body_example(operation_id: str) -> dict[str, Any]:
    """The JSON body that the spec gives as the first example of a request, or one that fits it."""
    body = operation(operation_id).body
    if body is None:
        raise ValueError(f"{operation_id} takes no body")
    example: dict[str, Any] = request_example(
        _api_of(operation_id), body.content["application/json"]
    )
    return example


def _curl(url: str, operation: Operation, id_: str) -> str:
    query = {
        parameter.name: next(iter(parameter.examples.values()))
        for parameter in operation.parameters
        if parameter.location == "query" and parameter.name == "status" and parameter.examples
    }
    path = operation.path.replace("{id}", id_)
    where = url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    if operation.body is None:
        return shlex.join(["curl", "-i", where])
    body = json.dumps(body_example(operation.id), ensure_ascii=False)
    sent = ["-H", "Content-Type: application/json", "-d", body]
    return shlex.join(["curl", "-i", "-X", operation.method, where, *sent])
