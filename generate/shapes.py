"""Which Python values fit a schema: alternatives, put together as JSON Schema does it.

A shape may take more than its schema does (lengths, patterns and most of `not` have no type), and
never less.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from contract.bodies.form_schemas import FILE
from openapi.description import JsonSchema, name_of
from openapi.views import View, composed

_WORDS = {
    "object": {
        *("properties", "patternProperties", "additionalProperties", "unevaluatedProperties"),
        *("required", "minProperties", "maxProperties", "propertyNames", "dependentRequired"),
    },
    "array": {"items", "prefixItems", "contains", "unevaluatedItems", "minItems", "maxItems"},
}
"""Keywords that say nothing about values of another kind."""

_MOST = 16
"""Alternatives; objects beyond are one, in which every field may be left out."""


@dataclass(frozen=True)
class Anything:
    """Every value but those of some kinds."""

    but: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scalar:
    """Every value of a kind: `string`, `integer`, `number`, `boolean`, `null`, or a `file`."""

    kind: str


@dataclass(frozen=True)
class Value:
    """One value."""

    kind: str
    value: str | int | bool


@dataclass(frozen=True)
class Named:
    """What a schema with a name takes."""

    name: str


@dataclass(frozen=True)
class Array:
    """A list."""

    items: "Shape"


@dataclass(frozen=True)
class Field:
    """A property; `absent` where it never is there."""

    shape: "Shape"
    required: bool
    absent: bool = False


@dataclass(frozen=True)
class Object:
    """A mapping; `others` is what properties without a field are."""

    fields: Mapping[str, Field]
    others: "Shape"


Alternative = Anything | Scalar | Value | Named | Array | Object
Shape = tuple[Alternative, ...]

ANY: Shape = (Anything(),)
NEVER: Shape = ()


class Shapes:
    """The shapes of an API's schemas as one side of the wire sees them."""

    def __init__(self, schemas: Mapping[str, JsonSchema], view: View) -> None:
        self._schemas, self._keyword = schemas, view.value[0]
        self._named: dict[str, Shape] = {}
        self._meeting: set[frozenset[str]] = set()

    def named(self, name: str) -> Shape:
        """The shape of a schema with a name; it is no `Named` unless the schema is a reference."""
        if name not in self._named:
            self._named[name] = ANY  # for a schema that is made of itself
            self._named[name] = self.of(self._schemas[name])
        return self._named[name]

    def of(self, schema: JsonSchema) -> Shape:
        """The shape of a schema."""
        return reduce(self._both, self._parts(schema))

    def _parts(self, schema: JsonSchema) -> Iterator[Shape]:
        """What must hold at once."""
        yield self._own(schema)
        if "$ref" in schema:
            yield (Named(name_of(schema["$ref"])),)
        yield from (self.of(each) for each in schema.get("allOf", ()))
        for branches in ("anyOf", "oneOf"):
            if branches in schema:
                yield _united(self.of(each) for each in schema[branches])
        if "if" in schema:
            then = self._both(self.of(schema["if"]), self.of(schema.get("then", {})))
            yield _united((then, self.of(schema.get("else", {}))))
        if schema.get("not") == {}:
            yield NEVER

    def _own(self, schema: JsonSchema) -> Shape:
        """By the keywords that are about the value itself."""
        if FILE in schema:
            return (Scalar("file"),)
        containers = {"object": self._object(schema), "array": self._array(schema)}
        if "type" in schema:
            types = schema["type"]
            kinds = [types] if isinstance(types, str) else types
            shape = _united(containers.get(kind, (Scalar(kind),)) for kind in kinds)
        else:
            meant = [kind for kind, words in _WORDS.items() if words & schema.keys()]
            rest: Shape = (Anything(frozenset(meant)),)
            shape = _united([*(containers[kind] for kind in meant), rest])
        listed = [schema["enum"]] if "enum" in schema else []
        listed += [[schema["const"]]] if "const" in schema else []
        for values in listed:
            shape = self._both(shape, _united((_value(each),) for each in values))
        return shape

    def _object(self, schema: JsonSchema) -> Shape:
        others = self._others(schema)
        required = schema.get("required", ())
        fields = {
            name: Field(self.of(each), name in required, self._is_absent(each))
            for name, each in schema.get("properties", {}).items()
        }
        fields |= {name: Field(others, required=True) for name in required if name not in fields}
        return _possible(fields, others)

    def _others(self, schema: JsonSchema) -> Shape:
        patterns = [self.of(each) for each in schema.get("patternProperties", {}).values()]
        word = "additionalProperties" if "additionalProperties" in schema else _UNEVALUATED
        rest = self._of_any(schema.get(word, True))
        if word == _UNEVALUATED and not schema.keys().isdisjoint(_COMPOSING):
            rest = ANY  # for what other parts evaluate, which are not seen here
        return _united([*patterns, rest])

    def _of_any(self, schema: JsonSchema | bool) -> Shape:  # noqa: FBT001 - a schema may be one
        if isinstance(schema, bool):
            return ANY if schema else NEVER
        return self.of(schema)

    def _array(self, schema: JsonSchema) -> Shape:
        first = [self.of(each) for each in schema.get("prefixItems", ())]
        word = "items" if "items" in schema else "unevaluatedItems"
        return (Array(_united([*first, self._of_any(schema.get(word, True))])),)

    def _is_absent(self, schema: JsonSchema) -> bool:
        return bool(self._keyword) and any(composed(schema, self._keyword, self._schemas))

    def _both(self, one: Shape, other: Shape) -> Shape:
        """What is of both shapes."""
        return _few(_united(self._pair(a, b) for a in one for b in other))

    def _pair(self, a: Alternative, b: Alternative) -> Shape:
        if a == b:
            return (a,)
        if isinstance(a, Anything) or isinstance(b, Anything):
            return self._without(*((a, b) if isinstance(b, Anything) else (b, a)))
        if isinstance(a, Named) or isinstance(b, Named):
            return self._with_named(a, b)
        if isinstance(a, Object) and isinstance(b, Object):
            return self._objects(a, b)
        if isinstance(a, Array) and isinstance(b, Array):
            return (Array(self._both(a.items, b.items)),)
        return _narrower(a, b)

    def _without(self, a: Alternative, anything: Alternative) -> Shape:
        assert isinstance(anything, Anything)  # noqa: S101 - for the type check
        if isinstance(a, Anything):
            return (Anything(a.but | anything.but),)
        if isinstance(a, Named) and anything.but:
            return self._with_named(a, anything)
        return NEVER if _kind(a) in anything.but else (a,)

    def _with_named(self, a: Alternative, b: Alternative) -> Shape:
        """Two alternatives of which one has a name; it keeps that where the other asks no more."""
        named, other = (a, b) if isinstance(a, Named) else (b, a)
        assert isinstance(named, Named)  # noqa: S101 - for the type check
        if isinstance(other, Named):
            names = frozenset((named.name, other.name))
            if names in self._meeting:  # recursive schemas meet in each other for ever
                return (named,)
            self._meeting.add(names)
            shape = self._both(self.named(named.name), self.named(other.name))
            self._meeting.remove(names)
        else:
            shape = self._both(self.named(named.name), (other,))
        return (named,) if shape == self.named(named.name) else shape

    def _objects(self, a: Object, b: Object) -> Shape:
        fields = {}
        for name in {**a.fields, **b.fields}:
            one = a.fields.get(name, Field(a.others, required=False))
            other = b.fields.get(name, Field(b.others, required=False))
            shape = self._both(one.shape, other.shape)
            required, absent = one.required or other.required, one.absent or other.absent
            fields[name] = Field(shape, required, absent or (shape == NEVER and not required))
        return _possible(fields, self._both(a.others, b.others))


_UNEVALUATED = "unevaluatedProperties"
_COMPOSING = {"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"}


def _possible(fields: Mapping[str, Field], others: Shape) -> Shape:
    """The object, unless it would have to have what cannot be."""
    impossible = (each.required and not each.absent and not each.shape for each in fields.values())
    return NEVER if any(impossible) else (Object(fields, others),)


def _united(shapes: Iterable[Shape]) -> Shape:
    """What is of any of the shapes."""
    found: list[Alternative] = []
    for shape in shapes:
        found += (each for each in shape if each not in found)
    return ANY if ANY[0] in found else tuple(found)


def _few(shape: Shape) -> Shape:
    """The shape, or a wider one of fewer alternatives where it has too many."""
    objects = [each for each in shape if isinstance(each, Object)]
    if len(shape) <= _MOST or not objects:
        return shape
    fields = {}
    for name in {name: None for each in objects for name in each.fields}:
        found = [each.fields[name] for each in objects if name in each.fields]
        everywhere = len(found) == len(objects)
        fields[name] = Field(
            _united(each.shape for each in found),
            everywhere and all(each.required for each in found),
            everywhere and all(each.absent for each in found),
        )
    one = Object(fields, _united(each.others for each in objects))
    return (*(each for each in shape if not isinstance(each, Object)), one)


def _value(value: Any) -> Alternative:  # noqa: ANN401 - any of JSON
    """The alternative of one value; a wider one for a fraction, a list or an object."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) in _KINDS:
        return Value(_KINDS[type(value)], value)
    if isinstance(value, list):
        return Array(ANY)
    if isinstance(value, dict):
        return Object({}, ANY)
    return Scalar("null" if value is None else "number")


_KINDS = {bool: "boolean", str: "string", int: "integer"}


def _kind(alternative: Alternative) -> str:
    match alternative:
        case Scalar(kind) | Value(kind):
            return kind
        case Array():
            return "array"
    return "object"


def _narrower(a: Alternative, b: Alternative) -> Shape:
    """Of two alternatives with kinds the narrower one, where they meet."""
    if isinstance(a, Value) and isinstance(b, Value):
        return NEVER
    narrow, wide = (a, b) if isinstance(a, Value) else (b, a)
    kinds = _kind(narrow), _kind(wide)
    if kinds == ("number", "integer"):
        narrow, kinds = wide, ("integer", "number")
    fits = kinds[0] == kinds[1] or kinds == ("integer", "number")
    return (narrow,) if fits and isinstance(wide, Scalar) else NEVER
