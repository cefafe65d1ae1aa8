"""JSON Schemas (draft-07) of what services answer with and of events, for everybody else."""

import json
from typing import Any

from generate.sources import Sources
from openapi.description import Description, JsonSchema, name_of
from openapi.names import snake_case
from openapi.schemas import mapped, referred
from openapi.views import composed

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
DEFINITIONS = "#/definitions/"

_DROPPED = {
    *("deprecated", "discriminator", "$comment", "$defs", "contentSchema"),
    *("unevaluatedItems", "minContains", "maxContains"),
}
"""Keywords that draft-07 does not know; without them a schema takes no less."""

_ANNOTATIONS = {"title", "description", "default", "examples", "readOnly", "writeOnly"}
_RANGES = {"int32", "int64"}
"""Formats that JSON Schema does not know; minimum and maximum say the same."""


def json_schemas(sources: Sources) -> dict[str, str]:
    """The paper's `user_schema.json` and `order_schema.json`, and that of each event."""
    made = {
        api.api if len(api.collections) == 1 else f"{api.api}_{each.name}": draft_07(
            description, each.schema
        )
        for api, each, description in sources.stored()
    }
    if sources.events is not None:
        for event in sources.declared.published:
            made[snake_case(event)] = draft_07(sources.events, event)
    return {f"schemas/{name}_schema.json": as_text(schema) for name, schema in made.items()}


def draft_07(description: Description, name: str, base: str = DEFINITIONS) -> dict[str, Any]:
    """A schema of the API that stands alone: what it refers to is in it.

    What is within itself has no other way than to be referred to: it is in `definitions`, to which
    `base` leads.
    """
    converter = _Converter(description, base)
    schema = {"$schema": DRAFT_07, "title": name, **converter.schema(description.schemas[name])}
    definitions = converter.definitions()
    return schema | {"definitions": definitions} if definitions else schema


def as_text(value: object) -> str:
    """JSON as it is kept in the repository."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


class _Converter:
    def __init__(self, description: Description, base: str) -> None:
        self._schemas, self._base = description.schemas, base
        self._referred: set[str] = set()

    def definitions(self) -> dict[str, JsonSchema]:
        """Those that what was converted refers to."""
        found: dict[str, JsonSchema] = {}
        while left := sorted(self._referred - found.keys()):
            found |= {name: self.schema(self._schemas[name]) for name in left}
        return found

    def schema(self, schema: JsonSchema) -> JsonSchema:
        """A schema with what it refers to, in the words of draft-07."""
        plain = {
            key: value
            for key, value in schema.items()
            if key not in _DROPPED and not key.startswith("x-")
        }
        if plain.get("format") in _RANGES:
            del plain["format"]
        if schema.get("minContains") == 0:
            plain.pop("contains", None)
        closing = self._closing(plain)
        reference = plain.pop("$ref", None)
        result = _in_words_of_draft_07(mapped(plain, self.schema))
        if reference is not None:
            target = self._target(name_of(reference))
            if plain.keys() <= _ANNOTATIONS and "$ref" not in target:
                result = target | result
            else:
                result["allOf"] = [target, *result.get("allOf", ())]
        if closing:
            result["allOf"] = [*result.get("allOf", ()), closing]
        return result if [*result] != ["allOf"] or len(result["allOf"]) > 1 else result["allOf"][0]

    def _target(self, name: str) -> JsonSchema:
        if name in referred(self._schemas[name], self._schemas):
            self._referred.add(name)
            return {"$ref": f"{self._base}{name}"}
        return self.schema(self._schemas[name])

    def _closing(self, schema: JsonSchema) -> JsonSchema:
        """What `unevaluatedProperties` asks of names that no part of the schema has."""
        others = schema.pop("unevaluatedProperties", True)
        if others is True or any(composed(schema, "additionalProperties", self._schemas)):
            return {}
        words = ("properties", "patternProperties")
        known: JsonSchema = {
            word: {name: True for each in composed(schema, word, self._schemas) for name in each}
            for word in words
        }
        rest = others if others is False else self.schema(others)
        return {key: value for key, value in known.items() if value} | {
            "additionalProperties": rest
        }


def _in_words_of_draft_07(schema: JsonSchema) -> JsonSchema:
    """What draft-07 says by other keywords."""
    result = {**schema}
    if "prefixItems" in result:
        rest = result.pop("items", True)
        result |= {"items": result.pop("prefixItems"), "additionalItems": rest}
    schemas, names = result.pop("dependentSchemas", {}), result.pop("dependentRequired", {})
    if schemas or names:
        result["dependencies"] = {
            **names,
            **schemas,
            **{
                name: {"allOf": [schemas[name], {"required": names[name]}]}
                for name in schemas.keys() & names
            },
        }
    return result
