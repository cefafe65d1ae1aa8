"""An Insomnia collection (export format 4): every published request, ready to send."""

import json
from collections.abc import Iterator
from typing import Any

from contract.document import Document, Operation, operations, resolve
from generate.json_schemas import as_text
from generate.published import published
from generate.sources import APIS, Sources

PATH = "docs/insomnia.json"

_WORKSPACE = "wrk_aware"
_SEEDED = {"users": "u1", "orders": "o1"}
"""Ids that a seeded system has, by the first part of a path."""


def insomnia(sources: Sources) -> dict[str, str]:
    """The collection; its environment has the gateway's address and an API key."""
    resources = [*_frame()]
    for api in APIS:
        document = published(sources.apis[api.name])
        group = f"fld_{api.name}"
        title = document["info"]["title"]
        resources.append(_resource(group, "request_group", _WORKSPACE, name=title))
        resources += [_request(document, each, group) for each in operations(document)]
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


def _request(document: Document, operation: Operation, group: str) -> dict[str, Any]:
    headers, body = _headers(document), {}
    if operation.body_schema is not None:
        text = json.dumps(operation.body_example, indent=2)
        body = {"mimeType": "application/json", "text": text}
        headers.append({"name": "Content-Type", "value": "application/json"})
    return _resource(
        f"req_{operation.id}",
        "request",
        group,
        name=operation.definition["summary"],
        description=operation.definition.get("description", ""),
        method=operation.method,
        url="{{ _.base_url }}" + _path(operation),
        headers=headers,
        parameters=_query(operation),
        body=body,
    )


def _headers(document: Document) -> list[dict[str, str]]:
    schemes = document["components"].get("securitySchemes", {}).values()
    return [
        {"name": scheme["name"], "value": "{{ _.api_key }}"}
        for scheme in (resolve(document, each) for each in schemes)
        if scheme["type"] == "apiKey" and scheme["in"] == "header"
    ]


def _path(operation: Operation) -> str:
    _, collection, *_ = operation.path.split("/")
    return operation.path.replace("{id}", _SEEDED.get(collection, "an-id"))


def _query(operation: Operation) -> list[dict[str, Any]]:
    """Those with an example; switched off where the paper's request does not have them."""
    return [
        {"name": each["name"], "value": str(each["example"]), "disabled": each["name"] != "status"}
        for each in operation.parameters
        if each["in"] == "query" and "example" in each
    ]
