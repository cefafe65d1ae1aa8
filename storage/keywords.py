"""The keywords of a schema that hold no other schema, as MongoDB's `$jsonSchema` has them."""

from collections.abc import Mapping
from typing import Any

from openapi.description import JsonSchema
from storage.patterns import pcre

_TYPES: Mapping[str, list[str]] = {
    "string": ["string"],
    "integer": ["int", "long"],
    "number": ["int", "long", "double"],
    "boolean": ["bool"],
    "array": ["array"],
    "object": ["object"],
    "null": ["null"],
}
COUNTS = {"maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"}
LIMITS = {"maximum", "minimum", "multipleOf"}
_MAX_INT64 = 2**63 - 1


def plain(schema: JsonSchema) -> dict[str, Any]:
    """The keywords that hold no other schema."""
    result = {key: min(schema[key], _MAX_INT64) for key in schema if key in COUNTS}
    result |= {key: _number(schema[key]) for key in schema if key in LIMITS}
    for bound, limit, tighter in (
        ("exclusiveMinimum", "minimum", max),
        ("exclusiveMaximum", "maximum", min),
    ):
        said = schema.get(bound)
        if said is not None and tighter(said, schema.get(limit, said)) == said:
            result |= {limit: _number(said), bound: True}
    for key in ("required", "uniqueItems"):
        if schema.get(key):  # draft 4 knows no list of no names
            result[key] = schema[key]
    if "type" in schema:
        result["bsonType"] = bson_types(schema)
    if "pattern" in schema:
        result["pattern"] = pcre(schema["pattern"])
    if "enum" in schema or "const" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        result["enum"] = [each for each in allowed if each == schema.get("const", each)]
    dependent = {key: each for key, each in schema.get("dependentRequired", {}).items() if each}
    return result | ({"dependencies": dependent} if dependent else {})


def bson_types(schema: JsonSchema) -> list[str]:
    """MongoDB's types of the values; empty where the schema names none."""
    named = schema.get("type", [])
    types = [named] if isinstance(named, str) else named
    return [*dict.fromkeys(kind for each in types for kind in _TYPES[each])]


def _number(limit: float) -> float:
    """A limit that BSON can hold: integers have 64 bits there."""
    return limit if abs(limit) <= _MAX_INT64 else float(limit)
