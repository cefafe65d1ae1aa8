"""Requests to paste: each that clients may send, with what the specs give as examples."""

import json
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from contract.samples import request_example
from openapi.description import Description, Operation, Parameter
from openapi.reading import load_description
from services.reading import declared

_JSON = "application/json"


def requests(url: str) -> list[str]:
    """Curl commands to the gateway at `url`, for all services.

    Left out is what takes parameters without an example, or a body that is not JSON.
    """
    return [
        _curl(url, api, operation)
        for service in declared()
        for api in (load_description(service.spec),)
        for operation in api.operations
        if not operation.internal and _can_be_shown(operation)
    ]


def operation(operation_id: str) -> Operation:
    """An operation of any spec, by its id."""
    return next(_with_id(operation_id))[1]


def body_example(operation_id: str) -> dict[str, Any]:
    """The JSON body that the spec gives as the first example of a request, or one that fits it."""
    api, found = next(_with_id(operation_id))
    if found.body is None:
        raise ValueError(f"{operation_id} takes no body")
    example: dict[str, Any] = request_example(api, found.body.content[_JSON])
    return example


def _with_id(operation_id: str) -> Iterator[tuple[Description, Operation]]:
    for service in declared():
        api = load_description(service.spec)
        yield from ((api, each) for each in api.operations if each.id == operation_id)


def _can_be_shown(operation: Operation) -> bool:
    return all(
        each.examples and each.location in ("path", "query")
        for each in operation.parameters
        if each.required
    ) and (operation.body is None or _JSON in operation.body.content)


def _curl(url: str, api: Description, operation: Operation) -> str:
    path, query = operation.path, dict[str, str]()
    for each in operation.parameters:
        if not each.examples:
            continue
        if each.location == "path":
            path = path.replace(f"{{{each.name}}}", quote(_text(each), safe=""))
        elif each.location == "query" and (each.required or not query):
            query[each.name] = _text(each)
    where = url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    method = [] if operation.method == "GET" else ["-X", operation.method]
    body = operation.body and json.dumps(
        request_example(api, operation.body.content[_JSON]), ensure_ascii=False
    )
    sent = ["-H", f"Content-Type: {_JSON}", "-d", body] if body else []
    return shlex.join(["curl", "-i", *method, where, *sent])


def _text(parameter: Parameter) -> str:
    example = next(iter(parameter.examples.values()))
    return example if isinstance(example, str) else json.dumps(example)
