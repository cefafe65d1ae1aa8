"""The keywords of a schema that hold no other schema, as MongoDB's `$jsonSchema` has them."""

from collections.abc import Callable, Mapping
from typing import Any

from openapi.description import JsonSchema
from openapi.schemas import EXACT
from storage.conversions import Conversion
from storage.mongo_limits import has_small_integers
from storage.patterns import pcre
from storage.property_names import stored_value

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
OF_TEXT = {"maxLength", "minLength", "pattern"}
_MAX_INT64 = 2**63 - 1


def plain(
    schema: JsonSchema,
    stored: Callable[[str], str],
    conversion: Conversion | None,
    *,
    exact: bool = True,
) -> dict[str, Any]:
    """The keywords that hold no other schema.

    Args:
        schema: Where they are.
        stored: The name under which a property is stored.
        conversion: How a string is stored here.
        exact: Whether an integer that may not be written `1.0` is to be stored as an integer.
    """
    result = {key: min(schema[key], _MAX_INT64) for key in schema if key in COUNTS}
    result |= {key: _number(schema[key]) for key in schema if key in LIMITS}
    for bound, limit, tighter in (
        ("exclusiveMinimum", "minimum", max),
        ("exclusiveMaximum", "maximum", min),
    ):
        said = schema.get(bound)
        if said is not None and tighter(said, schema.get(limit, said)) == said:
            result |= {limit: _number(said), bound: True}
    if schema.get("uniqueItems"):
        result["uniqueItems"] = True
    if schema.get("required"):  # draft 4 knows no list of no names
        result["required"] = [*map(stored, dict.fromkeys(schema["required"]))]
    if "type" in schema:
        result |= _typed(schema, conversion, exact=exact)
    if "pattern" in schema:
        result["pattern"] = pcre(schema["pattern"])
    if "enum" in schema or "const" in schema:
        result |= _one_of(schema)
    if conversion is not None and "format" in schema:
        result["pattern"] = pcre(conversion.pattern)
    dependent = {
        stored(key): [*map(stored, dict.fromkeys(each))]
        for key, each in schema.get("dependentRequired", {}).items()
        if each
    }
    return result | ({"dependencies": dependent} if dependent else {})


def _typed(schema: JsonSchema, conversion: Conversion | None, *, exact: bool) -> dict[str, Any]:
    named = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    types = dict.fromkeys(kind for each in named for kind in _TYPES[each])
    if conversion is not None and "string" in types:
        types[conversion.bson_type] = None
    if "integer" in named and "number" not in named and not (exact and EXACT in schema):
        whole = {"bsonType": "double", "multipleOf": 1}  # 1.0 is an integer to JSON Schema
        return {"allOf": [{"anyOf": [{"bsonType": [*types]}, whole]}]}
    return {"bsonType": [*types]}


def _one_of(schema: JsonSchema) -> dict[str, Any]:
    allowed = schema.get("enum", [schema.get("const")])
    both = [each for each in allowed if _is_same(each, schema.get("const", each))]
    stored = [stored_value(each) for each in both if has_small_integers(each)]
    different: list[Any] = []
    for each in stored:  # MongoDB takes none twice
        if not any(_is_same(each, other) for other in different):
            different.append(each)
    return {"enum": different} if different else {"not": {}}


def _is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - any of JSON
    """As JSON Schema has it: to Python, `True` is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)


def _number(limit: float) -> float:
    """A limit that BSON can hold: integers have 64 bits there."""
    return limit if abs(limit) <= _MAX_INT64 else float(limit)
