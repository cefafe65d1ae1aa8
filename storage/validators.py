"""What the database itself refuses: MongoDB's `$jsonSchema`, from the schemas of the specs.

MongoDB speaks draft 4 of JSON Schema, without references. What it cannot say is left to the API
alone: `unenforced` tells what that is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openapi.description import JsonSchema, name_of
from openapi.pointers import pointer_of
from openapi.schemas import EXACT, FORMATS
from storage.entity import Entity
from storage.keywords import OF_TEXT, plain
from storage.patterns import pcre_of_names
from storage.places import Place, Places
from storage.property_names import TopNames

Validator = dict[str, Any]

_HELD = {
    *("type", "enum", "const", "pattern", "exclusiveMaximum", "exclusiveMinimum", EXACT),
    *("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"),
    *("maximum", "minimum", "multipleOf", "format", "then", "else"),
    *("properties", "patternProperties", "additionalProperties", "items", "prefixItems"),
    *("required", "uniqueItems", "dependentRequired", "dependentSchemas"),
    *("$ref", "allOf", "anyOf", "oneOf", "not", "if", "contains", "minContains", "maxContains"),
}
"""Keywords that the translator knows what to do with."""

_ANNOTATIONS = {
    *("title", "description", "default", "deprecated", "examples", "readOnly", "writeOnly"),
    *("discriminator", "contentEncoding", "contentMediaType", "contentSchema", "$comment", "$defs"),
}
_UNIQUE_AS = "x-unique-as"


@dataclass(frozen=True)
class Unenforced:
    """A keyword that the API alone checks: of which schema, and where in a value (`*`: any)."""

    place: str
    keyword: str
    schema: JsonSchema


def collection_schema(entity: Entity, internal: Mapping[str, Any]) -> Validator:
    """The `$jsonSchema` of a collection.

    Args:
        entity: What it holds.
        internal: `$jsonSchema` of what storage has for itself at the top, by name.
    """
    translator = _Translator(entity.places, entity.description.schemas)
    result = translator.part(entity.schema, _At(entity.place, own=(*internal,)))
    names = TopNames(internal)
    if entity.is_closed:
        named: Validator = {names.stored(name): {} for name in entity.place.names}
        result["properties"] = named | result.get("properties", {})
        result["additionalProperties"] = False
    if required := [
        *internal,
        *result.get("required", []),
    ]:
        result["required"] = required
    result["properties"] = result.get("properties", {}) | {**internal}
    return result


def part_schema(entity: Entity, name: str) -> Validator:
    """The `$jsonSchema` of one property of an entity."""
    schema = entity.description.resolve(entity.schema)["properties"][name]
    place = entity.places.property(entity.place, name)
    translator = _Translator(entity.places, entity.description.schemas)
    return translator.part(schema, _At(place, pointer_of(name)))


def unenforced(entity: Entity) -> list[Unenforced]:
    """What the schema says and the `$jsonSchema` does not hold: all of it, and nothing else."""
    translator = _Translator(entity.places, entity.description.schemas)
    translator.part(entity.schema, _At(entity.place))
    return translator.left


@dataclass(frozen=True)
class _At:
    """Where in a value a schema is that is translated.

    Args:
        place: What schemas say of that place.
        path: Of the place, in a value; empty at the top.
        own: At the top, the names that storage has for itself.
        above: Names of schemas that this one is in.
        exact: Whether `1.0` is refused where the schema says so.
    """

    place: Place
    path: str = ""
    own: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    exact: bool = True

    def below(self, place: Place, step: str | int) -> "_At":
        return replace(self, place=place, path=f"{self.path}{pointer_of(step)}", own=())


class _Translator:
    """Translates schemas, and keeps what it has `left` out."""

    def __init__(self, places: Places, schemas: Mapping[str, JsonSchema]) -> None:
        self._places, self._schemas = places, schemas
        self.left: list[Unenforced] = []

    def part(self, schema: JsonSchema, at: _At) -> Validator:
        """The `$jsonSchema` of something that a value has to fit, among other things."""
        if [*schema] == ["$ref"]:
            return self._reference(schema, at)
        self._leave(schema, at, *(key for key in schema if not _is_known(key)))
        conversion, names = at.place.conversion, TopNames(at.own)
        result = plain(schema, names.stored, conversion, exact=at.exact)
        if conversion is not None:
            self._leave(schema, at, *(OF_TEXT & schema.keys()))
        elif schema.get("format") in FORMATS:
            self._leave(schema, at, "format")
        if EXACT in schema and not at.exact:
            self._leave(schema, at, EXACT)
        result |= {**self._object(schema, at, names), **self._array(schema, at)}
        both = [*result.pop("allOf", ()), *self._composition(schema, at)]
        both += self._conditions(schema, at, names)
        for key in {"minProperties", "maxProperties"} & result.keys():
            result[key] += len(at.own)
        if not at.path and "enum" in result:  # a whole document has fields of storage's own
            if any(isinstance(each, dict) for each in result.pop("enum")):
                self._leave(schema, at, *({"enum", "const"} & schema.keys()))
            else:
                both.append({"not": {}})
        return result | ({"allOf": both} if both else {})

    def _leave(self, schema: JsonSchema, at: _At, *keywords: str) -> None:
        self.left += (Unenforced(at.path, each, schema) for each in keywords)

    def _exactly(self, schema: JsonSchema, at: _At) -> Validator | None:
        """A `$jsonSchema` that refuses what the schema does, and nothing else; None: none can."""
        inner = _Translator(self._places, self._schemas)
        result = inner.part(schema, replace(at, exact=False))
        left = [each for each in inner.left if each.keyword != EXACT]
        return None if left else result

    def _reference(self, schema: JsonSchema, at: _At) -> Validator:
        name = name_of(schema["$ref"])
        if name in at.above:  # MongoDB has no references
            self._leave(schema, at, "$ref")
            return {}
        return self.part(self._schemas[name], replace(at, above=(*at.above, name)))

    def _object(self, schema: JsonSchema, at: _At, names: TopNames) -> Validator:
        result: Validator = {}
        if "properties" in schema:
            result["properties"] = {
                names.stored(name): self.part(
                    each, at.below(self._places.property(at.place, name), name)
                )
                for name, each in schema["properties"].items()
            }
        others, beyond = self._places.others(at.place), at.below(at.place, "*")
        beyond = replace(beyond, place=others)
        if "patternProperties" in schema:
            result["patternProperties"] = {
                pcre_of_names(names.pattern(pattern)): self.part(each, beyond)
                for pattern, each in schema["patternProperties"].items()
            }
        if schema.get("additionalProperties", True) is not True:
            said = schema["additionalProperties"]
            result["additionalProperties"] = False if said is False else self.part(said, beyond)
            own: Validator = {name: {} for name in at.own}
            result["properties"] = own | result.get("properties", {})
        return result

    def _array(self, schema: JsonSchema, at: _At) -> Validator:
        result: Validator = {}
        prefix = schema.get("prefixItems", ())
        rest = at.below(self._places.element(at.place, at.place.prefix), "*")
        if "items" in schema:
            result["items"] = self.part(schema["items"], rest)
        if prefix:
            others = {"additionalItems": result["items"]} if "items" in result else {}
            elements = [
                self.part(each, at.below(self._places.element(at.place, number), number))
                for number, each in enumerate(prefix)
            ]
            result = {"items": elements, **others}
        return result

    def _composition(self, schema: JsonSchema, at: _At) -> Iterator[Validator]:
        """`$ref`, `allOf`, `anyOf` and `oneOf`, as parts of an `allOf`."""
        if "$ref" in schema:
            yield self._reference(schema, at)
        yield from (self.part(each, at) for each in schema.get("allOf", ()))
        if "anyOf" in schema:
            yield {"anyOf": [self.part(each, at) for each in schema["anyOf"]]}
        if "oneOf" in schema:
            exact = [self._exactly(each, at) for each in schema["oneOf"]]
            weaker = [self.part(each, replace(at, exact=False)) for each in schema["oneOf"]]
            if None in exact:  # of what is not held, too many may fit
                self._leave(schema, at, "oneOf")
            yield {"anyOf": weaker} if None in exact else {"oneOf": exact}

    def _conditions(self, schema: JsonSchema, at: _At, names: TopNames) -> Iterator[Validator]:
        """What draft 4 says in other words, as parts of an `allOf`."""
        if "not" in schema:
            contrary = self._exactly(schema["not"], at)
            if contrary is None:
                self._leave(schema, at, "not")
            else:
                yield {"not": contrary}
        if "if" in schema and ("then" in schema or "else" in schema):
            yield from self._condition(schema, at)
        if "contains" in schema and (schema.get("minContains") != 0 or "maxContains" in schema):
            yield from self._contains(schema, at)
        for name, each in schema.get("dependentSchemas", {}).items():
            yield {"dependencies": {names.stored(name): self.part(each, at)}}

    def _condition(self, schema: JsonSchema, at: _At) -> Iterator[Validator]:
        condition = self._exactly(schema["if"], at)
        if condition is None:
            self._leave(schema, at, *({"if", "then", "else"} & schema.keys()))
            return
        for keyword, other in (("then", {"not": condition}), ("else", condition)):
            if keyword in schema:
                yield {"anyOf": [other, self.part(schema[keyword], at)]}

    def _contains(self, schema: JsonSchema, at: _At) -> Iterator[Validator]:
        element = at.below(self._places.element(at.place, at.place.prefix), "*")
        wanted = self._exactly(schema["contains"], element)
        counts = {key for key in ("minContains", "maxContains") if key in schema}
        if wanted is None or (counts and schema.get("minContains", 1) != 1):
            self._leave(schema, at, "contains", *counts)
            return
        self._leave(schema, at, *(counts & {"maxContains"}))
        yield {"not": {"bsonType": "array", "items": {"not": wanted}}}


def _is_known(keyword: str) -> bool:
    if keyword in _HELD or keyword in _ANNOTATIONS:
        return True
    return keyword.startswith("x-") and keyword != _UNIQUE_AS
