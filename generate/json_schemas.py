"""JSON Schemas (draft-07) of what the services answer with and of the event, for everybody else."""

import json
from typing import Any

from generate.sources import APIS, Sources
from messaging.events import EVENT_TYPE
from openapi.description import Description, JsonSchema, name_of
from openapi.errors import InvalidDocumentError
from openapi.pointers import pointer_of
from openapi.schemas import mapped

DRAFT_07 = "http://json-schema.org/draft-07/schema#"

_ONLY_OPENAPI = {"deprecated", "discriminator", "$comment"}
_RANGES = {"int32", "int64"}
"""Formats that JSON Schema does not know; minimum and maximum say the same."""


def json_schemas(sources: Sources) -> dict[str, str]:
    """The paper's `user_schema.json` and `order_schema.json`, and that of the event."""
    made = {api.name: draft_07(sources.apis[api.name], api.entity) for api in APIS}
    made["event"] = draft_07(sources.events, EVENT_TYPE)
    return {f"schemas/{name}_schema.json": as_text(schema) for name, schema in made.items()}


def draft_07(description: Description, name: str) -> dict[str, Any]:
    """A schema of the API that stands alone: what it refers to is in it.

    Raises:
        InvalidDocumentError: It refers to itself.
    """
    schema = _converted(description, description.schemas[name], (name,))
    return {"$schema": DRAFT_07, "title": name, **schema}


def as_text(value: object) -> str:
    """JSON as it is kept in the repository."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _converted(description: Description, schema: JsonSchema, within: tuple[str, ...]) -> JsonSchema:
    """A schema with what it refers to, in the words of draft-07."""
    whole: JsonSchema = {}
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        if name in within:
            place = description.place(pointer_of("components", "schemas", name))
            raise InvalidDocumentError(f"{place}: {name} refers to itself: what is stored may not")
        within = (*within, name)
        whole = description.schemas[name]
    whole = {**whole, **{key: value for key, value in schema.items() if key != "$ref"}}
    if "$ref" in whole:
        return _converted(description, whole, within)
    plain = {
        key: value
        for key, value in whole.items()
        if key not in _ONLY_OPENAPI and not key.startswith("x-")
    }
    if plain.get("format") in _RANGES:
        del plain["format"]
    return mapped(plain, lambda each: _converted(description, each, within))
