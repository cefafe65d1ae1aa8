"""From a value that fits a schema to what a handler gets: defaults, and integers that are some."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from contract.branches import Branches
from openapi.description import JsonSchema, name_of, resolved
from openapi.schemas import EXACT, Reach

_BRANCHES = frozenset(("anyOf", "oneOf", "if"))

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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do with a value of one schema: only what matters, with the defaults looked up."""

    is_integer: bool
    parts: tuple[JsonSchema, ...]
    has_branches: bool
    properties: tuple[tuple[str, JsonSchema | None, Any], ...]
    known: frozenset[str]
    others: JsonSchema | None
    prefix: tuple[JsonSchema | None, ...]
    items: JsonSchema | None


class Completion:
    """Makes a value that fits a schema what its handler is to get. Thread-safe.

    Defaults are filled in at any depth. What stands in a branch of `oneOf`, `anyOf` or `if` counts
    where the value fits that branch. An integer that was written as `1.0` becomes one.
    """

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = resolved(schema, schemas), schemas
        self._reaches = Reach(schemas, _matters)
        self._taken = Branches(schemas, self._reaches)
        self._plans: dict[int, _Plan] = {}
        self.any = self._reaches(schema)
        """Whether there is anything to do at all."""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
        """The value, changed in place where it is an object or an array."""
        return self._complete(value, self._schema) if self.any else value

    def _complete(self, value: Any, schema: JsonSchema) -> Any:  # noqa: ANN401
        plan = self._plans.get(id(schema)) or self._planned(schema)
        if plan.is_integer and isinstance(value, float):
            return int(value)
        for part in plan.parts:
            value = self._complete(value, part)
        if plan.has_branches:
            for each in self._taken(value, schema):
                if self._reaches(each):
                    value = self._complete(value, each)
        if isinstance(value, dict):
            self._complete_object(value, plan)
        elif isinstance(value, list):
            rest = repeat(plan.items, len(value))
            for number, inner in zip(range(len(value)), chain(plan.prefix, rest), strict=False):
                if inner is not None:
                    value[number] = self._complete(value[number], inner)
        return value

    def _complete_object(self, value: dict[str, Any], plan: _Plan) -> None:
        for name, inner, default in plan.properties:
            if name not in value:
                if default is not NONE:
                    value[name] = deepcopy(default)
            elif inner is not None:
                value[name] = self._complete(value[name], inner)
        if plan.others is not None:
            for name in value.keys() - plan.known:
                value[name] = self._complete(value[name], plan.others)

    def _planned(self, schema: JsonSchema) -> _Plan:
        properties = schema.get("properties", {})
        steps = [
            (name, self._reaches.inner(each), default_of(each, self._schemas))
            for name, each in properties.items()
        ]
        has_branches = not _BRANCHES.isdisjoint(schema)  # then `Branches` gives the parts too
        plan = self._plans[id(schema)] = _Plan(
            is_integer=schema.get("type") == "integer",
            parts=() if has_branches else self._reaches.parts(schema),
            has_branches=has_branches,
            properties=tuple(each for each in steps if each[1] is not None or each[2] is not NONE),
            known=frozenset(properties),
            others=self._reaches.inner(schema.get("additionalProperties")),
            prefix=tuple(self._reaches.inner(each) for each in schema.get("prefixItems", ())),
            items=self._reaches.inner(schema.get("items")),
        )
        return plan


def _matters(schema: JsonSchema) -> bool:
    return "default" in schema or (schema.get("type") == "integer" and EXACT not in schema)
