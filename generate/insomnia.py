"""An Insomnia collection (export format 4): every published request, ready to send."""

import json
import re
from collections.abc import Iterator
from typing import Any

from contract.samples import request_example
from generate.json_schemas import as_text
from generate.sources import Sources
from openapi.description import Description, MediaType, Operation
from openapi.errors import InvalidDocumentError
from openapi.security import ApiKey

PATH = "docs/insomnia.json"

_WORKSPACE = "wrk_aware"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def insomnia(sources: Sources) -> dict[str, str]:
    """The collection; its environment has the gateway's address and an API key."""
    resources = [*_frame()]
    for api, description in sources.apis.items():
        group = f"fld_{api}"
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
    if operation.body is not None and operation.body.content:
        media_type, content = next(iter(operation.body.content.items()))
        body = {"mimeType": media_type, **_body(media_type, _example(description, content))}
        headers.append({"name": "Content-Type", "value": media_type})
    return _resource(
        f"req_{group.removeprefix('fld_')}_{operation.id}",
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


def _example(description: Description, content: MediaType) -> Any:  # noqa: ANN401 - any of JSON
    try:
        return request_example(description, content)
    except InvalidDocumentError:  # which a gate tells
        return {}


def _body(media_type: str, example: Any) -> dict[str, Any]:  # noqa: ANN401 - any of JSON
    """The body, as Insomnia keeps one of its type."""
    if media_type in _FORMS and isinstance(example, dict):
        fields = {
            name: each if isinstance(each, str) else _json(each) for name, each in example.items()
        }
        return {"params": [{"name": name, "value": value} for name, value in fields.items()]}
    return {
        "text": example if isinstance(example, str) and "json" not in media_type else _json(example)
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _headers(description: Description) -> list[dict[str, str]]:
    return [
        {"name": scheme.name, "value": "{{ _.api_key }}"}
        for scheme in description.security_schemes.values()
        if isinstance(scheme, ApiKey) and scheme.location == "header"
    ]


def _path(operation: Operation) -> str:
    """With the examples of its parameters: ids that a seeded system has."""
    examples = {
        each.name: next(iter(each.examples.values()))
        for each in operation.parameters
        if each.location == "path" and each.examples
    }
    return re.sub(r"\{([^{}]*)\}", lambda each: str(examples.get(each[1], "an-id")), operation.path)


def _query(operation: Operation) -> list[dict[str, Any]]:
    """Those with an example; switched off but for the first and those that must be there."""
    shown = [each for each in operation.parameters if each.location == "query" and each.examples]
    return [
        {
            "name": each.name,
            "value": str(next(iter(each.examples.values()))),
            "disabled": number > 0 and not each.required,
        }
        for number, each in enumerate(shown)
    ]
