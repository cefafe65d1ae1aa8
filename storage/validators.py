"""What the database itself refuses: MongoDB's `$jsonSchema`, from the schemas of the specs.

MongoDB speaks draft 4 of JSON Schema, without references. What it cannot say is left to the API
alone: `enforced_keywords` tells what that is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openapi.description import Description, JsonSchema, name_of
from openapi.errors import InvalidDocumentError
from openapi.pointers import pointer_of
from openapi.schemas import EXACT, FORMATS
from storage.keywords import COUNTS, LIMITS, bson_types, plain
from storage.patterns import pcre

_HELD = {
    *("type", "enum", "const", "pattern", "exclusiveMaximum", "exclusiveMinimum", EXACT),
    *("properties", "patternProperties", "additionalProperties", "items", "prefixItems"),
    *("required", "uniqueItems", "dependentRequired", "dependentSchemas"),
    *("$ref", "allOf", "anyOf", *COUNTS, *LIMITS),
}
_ANNOTATIONS = {
    *("title", "description", "default", "deprecated", "examples", "readOnly", "writeOnly"),
    *("discriminator", "contentEncoding", "contentMediaType", "contentSchema", "$comment", "$defs"),
}
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPPINGS = ("properties", "patternProperties", "dependentSchemas")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_BRANCHES = ("allOf", "anyOf", "oneOf", "if", "then", "else")


def collection_schema(
    description: Description, name: str, internal: Mapping[str, Any]
) -> dict[str, Any]:
    """The `$jsonSchema` of a collection.

    Args:
        description: The API.
        name: The name of the schema of what the collection holds.
        internal: `$jsonSchema` of the fields that only storage knows, by name; those whose schema
            has `"optional": True` may be missing.

    Raises:
        InvalidDocumentError: The schema refers to itself.
    """
    result = _Translator(description, frozenset(internal)).value(_named(description, name))
    required = [field for field, each in internal.items() if not each.get("optional")]
    result["required"] = [*required, *result.get("required", [])]
    result["properties"] = result.get("properties", {}) | {
        field: {key: value for key, value in each.items() if key != "optional"}
        for field, each in internal.items()
    }
    return result


def part_schema(description: Description, name: str, field: str) -> dict[str, Any]:
    """The `$jsonSchema` of one property of a schema.

    Raises:
        InvalidDocumentError: The property's schema refers to itself.
    """
    return _Translator(description).value(_named(description, name).below("properties", field))


def enforced_keywords(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> set[str]:
    """Those of the schema's keywords that its `$jsonSchema` holds, or that refuse nothing.

    Args:
        schema: Its references lead to `schemas`.
        schemas: By name.
    """
    if schema.get("format") == "date-time":  # stored as a moment, whatever its text was like
        return {*schema}
    held = _HELD | _ANNOTATIONS | {key for key in schema if key.startswith("x-")} - {"x-unique-as"}
    if schema.get("format") not in FORMATS:
        held |= {"format"}
    if "minContains" not in schema and "maxContains" not in schema:
        held |= {"contains"} if _are_exact(schema, schemas, "contains") else set()
    held |= {"not"} if _are_exact(schema, schemas, "not") else set()
    held |= {"if", "then", "else"} if _are_exact(schema, schemas, "if") else set()
    held |= {"oneOf"} if _are_exact(schema, schemas, "oneOf") else set()
    return held & {*schema}


def _are_exact(schema: JsonSchema, schemas: Mapping[str, JsonSchema], keyword: str) -> bool:
    """Whether the `$jsonSchema` of each schema in the keyword refuses all that the schema does."""
    inner = _Place("", {key: schema[key] for key in (keyword,) if key in schema}).within()
    return all(_is_exact(each.schema, schemas) for each in inner)


def _is_exact(
    schema: JsonSchema, schemas: Mapping[str, JsonSchema], above: tuple[str, ...] = ()
) -> bool:
    """Whether a schema's contrary can be said: its `$jsonSchema` refuses all that it does."""
    if schema.get("format") == "date-time" or enforced_keywords(schema, schemas) != {*schema}:
        return False
    inner = [each.schema for each in _Place("", schema).within()]
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        if name in above:
            return False
        above = (*above, name)
        inner.append(schemas[name])
    return all(_is_exact(each, schemas, above) for each in inner)


@dataclass(frozen=True)
class _Place:
    """A schema, and the pointer to it."""

    pointer: str
    schema: JsonSchema

    def below(self, *keys: str | int) -> "_Place":
        schema: Any = self.schema
        for key in keys:
            schema = schema[key]
        return _Place(f"{self.pointer}{pointer_of(*keys)}", schema)

    def each(self, keyword: str) -> list["_Place"]:
        return [self.below(keyword, number) for number in range(len(self.schema.get(keyword, ())))]

    def named(self, keyword: str) -> dict[str, "_Place"]:
        return {name: self.below(keyword, name) for name in self.schema.get(keyword, ())}

    def within(self) -> Iterator["_Place"]:
        """The schemas right within this one."""
        for keyword in _LISTS:
            yield from self.each(keyword)
        for keyword in _MAPPINGS:
            yield from self.named(keyword).values()
        for keyword in _SINGLE:
            if isinstance(self.schema.get(keyword), dict):
                yield self.below(keyword)


def _named(description: Description, name: str) -> _Place:
    return _Place(pointer_of("components", "schemas", name), description.schemas[name])


@dataclass(frozen=True)
class _Translator:
    """Translates one schema.

    Args:
        description: The API.
        internal: Fields of the whole that the spec does not know.
        closed: Objects have no properties but those that are named, where that is left open.
        above: The names of the schemas that this one is in.
    """

    description: Description
    internal: frozenset[str] = frozenset()
    closed: bool = True
    above: tuple[str, ...] = ()

    def value(self, place: _Place) -> dict[str, Any]:
        """The `$jsonSchema` of a whole value."""
        result = self.part(place)
        parts = [*self._parts(place.schema, _BRANCHES)]
        names = [name for each in parts for name in each.get("properties", ())]
        said = {"additionalProperties", "patternProperties"}
        is_open = any(said & each.keys() or each.get("unevaluatedProperties") for each in parts)
        if self.closed and names and not is_open:
            result["properties"] = {name: {} for name in names} | result.get("properties", {})
            result["additionalProperties"] = False
        return result

    def part(self, place: _Place) -> dict[str, Any]:
        """The `$jsonSchema` of something that a value has to fit, among other things."""
        schema = place.schema
        if [*schema] == ["$ref"]:
            return self._reference(place)
        moments = [
            each for each in self._parts(schema, ("allOf",)) if each.get("format") == "date-time"
        ]
        if moments:
            nullable = any("null" in bson_types(each) for each in moments)
            return {"bsonType": ["date", "null"] if nullable else "date"}
        result = {**plain(schema), **self._object(place), **self._array(place)}
        if "maxProperties" in result:
            result["maxProperties"] += len(self.internal)
        if both := [*self._composition(place), *self._conditions(place)]:
            result["allOf"] = both
        return result

    def _reference(self, place: _Place) -> dict[str, Any]:
        name = name_of(place.schema["$ref"])
        if name in self.above:
            where = self.description.place(place.pointer)
            raise InvalidDocumentError(
                f"{where}: {name} is within itself, and is stored: MongoDB cannot check that"
            )
        inner = replace(self, above=(*self.above, name))
        return inner.part(_named(self.description, name))

    def _object(self, place: _Place) -> dict[str, Any]:
        schema, inner = place.schema, replace(self, internal=frozenset())
        result: dict[str, Any] = {
            keyword: {change(key): inner.value(each) for key, each in place.named(keyword).items()}
            for keyword, change in (("properties", str), ("patternProperties", pcre))
            if keyword in schema
        }
        others = schema.get("additionalProperties", True)
        if others is not True:
            result["additionalProperties"] = (
                others if others is False else inner.value(place.below("additionalProperties"))
            )
            known: dict[str, Any] = {name: {} for name in sorted(self.internal)}
            result["properties"] = known | result.get("properties", {})
        return result

    def _array(self, place: _Place) -> dict[str, Any]:
        inner = replace(self, internal=frozenset())
        result: dict[str, Any] = {}
        if "items" in place.schema:
            result["items"] = inner.value(place.below("items"))
        if "prefixItems" in place.schema:
            others = {"additionalItems": result["items"]} if "items" in result else {}
            result = {"items": [inner.value(each) for each in place.each("prefixItems")], **others}
        return result

    def _composition(self, place: _Place) -> Iterator[dict[str, Any]]:
        """`$ref`, `allOf`, `anyOf` and `oneOf`, as parts of an `allOf`."""
        schema = place.schema
        if "$ref" in schema:
            yield self._reference(place)
        yield from (self.part(each) for each in place.each("allOf"))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                held = keyword in enforced_keywords(schema, self.description.schemas)
                branches = [self.part(each) for each in place.each(keyword)]
                yield {keyword if held else "anyOf": branches}  # too many may fit what is not held

    def _conditions(self, place: _Place) -> Iterator[dict[str, Any]]:
        """What draft 4 says in other words, as parts of an `allOf`; what it cannot say is left."""
        schema, contrary = place.schema, replace(self, closed=False)
        held = enforced_keywords(schema, self.description.schemas)
        if "not" in held:
            yield {"not": contrary.part(place.below("not"))}
        if "contains" in held:
            without = {"not": contrary.part(place.below("contains"))}
            yield {"not": {"bsonType": "array", "items": without}}
        if "if" in held:
            condition = contrary.part(place.below("if"))
            for keyword, other in (("then", {"not": condition}), ("else", condition)):
                if keyword in schema:
                    yield {"anyOf": [other, self.part(place.below(keyword))]}
        for name, each in place.named("dependentSchemas").items():
            yield {"dependencies": {name: self.part(each)}}

    def _parts(
        self, schema: JsonSchema, branches: tuple[str, ...], above: frozenset[int] = frozenset()
    ) -> Iterator[JsonSchema]:
        """The schema and those that it is put together from."""
        if id(schema) in above:
            return
        above |= {id(schema)}
        yield schema
        inner = [*_Place("", {key: schema[key] for key in branches if key in schema}).within()]
        if "$ref" in schema:
            inner.append(_named(self.description, name_of(schema["$ref"])))
        for each in inner:
            yield from self._parts(each.schema, branches, above)
