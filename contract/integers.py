"""Integers written with a fraction: `1.0` is an integer to JSON Schema, and not to OpenAPI 3.0."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openapi.description import JsonSchema, resolved
from openapi.schemas import EXACT, Reach

Path = tuple[str | int, ...]
Fits = Callable[[Any, JsonSchema], bool]
"""Whether a value fits a schema, but for such numbers."""

_COMPOSING = frozenset(
    ("$ref", "allOf", "anyOf", "oneOf", "properties", "additionalProperties", "items")
)
"""Keywords without which a schema is about one value alone."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where to look in a value of one schema: only where such an integer can be."""

    exact: bool
    exact_names: tuple[str, ...]
    parts: tuple[JsonSchema, ...]
    branches: tuple[tuple[JsonSchema, ...], ...]
    properties: Mapping[str, JsonSchema]
    known: frozenset[str]
    others: JsonSchema | None
    items: JsonSchema | None


class Fractions:
    """Finds numbers with a fraction where a schema wants an integer without. Thread-safe."""

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema], fits: Fits) -> None:
        self._fits = fits
        self._schema, self._schemas = resolved(schema, schemas), schemas
        self._reaches = Reach(schemas, lambda each: EXACT in each)
        self._plans: dict[int, _Plan] = {}
        self.any = self._reaches(schema)
        """Whether there is such an integer at all."""

    def find(self, value: Any) -> list[Path]:  # noqa: ANN401 - JSON is anything
        """Where they are, in a value that fits the schema but for them."""
        found: list[Path] = []
        if self.any:
            self._find(value, self._schema, (), found)
        return found

    def _find(self, value: Any, schema: JsonSchema, path: Path, found: list[Path]) -> None:  # noqa: ANN401
        plan = self._plans.get(id(schema)) or self._planned(schema)
        if plan.exact and isinstance(value, float):
            found.append(path)
        for part in plan.parts:
            self._find(value, part, path, found)
        for branches in plan.branches:  # of those that fit, one without any is enough
            taken = (each for each in branches if self._fits(value, each))
            ways = [self._in_branch(value, each, path) for each in taken]
            if ways:
                fewest = min(ways, key=len)
                found += fewest
        if isinstance(value, dict):
            self._find_in_object(value, plan, path, found)
        elif plan.items is not None and isinstance(value, list):
            for number, each in enumerate(value):
                self._find(each, plan.items, (*path, number), found)

    def _find_in_object(
        self, value: dict[str, Any], plan: _Plan, path: Path, found: list[Path]
    ) -> None:
        found += ((*path, name) for name in plan.exact_names if type(value.get(name)) is float)
        for name, inner in plan.properties.items():
            if name in value:
                self._find(value[name], inner, (*path, name), found)
        if plan.others is not None:
            for name in value.keys() - plan.known:
                self._find(value[name], plan.others, (*path, name), found)

    def _in_branch(self, value: Any, branch: JsonSchema, path: Path) -> list[Path]:  # noqa: ANN401
        found: list[Path] = []
        self._find(value, branch, path, found)
        return found

    def _planned(self, schema: JsonSchema) -> _Plan:
        branches = (tuple(schema.get(key, ())) for key in ("anyOf", "oneOf"))
        properties = {
            name: resolved(each, self._schemas)
            for name, each in schema.get("properties", {}).items()
            if self._reaches(each)
        }
        plain = {name for name, each in properties.items() if _COMPOSING.isdisjoint(each)}
        plan = self._plans[id(schema)] = _Plan(
            exact=EXACT in schema,
            parts=self._reaches.parts(schema),
            branches=tuple(each for each in branches if any(map(self._reaches, each))),
            exact_names=tuple(plain),
            properties={name: each for name, each in properties.items() if name not in plain},
            known=frozenset(schema.get("properties", {})),
            others=self._reaches.inner(schema.get("additionalProperties")),
            items=self._reaches.inner(schema.get("items")),
        )
        return plan
