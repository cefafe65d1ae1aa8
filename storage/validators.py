"""What the database itself refuses: MongoDB's `$jsonSchema`, from the specs."""

from typing import Any

from contract.document import Document, resolve

_TYPES: dict[str, list[str]] = {
    "string": ["string"],
    "integer": ["int", "long"],
    "number": ["int", "long", "double"],
    "boolean": ["bool"],
    "array": ["array"],
    "object": ["object"],
}
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_ENFORCED_FORMATS = {"date-time", "double", *_RANGES}
_DATE = {"bsonType": "date"}
_KEPT = {
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minimum",
    "minItems",
    "minLength",
    "minProperties",
    "multipleOf",
    "required",
    "uniqueItems",
}


def collection_schema(document: Document, schema: str, internal: dict[str, Any]) -> dict[str, Any]:
    """The `$jsonSchema` of a collection.

    Args:
        document: The spec.
        schema: The name of the schema of what the collection holds.
        internal: `$jsonSchema` of the fields that only storage knows, by name; those whose schema
            has `"optional": True` may be missing.
    """
    result = _mongo(document, document["components"]["schemas"][schema])
    required = [name for name, each in internal.items() if not each.get("optional")]
    result["required"] = [*required, *result.get("required", [])]
    result["properties"] |= {
        name: {key: value for key, value in each.items() if key != "optional"}
        for name, each in internal.items()
    }
    return result


def part_schema(document: Document, schema: str, field: str) -> dict[str, Any]:
    """The `$jsonSchema` of one property of a schema of the spec."""
    return _mongo(document, document["components"]["schemas"][schema]["properties"][field])


def enforced_keywords(schema: dict[str, Any]) -> set[str]:
    """The keywords of a schema of the spec that its `$jsonSchema` holds, in whatever words."""
    if schema.get("format") == "date-time":  # stored as a moment, whatever its text was like
        return {*schema}
    held = _KEPT | {"type", "nullable", "pattern", "items", "properties", "additionalProperties"}
    held |= {"allOf", "anyOf", "oneOf"}
    return held | {"format"} if schema.get("format") in _ENFORCED_FORMATS else held


def _mongo(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    schema = resolve(document, node)
    if schema.get("format") == "date-time":
        return dict(_DATE)
    result = {key: value for key, value in schema.items() if key in _KEPT}
    if "type" in schema:
        nullable = ["null"] if schema.get("nullable") else []
        result["bsonType"] = [*_TYPES[schema["type"]], *nullable]
    if schema.get("format") in _RANGES:
        least, most = _RANGES[schema["format"]]
        result["minimum"] = max(least, schema.get("minimum", least))
        result["maximum"] = min(most, schema.get("maximum", most))
    if "pattern" in schema:
        result["pattern"] = _whole(schema["pattern"])
    if "items" in schema:
        result["items"] = _mongo(document, schema["items"])
    if "properties" in schema:
        result["properties"] = {
            name: _mongo(document, each) for name, each in schema["properties"].items()
        }
        result["additionalProperties"] = False
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            result[keyword] = [_mongo(document, each) for each in schema[keyword]]
    return result


def _whole(pattern: str) -> str:
    r"""MongoDB's `$` also matches before a line break at the end; `\z` does not."""
    return f"{pattern[:-1]}\\z" if pattern.endswith("$") else pattern
