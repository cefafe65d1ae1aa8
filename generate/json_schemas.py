"""JSON Schemas (draft-07) of what the services answer with and of the event, for everybody else."""

import json
from typing import Any

from contract.document import Document, resolve
from generate.sources import APIS, Sources
from messaging.events import EVENT_TYPE

DRAFT_07 = "http://json-schema.org/draft-07/schema#"

_ONLY_OPENAPI = {"deprecated", "discriminator", "externalDocs", "nullable", "xml"}
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def json_schemas(sources: Sources) -> dict[str, str]:
    """The paper's `user_schema.json` and `order_schema.json`, and that of the event."""
    made = {api.name: draft_07(sources.apis[api.name], api.entity) for api in APIS}
    made["event"] = draft_07(sources.events, EVENT_TYPE)
    return {f"schemas/{name}_schema.json": as_text(schema) for name, schema in made.items()}


def draft_07(document: Document, name: str) -> dict[str, Any]:
    """A schema of the document that stands alone: what it refers to is in it."""
    schema = _converted(document, document["components"]["schemas"][name])
    return {"$schema": DRAFT_07, "title": name, **schema}


def as_text(value: object) -> str:
    """JSON as it is kept in the repository."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _converted(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    schema = resolve(document, node)
    result = {
        key: value
        for key, value in schema.items()
        if key not in _ONLY_OPENAPI and not key.startswith("x-")
    }
    if "properties" in schema:
        result["properties"] = {
            name: _converted(document, each) for name, each in schema["properties"].items()
        }
    for keyword in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            result[keyword] = _converted(document, schema[keyword])
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            result[keyword] = [_converted(document, each) for each in schema[keyword]]
    return _in_draft_07(schema, result)


def _in_draft_07(schema: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """What draft-07 says in other words than OpenAPI 3.0."""
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
        if "enum" in schema:
            result["enum"] = [*schema["enum"], None]
    if "example" in result:
        result["examples"] = [result.pop("example")]
    for bound in ("Minimum", "Maximum"):
        if isinstance(result.get(f"exclusive{bound}"), bool) and result.pop(f"exclusive{bound}"):
            result[f"exclusive{bound}"] = result.pop(bound.lower())
    if result.get("format") in _RANGES:
        least, most = _RANGES[result.pop("format")]
        result.setdefault("minimum", least)
        result.setdefault("maximum", most)
    return result
