"""One value that a schema is likely to take: of other people's schemas, whatever they say."""

import math
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_MAX_DEPTH = 8

_FORMATS = {
    "date-time": "2024-02-29T12:00:00Z",
    "date": "2024-02-29",
    "time": "12:00:00Z",
    "duration": "P1D",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
    "uri-reference": "/path",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "AAAA",
    "decimal": "1.5",
}


def sample(schema: Any, document: Json, depth: int = 0) -> Any:  # noqa: ANN401 - any value
    """A value; None where there seems to be no other.

    Args:
        schema: As a document of OpenAPI 3.0 or 3.1 has it.
        document: Where its references lead.
        depth: How deep within a value it is wanted: recursion has an end.
    """
    schema = _whole(schema, document)
    said = [schema[key] for key in ("const", "default", "example") if key in schema]
    if said := [*said, *schema.get("enum", ()), *schema.get("examples", ())]:
        return said[0]
    if depth < _MAX_DEPTH and (choices := schema.get("oneOf") or schema.get("anyOf")):
        others = {key: each for key, each in schema.items() if key not in ("oneOf", "anyOf")}
        return sample({**others, **_whole(choices[0], document)}, document, depth + 1)
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, document, depth)
    if kind == "array":
        count = max(schema.get("minItems", 1), 1) if depth < _MAX_DEPTH else 0
        return [sample(schema.get("items", {}), document, depth + 1)] * count
    return _number(schema, kind) if kind in ("integer", "number") else _plain(schema, kind)


def _object(schema: Json, document: Json, depth: int) -> Json:
    properties = schema.get("properties", {})
    return {
        name: sample(properties.get(name, {}), document, depth + 1)
        for name in (schema.get("required", ()) if depth < _MAX_DEPTH else ())
        if not _whole(properties.get(name, {}), document).get("readOnly")
    }


def _kind(schema: Json) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    return str(kind)


def _number(schema: Json, kind: str) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 1))
    most = schema.get("maximum", schema.get("exclusiveMaximum", 1))
    step = schema.get("multipleOf", 1)
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return 1
    value = math.ceil(max(min(most, 1), least) / step) * step
    return int(value) if kind == "integer" else value


def _plain(schema: Json, kind: str) -> Any:  # noqa: ANN401 - any value
    if kind in ("boolean", "null"):
        return True if kind == "boolean" else None
    text = _FORMATS.get(schema.get("format", ""), "zz9")
    return text.ljust(schema.get("minLength", 0), "z")[: schema.get("maxLength", None)]


def _whole(schema: Any, document: Json) -> Json:  # noqa: ANN401 - a schema may be true
    """The schema, its reference followed and the parts of its `allOf` put into it."""
    if not isinstance(schema, dict):
        return {}
    for _ in range(20):
        if "$ref" not in schema:
            break
        others = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**resolved(schema, document), **others}
    result = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema.get("allOf", ()):
        whole = _whole(part, document)
        properties = {**result.get("properties", {}), **whole.get("properties", {})}
        required = [*result.get("required", ()), *whole.get("required", ())]
        result = {**whole, **result}
        result |= {"properties": properties} if properties else {}
        result |= {"required": required} if required else {}
    return result


def resolved(node: Mapping[str, Any], document: Json) -> Any:  # noqa: ANN401 - any object
    """The object that a reference within the document leads to."""
    found: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found
