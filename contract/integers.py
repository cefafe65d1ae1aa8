"""Integers written with a fraction: `1.0` is an integer to JSON Schema, and not to OpenAPI 3.0."""

from collections.abc import Iterator, Mapping
from typing import Any

from openapi.description import JsonSchema, name_of
from openapi.schemas import EXACT, Reach

Path = tuple[str | int, ...]


class Fractions:
    """Finds numbers with a fraction where a schema wants an integer without. Thread-safe."""

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = schema, schemas
        self._reaches = Reach(schemas, lambda each: EXACT in each)
        self.any = self._reaches(schema)
        """Whether there is such an integer at all."""

    def find(self, value: Any) -> Iterator[Path]:  # noqa: ANN401 - JSON is anything
        """Where they are, in a value that fits the schema but for them."""
        if self.any:
            yield from self._find(value, self._schema, ())

    def _find(self, value: Any, schema: JsonSchema, path: Path) -> Iterator[Path]:  # noqa: ANN401
        if EXACT in schema and isinstance(value, float):
            yield path
        if "$ref" in schema:
            yield from self._inner(value, self._schemas[name_of(schema["$ref"])], path)
        for each in schema.get("allOf", ()):
            yield from self._inner(value, each, path)
        for branches in (schema.get("anyOf"), schema.get("oneOf")):
            if branches:  # one of them without any is enough
                found = [[*self._inner(value, each, path)] for each in branches]
                yield from min(found, key=len)
        if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
            known, others = schema.get("properties", {}), schema.get("additionalProperties")
            for name, each in value.items():
                yield from self._inner(each, known.get(name, others), (*path, name))
        elif isinstance(value, list) and "items" in schema:
            for number, each in enumerate(value):
                yield from self._inner(each, schema["items"], (*path, number))

    def _inner(self, value: Any, schema: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401
        """What is found in a part; a part in whose schema nothing can be is not looked into."""
        if isinstance(schema, dict) and self._reaches(schema):
            yield from self._find(value, schema, path)
