"""Values near a schema, and whether a value is of a type: the two halves of a test of models."""

import random
import types
from collections.abc import Mapping
from typing import (
    Any,
    ForwardRef,
    Literal,
    Never,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from openapi.description import JsonSchema, name_of

Module = types.ModuleType

_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -3,
    2.5,
    "",
    "a",
    "one",
    [],
    ["x"],
    [1],
    {},
    {"a": "x"},
)


class Values:
    """Values of which many fit a schema, and some just do not."""

    def __init__(self, schemas: Mapping[str, JsonSchema], seed: int) -> None:
        self._schemas, self._chance = schemas, random.Random(seed)

    def near(self, schema: JsonSchema, depth: int = 0) -> Any:  # noqa: ANN401 - any of JSON
        """One of them."""
        if depth > 5 or self._chance.random() < 0.03:
            return self._chance.choice(_ODD)
        parts = self._parts(schema)
        for each in parts:
            if "const" in each:
                return each["const"]
            if "enum" in each:
                return self._chance.choice(each["enum"])
        examples = [example for each in parts for example in each.get("examples", ())]
        if examples and self._chance.random() < 0.3:
            return self._chance.choice(examples)
        types_ = [each["type"] for each in parts if "type" in each]
        names = types_[0] if types_ else self._meant(parts)
        kind = names if isinstance(names, str) else self._chance.choice(names)
        return self._of(kind, parts, depth)

    def _meant(self, parts: list[JsonSchema]) -> str:
        keys = {key for each in parts for key in each}
        if keys & {"properties", "additionalProperties", "required"}:
            return "object"
        kinds = ["array"] if keys & {"items", "prefixItems"} else ["string", "integer", "null"]
        return self._chance.choice(kinds)

    def _parts(self, schema: JsonSchema) -> list[JsonSchema]:
        """The schema, and what it is put together from, of branches one."""
        parts = [schema]
        inner = [*schema.get("allOf", ())]
        if "$ref" in schema:
            inner.append(self._schemas[name_of(schema["$ref"])])
        inner += (self._chance.choice(schema[key]) for key in ("anyOf", "oneOf") if key in schema)
        if "if" in schema:
            then = [schema["if"], schema.get("then", {})]
            inner += then if self._chance.random() < 0.5 else [schema.get("else", {})]
        for each in inner:
            parts += self._parts(each)
        return parts

    def _of(self, kind: str, parts: list[JsonSchema], depth: int) -> Any:  # noqa: ANN401
        if kind == "object":
            return self._object(parts, depth)
        if kind == "array":
            first = [each for part in parts for each in part.get("prefixItems", ())]
            found = [part[key] for part in parts for key in ("items", "contains") if key in part]
            items = [each for each in found if isinstance(each, dict)]
            count = self._chance.randrange(3)
            values = [self.near(each, depth + 1) for each in first]
            return values + [self.near((items or [{}])[0], depth + 1) for _ in range(count)]
        least = max([part.get("minimum", 0) for part in parts])
        return {
            "string": self._chance.choice(["", "a", "abc", "nab", "ab12", "red", "urn:x:y"]),
            "integer": self._chance.choice([int(least), int(least) + 1, 3, 12]),
            "number": self._chance.choice([least, 0.5, 0.25, 7]),
            "boolean": self._chance.random() < 0.5,
            "null": None,
        }[kind]

    def _object(self, parts: list[JsonSchema], depth: int) -> dict[str, Any]:
        properties = {k: v for each in parts for k, v in each.get("properties", {}).items()}
        required = {name for each in parts for name in each.get("required", ())}
        few = self._chance.random() * 0.8
        found = {
            name: self.near(each if isinstance(each, dict) else {}, depth + 1)
            for name, each in properties.items()
            if self._chance.random() < (0.95 if name in required else few)
        }
        for name in required - properties.keys():
            found[name] = self._chance.choice(_ODD)
        others = [part["additionalProperties"] for part in parts if "additionalProperties" in part]
        others += [each for part in parts for each in part.get("patternProperties", {}).values()]
        others = [each for each in others if isinstance(each, dict)]
        if others and self._chance.random() < 0.7:
            found[self._chance.choice(["n", "s", "p1", "extra"])] = self.near(
                self._chance.choice(others), depth + 1
            )
        elif self._chance.random() < 0.15:
            found["extra"] = self._chance.choice(_ODD)
        return found


def fits(value: Any, kind: Any, module: Module) -> bool:  # noqa: ANN401 - of any type
    """Whether a value is of a type; a TypedDict takes what it does not name, as schemas do."""
    while isinstance(kind, str | ForwardRef):
        text = kind if isinstance(kind, str) else kind.__forward_arg__
        kind = eval(text, vars(module))  # noqa: S307 - what we have generated
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, Never):
        return kind is Any
    if origin in (Union, types.UnionType, NotRequired):
        return any(fits(value, each, module) for each in arguments)
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in arguments)
    if origin in (list, dict):
        inner = value.values() if isinstance(value, dict) else value
        return isinstance(value, origin) and all(
            fits(each, arguments[-1], module) for each in inner
        )
    if is_typeddict(kind):
        return isinstance(value, dict) and _fits_fields(value, kind, module)
    return type(value) in ({float: (int, float), None: (type(None),)}.get(kind, (kind,)))


def _fits_fields(value: dict[str, Any], kind: Any, module: Module) -> bool:  # noqa: ANN401
    fields = get_type_hints(kind, vars(module), include_extras=True)
    return all(
        fits(value[name], each, module) if name in value else get_origin(each) is NotRequired
        for name, each in fields.items()
    )
