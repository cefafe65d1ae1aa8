"""From the text of a field to the value that its schema means."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import jiter

from contract.bodies.body_limits import MAX_DEPTH
from contract.errors import InvalidRequest, ValidationIssue
from contract.parameters.scalars import SCALARS
from openapi.description import JsonSchema, name_of

_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("if", "then", "else")
_KINDS: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
_CONTAINERS = (dict, list)


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Strict JSON: nothing twice, nothing that is no number, nothing too deep.

    Raises:
        ValueError: It is none.
    """
    value = jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ValueError(f"it is more than {MAX_DEPTH} levels deep")
    return value


def _is_too_deep(value: Any) -> bool:  # noqa: ANN401
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, _CONTAINERS)
        ]
        if not level:
            return False
    return True


def parse_json_body(body: bytes) -> Any:  # noqa: ANN401
    """The same of a whole body.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        return parse_json(body)
    except ValueError as error:
        raise InvalidRequest(
            "The body is not JSON.", [ValidationIssue(str(error), pointer="#")]
        ) from error


def put_together(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> Iterator[JsonSchema]:
    """A schema, and those that it is put together from, each once."""
    seen, left = {id(schema)}, [schema]
    while left:
        node = left.pop()
        yield node
        inner = [each for key in _BRANCHES for each in node.get(key, ())]
        inner += [node[key] for key in _CONDITIONAL if key in node]
        if "$ref" in node:
            inner.append(schemas[name_of(node["$ref"])])
        left += (each for each in reversed(inner) if id(each) not in seen)
        seen |= {id(each) for each in inner}


def types_of(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> frozenset[str]:
    """The types that a value of a schema may have; none where nothing says."""
    found: set[str] = set()
    for each in put_together(schema, schemas):
        if "type" in each:
            said = each["type"]
            found |= {said} if isinstance(said, str) else {*said}
        elif "enum" in each or "const" in each:
            values = each.get("enum", [each.get("const")])
            found |= {_KINDS[type(value)] for value in values}
        elif "properties" in each:
            found.add("object")
        elif "items" in each or "prefixItems" in each:
            found.add("array")
    return frozenset(found)


def typed(text: str, types: Collection[str]) -> Any:  # noqa: ANN401 - whatever the schema says
    """What a text stands for; where it is none of the types, the text, which no schema admits.

    An empty text, or `null`, is null where that is allowed and a string is not.
    """
    for kind in ("integer", "number", "boolean"):
        if kind in types and (value := SCALARS[kind](text)) is not text:
            return value
    is_null = "null" in types and "string" not in types
    return SCALARS["null"](text) if is_null else text
