"""What a spec calls `writeOnly` is taken out of every answer, whatever its handler returns."""

from collections.abc import Iterator, Mapping
from typing import Any

import jiter

from contract.answers.encoding import to_json
from contract.branches import Branches
from openapi.description import JsonSchema, name_of
from openapi.schemas import Reach

_BRANCHES = frozenset(("oneOf", "anyOf", "if", "patternProperties"))
_LISTS = (list, tuple)
_SCALARS = (str, int, float, bool, type(None))


class WriteOnly:
    """Takes what is `writeOnly` out of a value of one schema. Thread-safe.

    A branch of `oneOf` or `anyOf` counts where the value fits it, and where it fits none, all of
    them do: rather too little is told than too much.
    """

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = schema, schemas
        self._reaches = Reach(schemas, lambda each: each.get("writeOnly") is True)
        self._branches = Branches(schemas, self._reaches)
        self._names: dict[str, JsonSchema] = {}
        self.any = self._reaches(schema)
        """Whether there is anything to take out at all."""
        self._asks_values = self.any and Reach(schemas, _has_branches)(schema)

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - whatever can be JSON
        """The value without it; what is left is not copied."""
        if self._asks_values or isinstance(value, bytes):  # which only JSON's values can answer
            value = jiter.from_json(to_json(value))
        return self._without(value, self._schema)

    def _without(self, value: Any, schema: Any) -> Any:  # noqa: ANN401
        if not isinstance(schema, dict) or not self._reaches(schema):
            return value
        if not isinstance(value, (dict, *_LISTS, *_SCALARS)):  # a dataclass, a date, …
            value = jiter.from_json(to_json(value))
        for each in [*self._taken(value, schema)]:
            value = self._without(value, each)
        if isinstance(value, dict):
            return self._without_properties(value, schema)
        if isinstance(value, _LISTS):
            prefix = schema.get("prefixItems", [])
            rest = [schema.get("items")] * (len(value) - len(prefix))
            pairs = zip(value, [*prefix, *rest], strict=False)
            return [self._without(each, inner) for each, inner in pairs]
        return value

    def _without_properties(self, value: dict[str, Any], schema: JsonSchema) -> dict[str, Any]:
        left = {}
        for name, each in value.items():
            inner = self._of_property(name, schema)
            if not any(self._is_hidden(one) for one in inner):
                kept = each
                for one in inner:
                    kept = self._without(kept, one)
                left[name] = kept
        return left

    def _taken(self, value: Any, schema: JsonSchema) -> Iterator[JsonSchema]:  # noqa: ANN401
        yield from self._branches(value, schema)
        if isinstance(value, dict):
            dependent = schema.get("dependentSchemas", {})
            yield from (each for name, each in dependent.items() if name in value)
        for branches in (schema.get("oneOf", ()), schema.get("anyOf", ())):
            if not any(self._branches.fits(value, each) for each in branches):
                yield from branches

    def _of_property(self, name: str, schema: JsonSchema) -> list[Any]:
        """The schemas that an object's schema has for a property."""
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        found = [properties[name]] if name in properties else []
        found += [
            inner
            for pattern, inner in patterns.items()
            if self._branches.fits(name, self._names.setdefault(pattern, {"pattern": pattern}))
        ]
        return found or [schema.get("additionalProperties")]

    def _is_hidden(self, schema: Any, above: frozenset[int] = frozenset()) -> bool:  # noqa: ANN401
        """Whether a property's schema, or one that it is put together from, is `writeOnly`."""
        if not isinstance(schema, dict) or id(schema) in above:
            return False
        if schema.get("writeOnly") is True:
            return True
        parts = [each for key in ("allOf", "oneOf", "anyOf") for each in schema.get(key, ())]
        if "$ref" in schema:
            parts.append(self._schemas[name_of(schema["$ref"])])
        return any(self._is_hidden(each, above | {id(schema)}) for each in parts)


def _has_branches(schema: JsonSchema) -> bool:
    return not _BRANCHES.isdisjoint(schema)
