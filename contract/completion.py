"""From a value that fits a schema to what a handler gets: defaults, and integers that are some."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from contract.branches import Branches
from openapi.description import JsonSchema, name_of
from openapi.schemas import EXACT, Reach

NONE = object()
"""There is no default."""


def default_of(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> Any:  # noqa: ANN401
    """The default that a schema says, or what it refers to, or a part of its `allOf`; else NONE."""
    if "default" in schema:
        return schema["default"]
    parts = [*schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(schemas[name_of(schema["$ref"])])
    found = (default_of(each, schemas) for each in parts)
    return next((each for each in found if each is not NONE), NONE)


class Completion:
    """Makes a value that fits a schema what its handler is to get. Thread-safe.

    Defaults are filled in at any depth. What stands in a branch of `oneOf`, `anyOf` or `if` counts
    where the value fits that branch. An integer that was written as `1.0` becomes one.
    """

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = schema, schemas
        self._reaches = Reach(schemas, _matters)
        self._taken = Branches(schemas, self._reaches)
        self.any = self._reaches(schema)
        """Whether there is anything to do at all."""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
        """The value, changed in place where it is an object or an array."""
        return self._complete(value, self._schema) if self.any else value

    def _complete(self, value: Any, schema: JsonSchema) -> Any:  # noqa: ANN401
        if not self._reaches(schema):
            return value
        if isinstance(value, float) and schema.get("type") == "integer":
            return int(value)
        for each in self._taken(value, schema):
            value = self._complete(value, each)
        if isinstance(value, dict):
            self._complete_object(value, schema)
        elif isinstance(value, list):
            prefix = schema.get("prefixItems", [])
            rest = [schema.get("items")] * (len(value) - len(prefix))
            for number, inner in zip(range(len(value)), [*prefix, *rest], strict=False):
                if isinstance(inner, dict):
                    value[number] = self._complete(value[number], inner)
        return value

    def _complete_object(self, value: dict[str, Any], schema: JsonSchema) -> None:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in properties.items():
            if name in value:
                value[name] = self._complete(value[name], inner)
            elif (default := default_of(inner, self._schemas)) is not NONE:
                value[name] = deepcopy(default)
        if isinstance(others, dict):
            for name in value.keys() - properties.keys():
                value[name] = self._complete(value[name], others)


def _matters(schema: JsonSchema) -> bool:
    return "default" in schema or (schema.get("type") == "integer" and EXACT not in schema)
