"""Puts the defaults of a schema into a value that fits it, at any depth."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from contract.schema import Schema
from openapi.description import JsonSchema, name_of

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


class Defaults:
    """Fills in the defaults of one schema. Thread-safe.

    What stands in a branch of `oneOf`, `anyOf` or `if` counts where the value fits that branch.
    """

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = schema, schemas
        self._branches: dict[int, Schema] = {}
        self._reached: dict[int, bool] = {}
        self.any = self._reaches(schema)
        """Whether there is a default at all."""

    def fill(self, value: Any) -> None:  # noqa: ANN401 - JSON is anything
        """Fill in what is missing in a value that fits the schema, in place."""
        if self.any:
            self._fill(value, self._schema)

    def _fill(self, value: Any, schema: JsonSchema) -> None:  # noqa: ANN401
        if not isinstance(value, dict | list) or not self._reaches(schema):
            return
        if "$ref" in schema:
            self._fill(value, self._schemas[name_of(schema["$ref"])])
        for each in schema.get("allOf", ()):
            self._fill(value, each)
        for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if self._reaches(each) and self._fits(value, each):
                self._fill(value, each)
        if "if" in schema:
            taken = "then" if self._fits(value, schema["if"]) else "else"
            self._fill(value, schema.get(taken, {}))
        if isinstance(value, dict):
            self._fill_object(value, schema)
        else:
            prefix = schema.get("prefixItems", [])
            for each, inner in zip(value, prefix, strict=False):
                self._fill(each, inner)
            for each in value[len(prefix) :]:
                self._fill(each, schema.get("items", {}))

    def _fill_object(self, value: dict[str, Any], schema: JsonSchema) -> None:
        properties = schema.get("properties", {})
        for name, inner in properties.items():
            if name in value:
                self._fill(value[name], inner)
            elif (default := default_of(inner, self._schemas)) is not NONE:
                value[name] = deepcopy(default)
        additional = schema.get("additionalProperties")
        if isinstance(additional, dict):
            for name in value.keys() - properties.keys():
                self._fill(value[name], additional)

    def _fits(self, value: Any, branch: JsonSchema) -> bool:  # noqa: ANN401
        if id(branch) not in self._branches:
            self._branches[id(branch)] = Schema(branch, self._schemas)
        return self._branches[id(branch)].is_valid(value)

    def _reaches(self, schema: JsonSchema) -> bool:
        """Whether a default stands anywhere below."""
        if id(schema) not in self._reached:
            seen, left, found = {id(schema)}, [schema], False
            while left and not found:
                for each in self._within(left.pop()):
                    found = found or "default" in each
                    if id(each) not in seen:
                        seen.add(id(each))
                        left.append(each)
            self._reached[id(schema)] = found
        return self._reached[id(schema)]

    def _within(self, schema: JsonSchema) -> list[JsonSchema]:
        found = [each for key in ("allOf", "anyOf", "oneOf") for each in schema.get(key, ())]
        found += [schema[key] for key in ("then", "else") if key in schema]
        found += [*schema.get("properties", {}).values(), *schema.get("prefixItems", ())]
        found += [
            schema[key]
            for key in ("items", "additionalProperties")
            if isinstance(schema.get(key), dict)
        ]
        if "$ref" in schema:
            found.append(self._schemas[name_of(schema["$ref"])])
        return found
