"""Of which types a value of a schema can be, and which parts of the schema speak of each.

A schema that is put together of others (`$ref`, `allOf`, `oneOf`, `anyOf`, `if`), or has a list of
types, comes apart into alternatives that name one type each.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi.description import JsonSchema, name_of

MAX_SHAPES = 200
"""As many alternatives as a parameter may have."""

_ORDER = ("boolean", "integer", "number", "array", "object", "string", "any", "null")
"""In which alternatives are tried: a text fits last, for whatever is sent is one."""

_STRUCTURE = frozenset(
    ("items", "prefixItems", "properties", "additionalProperties", "patternProperties")
)

_Types = frozenset[str] | None
_Alternative = tuple[_Types, tuple[JsonSchema, ...]]


class TooManyShapesError(Exception):
    """A schema has more alternatives than `MAX_SHAPES`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One alternative: a type of JSON Schema, `any` where none is said.

    `parts` are the schemas that speak of its elements and properties, all of which hold.
    """

    type: str
    parts: tuple[JsonSchema, ...]

    @property
    def is_structure(self) -> bool:
        """Whether it is an array or an object."""
        return self.type in ("array", "object")

    @property
    def names(self) -> frozenset[str]:
        """The properties that it names."""
        return frozenset(name for each in self.parts for name in each.get("properties", ()))

    @property
    def takes_others(self) -> bool:
        """Whether properties of other names are meant: said so, or none is named at all."""
        said = [each["additionalProperties"] for each in self.parts if _ADDITIONAL in each]
        if any(each is False for each in said):
            return False
        by_pattern = any("patternProperties" in each for each in self.parts)
        return bool(said) or by_pattern or not self.names

    def schema_of(self, name: str) -> JsonSchema:
        """The schema of a property that it names."""
        return _all_of(
            each["properties"][name] for each in self.parts if name in each.get("properties", ())
        )

    @property
    def others(self) -> JsonSchema:
        """The schema of the properties that it does not name."""
        return _all_of(
            each[_ADDITIONAL] for each in self.parts if isinstance(each.get(_ADDITIONAL), dict)
        )

    @property
    def patterns(self) -> list[tuple[str, JsonSchema]]:
        """The schemas of properties by patterns of their names."""
        return [pair for each in self.parts for pair in each.get("patternProperties", {}).items()]

    @property
    def prefix(self) -> tuple[JsonSchema, ...]:
        """The schemas of the first elements, where each has one of its own."""
        longest = max((len(each.get("prefixItems", ())) for each in self.parts), default=0)
        return tuple(
            _all_of(each["prefixItems"][n] for each in self.parts if n < _prefix_length(each))
            for n in range(longest)
        )

    @property
    def items(self) -> JsonSchema:
        """The schema of all other elements."""
        return _all_of(each["items"] for each in self.parts if isinstance(each.get("items"), dict))


_ADDITIONAL = "additionalProperties"


def shapes(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> tuple[Shape, ...]:
    """The alternatives of a schema, in the order in which they are to be tried.

    Raises:
        TooManyShapesError: There are more than MAX_SHAPES.
    """
    found = {
        (name, tuple(map(id, parts))): Shape(name, parts)
        for types, parts in _alternatives(schema, schemas)
        for name in (types if types is not None else _hinted(parts))
    }
    if not found:  # nothing fits, and what is sent stays as it is, to be refused
        return (Shape("any", ()),)
    return tuple(sorted(found.values(), key=lambda each: _ORDER.index(each.type)))


def _alternatives(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> list[_Alternative]:
    own = (schema,) if not _STRUCTURE.isdisjoint(schema) else ()
    found: list[_Alternative] = [(_types(schema), own)]
    parts = [*schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(schemas[name_of(schema["$ref"])])
    for part in parts:
        found = _both(found, _alternatives(part, schemas))
    branches = [schema[keyword] for keyword in ("anyOf", "oneOf") if keyword in schema]
    if "if" in schema:
        branches.append([schema.get("then", {}), schema.get("else", {})])
    for each in branches:
        found = _both(found, [one for branch in each for one in _alternatives(branch, schemas)])
    return found


def _both(some: list[_Alternative], others: list[_Alternative]) -> list[_Alternative]:
    """Where one of both lists holds: what is impossible, or there already, is left out."""
    found: dict[tuple[_Types, tuple[int, ...]], _Alternative] = {}
    for types, parts in some:
        for more_types, more_parts in others:
            met = _met(types, more_types)
            together = tuple({id(each): each for each in (*parts, *more_parts)}.values())
            if met is None or met:
                found[met, tuple(map(id, together))] = met, together
    if len(found) > MAX_SHAPES:
        raise TooManyShapesError
    return [*found.values()]


def _met(some: _Types, others: _Types) -> _Types:
    if some is None or others is None:
        return others if some is None else some
    met = some & others
    for one, other in ((some, others), (others, some)):
        if "integer" in one and "number" in other:  # each integer is a number
            met |= {"integer"}
    return met - {"integer"} if "number" in met else met


def _types(schema: JsonSchema) -> _Types:
    if "type" in schema:
        said = schema["type"]
        return frozenset([said] if isinstance(said, str) else said)
    if "const" in schema:
        return frozenset([_type(schema["const"])])
    return frozenset(map(_type, schema["enum"])) if "enum" in schema else None


def _type(value: Any) -> str:  # noqa: ANN401 - JSON is anything
    """The type of a value of JSON."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    more = {type(None): "null", list: "array", dict: "object"}
    return (names | more)[type(value)]


def _hinted(parts: tuple[JsonSchema, ...]) -> Iterator[str]:
    """The type of which a schema speaks without naming it."""
    keywords = {keyword for each in parts for keyword in each}
    if not keywords.isdisjoint(("properties", "additionalProperties", "patternProperties")):
        yield "object"
    elif not keywords.isdisjoint(("items", "prefixItems")):
        yield "array"
    else:
        yield "any"


def _prefix_length(schema: JsonSchema) -> int:
    return len(schema.get("prefixItems", ()))


def _all_of(schemas: Iterable[JsonSchema]) -> JsonSchema:
    """One schema that holds where all of them do."""
    found = [*schemas]
    return found[0] if len(found) == 1 else {"allOf": found} if found else {}
