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


def _mongo(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    schema = resolve(document, node)
    if schema.get("format") == "date-time":
        return dict(_DATE)
    result = {key: value for key, value in schema.items() if key in _KEPT}
    if "type" in schema:
        nullable = ["null"] if schema.get("nullable") else []
        result["bsonType"] = [*_TYPES[schema["type"]], *nullable]
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
