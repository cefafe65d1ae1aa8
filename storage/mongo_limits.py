"""What MongoDB cannot hold, whatever a schema says: known before anything is written."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openapi.description import JsonSchema, name_of
from openapi.pointers import fragment_of
from openapi.schemas import within
from storage.errors import UnstorableError
from storage.integers import LEAST, MOST, has_64_bits
from storage.property_names import is_storable

MAX_LEVELS = 100
"""Objects and arrays within one another, the document itself included."""

_COMPOSED = {"$ref", "allOf", "anyOf", "oneOf"}


def has_small_integers(value: Any) -> bool:  # noqa: ANN401 - any of JSON
    """Whether no integer in a value has more than 64 bits."""
    if isinstance(value, dict | list):
        return all(has_small_integers(each) for _, each in _inner(value))
    return not isinstance(value, int) or has_64_bits(value)


Path = tuple[str | int, ...]


def check(value: Mapping[str, Any], is_free_at: Callable[[Path], bool]) -> None:
    """Look at a whole value.

    Args:
        value: As it is on the wire.
        is_free_at: Whether an integer may be of any size at a path.

    Raises:
        UnstorableError: The first thing that MongoDB cannot hold.
    """
    left: list[tuple[Any, Path]] = [(value, ())]
    while left:
        node, path = left.pop()
        why = _refusal(node, len(path))
        if why and not (isinstance(node, int) and is_free_at(path)):
            raise UnstorableError(why, fragment_of(path))
        left += ((each, (*path, key)) for key, each in _inner(node))


def _refusal(node: Any, above: int) -> str:  # noqa: ANN401 - any of JSON
    if isinstance(node, bool | str):
        return ""
    if isinstance(node, int):
        return "" if has_64_bits(node) else "is an integer of more than 64 bits"
    if isinstance(node, float):
        return "" if math.isfinite(node) else "is a number beyond those of 64 bits"
    if isinstance(node, dict | list) and above >= MAX_LEVELS:
        return f"is more than {MAX_LEVELS} levels deep"
    if isinstance(node, dict) and not all(map(is_storable, node)):
        return "has a name with U+FDD0 to U+FDD4, which are no characters"
    return ""


def _inner(node: Any) -> Iterator[tuple[str | int, Any]]:  # noqa: ANN401 - any of JSON
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def is_open(schema: JsonSchema) -> bool:
    """Whether an object or an array has in it what the schema says nothing of.

    What a schema is put together from says so itself.
    """
    if not _COMPOSED.isdisjoint(schema):
        return False
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return any(isinstance(each, dict | list) for each in values)
    named = schema.get("type", ("object", "array"))
    types = {named} if isinstance(named, str) else {*named}
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    return ("object" in types and not closed) or ("array" in types and "items" not in schema)


def may_exceed(schema: JsonSchema) -> bool:
    """Whether a value of a schema can be such that MongoDB cannot hold it."""
    named = schema.get("type", ())
    types = {named} if isinstance(named, str) else {*named}
    is_number = not types.isdisjoint(("integer", "number"))
    return is_open(schema) or (is_number and not _is_bounded(schema))


def _is_bounded(schema: JsonSchema) -> bool:
    least = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    most = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    return "enum" in schema or "const" in schema or (least >= LEAST and most <= MOST)


def is_recursive(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> bool:
    """Whether a schema, or one that it is made of, is within itself."""
    done: set[str] = set()

    def leads_back(node: JsonSchema, above: frozenset[str]) -> bool:
        inner = [(each, above) for each in within(node)]
        if "$ref" in node:
            name = name_of(node["$ref"])
            if name in above:
                return True
            if name not in done:
                inner.append((schemas[name], above | {name}))
                done.add(name)
        return any(leads_back(*each) for each in inner)

    return leads_back(schema, frozenset())
