"""A schema as one side of the wire sees it, ready to be compiled: what it refers to is in it.

A request never asks for what is `readOnly`, and an answer never has what is `writeOnly`: such a
property is taken out of `required`, and refused by name where it is sent all the same.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from openapi.description import REFERENCE, JsonSchema, name_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

REFUSED = "x-refused"
"""Keyword: whatever is there is refused; its value says why."""

_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("if", "then", "else")
_NESTED = (
    *("items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems"),
    "propertyNames",
)
_NESTED_MANY = ("patternProperties", "dependentSchemas")


class View(Enum):
    """Who looks at a schema."""

    REQUEST = ("readOnly", "is set by the server: leave it out")
    """What a client sends."""

    RESPONSE = ("writeOnly", "is never answered: the schema says writeOnly")
    """What a service answers."""

    PLAIN = ("", "")
    """The schema as it is: messages, and what is stored."""


def viewed(
    schema: JsonSchema, schemas: Mapping[str, JsonSchema], view: View, *, closed: bool = False
) -> JsonSchema:
    """The schema with all that it refers to.

    Args:
        schema: Its references lead to `schemas`.
        schemas: By name.
        view: Whose.
        closed: Refuse properties that no schema of an object names, where the spec leaves that
            open.
    """
    viewer = _Viewer(schemas, view, closed)
    return {
        "$schema": DIALECT,
        "allOf": [viewer.value(schema)],
        "components": {"schemas": viewer.components()},
    }


class _Viewer:
    def __init__(self, schemas: Mapping[str, JsonSchema], view: View, closed: bool) -> None:  # noqa: FBT001
        self._schemas, self._closed = schemas, closed
        self._keyword, self._reason = view.value
        self._referred: dict[str, None] = {}

    def components(self) -> dict[str, JsonSchema]:
        """What is referred to, one by one: a chain of references may be as long as it likes."""
        found: dict[str, JsonSchema] = {}
        while left := [name for name in self._referred if name not in found]:
            found |= {name: self._schema(self._schemas[name], frozenset()) for name in left}
        return found

    def value(self, schema: JsonSchema) -> JsonSchema:
        """The schema of a whole value: of a body, a property, an element."""
        result = self._schema(schema, frozenset())
        if self._closed and any(self._composed(schema, "properties")):
            return {**result, "unevaluatedProperties": False}
        return result

    def _schema(self, schema: JsonSchema, dropped: frozenset[str]) -> JsonSchema:
        """The schema without `dropped` among the names that it requires."""
        if self._keyword:
            dropped |= {
                name
                for properties in self._composed(schema, "properties")
                for name, each in properties.items()
                if any(self._composed(each, self._keyword))
            }
        result: JsonSchema = {}
        for key, value in schema.items():
            if key == "$ref":
                result |= self._reference(name_of(value), dropped)
            elif key != "$defs":  # whose schemas have got names of their own
                result[key] = self._keyword_value(key, value, dropped)
        return result

    def _keyword_value(self, key: str, value: Any, dropped: frozenset[str]) -> Any:  # noqa: ANN401
        if key == "required":
            return [name for name in value if name not in dropped]
        if key == "properties":
            return {name: self._property(each) for name, each in value.items()}
        if key in _BRANCHES:
            return [self._schema(each, dropped) for each in value]
        if key in _CONDITIONAL:
            return self._schema(value, dropped)
        if key == "not":  # its own objects stay open, or it would let surplus properties through
            return self._schema(value, frozenset())
        return self._nested(key, value)

    def _nested(self, key: str, value: Any) -> Any:  # noqa: ANN401 - any of JSON
        """What is about values within the value."""
        if key in _NESTED_MANY:
            return {name: self.value(each) for name, each in value.items()}
        if key == "prefixItems":
            return [self.value(each) for each in value]
        return self.value(value) if key in _NESTED and isinstance(value, dict) else value

    def _property(self, schema: JsonSchema) -> JsonSchema:
        if self._keyword and any(self._composed(schema, self._keyword)):
            return {**self.value(schema), REFUSED: self._reason}
        return self.value(schema)

    def _reference(self, name: str, dropped: frozenset[str]) -> JsonSchema:
        schema = self._schemas[name]
        required = {each for names in self._composed(schema, "required") for each in names}
        if dropped & required:  # which another part of the same object says, not this one alone
            return {"allOf": [self._schema(schema, dropped)]}
        self._referred[name] = None
        return {"$ref": f"{REFERENCE}{name}"}

    def _composed(self, schema: JsonSchema, keyword: str) -> Iterator[Any]:
        return composed(schema, keyword, self._schemas)


def composed(
    schema: JsonSchema,
    keyword: str,
    schemas: Mapping[str, JsonSchema],
    seen: set[int] | None = None,
) -> Iterator[Any]:
    """What the keyword says in the schema, and in the schemas that it is put together from."""
    seen = set() if seen is None else seen
    if id(schema) in seen:
        return
    seen.add(id(schema))
    if keyword in schema:
        yield schema[keyword]
    if "$ref" in schema:
        yield from composed(schemas[name_of(schema["$ref"])], keyword, schemas, seen)
    for branch in _BRANCHES:
        for each in schema.get(branch, ()):
            yield from composed(each, keyword, schemas, seen)
    for branch in _CONDITIONAL:
        if branch in schema:
            yield from composed(schema[branch], keyword, schemas, seen)
