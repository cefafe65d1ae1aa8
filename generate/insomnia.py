"""An Insomnia collection (export format 4): every published request, ready to send."""

import json
import re
from collections.abc import Iterator
from typing import Any

from generate.json_schemas import as_text
from generate.sources import APIS, Sources
from openapi.description import Description, Operation
from openapi.security import ApiKey

PATH = "docs/insomnia.json"

_WORKSPACE = "wrk_aware"
_SEEDED = {"users": "u1", "orders": "o1"}
"""Ids that a seeded system has, by the first part of a path."""


def insomnia(sources: Sources) -> dict[str, str]:
    """The collection; its environment has the gateway's address and an API key."""
    resources = [*_frame()]
    for api in APIS:
        description = sources.apis[api.name]
        group = f"fld_{api.name}"
        title = description.document["info"]["title"]
        resources.append(_resource(group, "request_group", _WORKSPACE, name=title))
        public = (each for each in description.operations if not each.internal)
        resources += [_request(description, each, group) for each in public]
    export = {
        "_type": "export",
        "__export_format": 4,
        "__export_source": "aware-micro-services",
        "resources": resources,
    }
    return {PATH: as_text(export)}


def _frame() -> Iterator[dict[str, Any]]:
    yield _resource(_WORKSPACE, "workspace", None, name="Aware Micro-Services", scope="collection")
    data = {"base_url": "http://127.0.0.1:8000", "api_key": ""}
    yield _resource("env_aware", "environment", _WORKSPACE, name="Base Environment", data=data)


def _resource(id_: str, type_: str, parent: str | None, **fields: object) -> dict[str, Any]:
    return {"_id": id_, "_type": type_, "parentId": parent, **fields}


def _request(description: Description, operation: Operation, group: str) -> dict[str, Any]:
    headers, body = _headers(description), {}
    if operation.body is not None:
        media_type, content = next(iter(operation.body.content.items()))
        text = json.dumps(next(iter(content.examples.values()), {}), indent=2)
        body = {"mimeType": media_type, "text": text}
        headers.append({"name": "Content-Type", "value": media_type})
    return _resource(
        f"req_{operation.id}",
        "request",
        group,
        name=operation.summary or str(operation),
        description=operation.description,
        method=operation.method,
        url="{{ _.base_url }}" + _path(operation),
        headers=headers,
        parameters=_query(operation),
        body=body,
    )


def _headers(description: Description) -> list[dict[str, str]]:
    return [
        {"name": scheme.name, "value": "{{ _.api_key }}"}
        for scheme in description.security_schemes.values()
        if isinstance(scheme, ApiKey) and scheme.location == "header"
    ]


def _path(operation: Operation) -> str:
    _, collection, *_ = operation.template.split("/")
    return re.sub(r"\{[^{}]*\}", _SEEDED.get(collection, "an-id"), operation.path)


def _query(operation: Operation) -> list[dict[str, Any]]:
    """Those with an example; switched off where the paper's request does not have them."""
    return [
        {"name": each.name, "value": str(example), "disabled": each.name != "status"}
        for each in operation.parameters
        if each.location == "query"
        for example in [*each.examples.values()][:1]
    ]
