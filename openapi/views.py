"""A schema as one side of the wire sees it, ready to be compiled: what it refers to is in it.

A request never asks for what is `readOnly`, and an answer never has what is `writeOnly`: such a
property is taken out of `required`, and refused by name where it is sent all the same.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from openapi.description import REFERENCE, Description, JsonSchema, name_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

REFUSED = "x-refused"
"""Keyword: whatever is there is refused; its value says why."""

_ALTERNATIVES = ("anyOf", "oneOf")
_BRANCHES = ("allOf", *_ALTERNATIVES)
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
        closed: Refuse properties that no schema of the whole names, where the spec leaves that
            open; of a list, that no schema of its elements names.
    """
    viewer = _Viewer(schemas, view, closed)
    return {
        "$schema": DIALECT,
        "allOf": [viewer.whole(schema)],
        "components": {"schemas": viewer.components()},
    }


class _Viewer:
    def __init__(self, schemas: Mapping[str, JsonSchema], view: View, closed: bool) -> None:  # noqa: FBT001
        self._schemas, self._closed = schemas, closed
        self._keyword, self._reason = view.value
        self._referred: dict[tuple[str, frozenset[str]], str] = {}

    def components(self) -> dict[str, JsonSchema]:
        """What is referred to, one by one: a chain of references may be as long as it likes."""
        found: dict[str, JsonSchema] = {}
        while left := [key for key, made in self._referred.items() if made not in found]:
            for name, dropped in left:
                made = self._referred[name, dropped]
                found[made] = self._schema(self._schemas[name], dropped)
        return found

    def whole(self, schema: JsonSchema) -> JsonSchema:
        """The schema of a body or a message."""
        result = self.value(schema)
        if self._closed and any(composed(schema, "properties", self._schemas)):
            return {**result, "unevaluatedProperties": False}
        if self._closed and isinstance(schema.get("items"), dict):
            return {**result, "items": self.whole(schema["items"])}
        return result

    def value(self, schema: JsonSchema) -> JsonSchema:
        """The schema of a value: of a body, a property, an element."""
        return self._schema(schema, frozenset())

    def _schema(self, schema: JsonSchema, dropped: frozenset[str]) -> JsonSchema:
        """The schema without `dropped` among the names that it requires."""
        # What one alternative hides another may ask for; what is beside them asks for neither.
        outside = dropped | self._hidden(schema, alternatives=False)
        dropped |= self._hidden(schema)
        result: JsonSchema = {}
        for key, value in schema.items():
            if key == "$ref":
                result |= self._reference(name_of(value), dropped)
            elif key != "$defs":  # whose schemas have got names of their own
                within = outside if key in _ALTERNATIVES else dropped
                result[key] = self._keyword_value(key, value, within)
        return result

    def _hidden(self, schema: JsonSchema, *, alternatives: bool = True) -> frozenset[str]:
        """The properties of an object that are nothing for this side."""
        if not self._keyword:
            return frozenset()
        return frozenset(
            name
            for properties in composed(
                schema, "properties", self._schemas, alternatives=alternatives
            )
            for name, each in properties.items()
            if any(composed(each, self._keyword, self._schemas))
        )

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
        if self._keyword and any(composed(schema, self._keyword, self._schemas)):
            return {**self.value(schema), REFUSED: self._reason}
        return self.value(schema)

    def _reference(self, name: str, dropped: frozenset[str]) -> JsonSchema:
        schema = self._schemas[name]
        required = {each for names in composed(schema, "required", self._schemas) for each in names}
        # What another part of the same object hides, and the schema by itself does not.
        dropped = (dropped & required) - self._hidden(schema)
        made = f"{name}${len(self._referred)}" if dropped else name
        return {"$ref": f"{REFERENCE}{self._referred.setdefault((name, dropped), made)}"}


def composed(
    schema: JsonSchema,
    keyword: str,
    schemas: Mapping[str, JsonSchema],
    seen: set[int] | None = None,
    *,
    alternatives: bool = True,
) -> Iterator[Any]:
    """What the keyword says in the schema, and in the schemas that it is put together from.

    Without `alternatives` those of `anyOf` and `oneOf` are none of them.
    """
    seen = set() if seen is None else seen
    if id(schema) in seen:
        return
    seen.add(id(schema))
    parts: list[JsonSchema] = []
    if keyword in schema:
        yield schema[keyword]
    if "$ref" in schema:
        parts.append(schemas[name_of(schema["$ref"])])
    parts += (schema[branch] for branch in _CONDITIONAL if branch in schema)
    for branch in _BRANCHES if alternatives else ("allOf",):
        parts += schema.get(branch, ())
    for each in parts:
        yield from composed(each, keyword, schemas, seen, alternatives=alternatives)


def properties_of(api: Description, schema: str) -> Mapping[str, JsonSchema]:
    """The properties of a schema by their names, those of its parts included."""
    found: dict[str, JsonSchema] = {}
    for each in composed(api.schemas[schema], "properties", api.schemas):
        found |= each
    return found
