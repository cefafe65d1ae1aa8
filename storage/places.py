"""What a schema says of each place within a value, whichever branches the value takes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jsonschema_rs

from openapi.description import JsonSchema, name_of
from storage.conversions import CONVERSIONS, Conversion

NOTHING: JsonSchema = {"not": {}}
"""The schema that no value fits."""

_ABOUT_TEXT = {"pattern", "enum", "const", "minLength", "maxLength"}
_COMPARING = {"enum", "const", "uniqueItems"}
_Inner = Callable[[JsonSchema], list[JsonSchema]]
_MAYBE = ("not", "if", "then", "else")
_OF_SOME = ("contains", "unevaluatedItems")
_NONE = ""


@dataclass(frozen=True)
class Place:
    """A place, such as `/items/*/price`, and what schemas say of the value there.

    Args:
        facets: Schemas that hold there.
        choices: Of the places of each, one at least holds.
        asides: Schemas that may hold or not.
        is_compared: What stands here is compared as it is (`enum`, `const`, `uniqueItems`).
    """

    facets: tuple[JsonSchema, ...] = ()
    choices: tuple[tuple["Place", ...], ...] = ()
    asides: tuple[JsonSchema, ...] = ()
    is_compared: bool = False

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other places."""
        return (
            self.is_compared,
            frozenset(map(id, self.facets)),
            frozenset(frozenset(each.key for each in choice) for choice in self.choices),
            frozenset(map(id, self.asides)),
        )

    @cached_property
    def schemas(self) -> tuple[JsonSchema, ...]:
        """All that say something of it."""
        inner = (one for choice in self.choices for each in choice for one in each.schemas)
        return (*self.facets, *inner, *self.asides)

    @property
    def is_open(self) -> bool:
        """Whether nothing is said of what stands here."""
        return not self.facets and not self.choices

    @property
    def is_closed(self) -> bool:
        """Whether an object here has no properties but those in `names`."""
        return any(
            each.get("additionalProperties") is False and "patternProperties" not in each
            for each in self.facets
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The properties that are named."""
        named = (name for each in self.schemas for name in each.get("properties", ()))
        return tuple(dict.fromkeys(named))

    @property
    def prefix(self) -> int:
        """How many elements have a schema by their position."""
        return max((len(each.get("prefixItems", ())) for each in self.schemas), default=0)

    @cached_property
    def conversion(self) -> Conversion | None:
        """How a string is stored here: None where it is stored as it was sent.

        It is converted only where no string but one of the format can stand here, and where
        nothing is said of its text that the one that comes back might break.
        """
        conversion = None if self.is_compared else CONVERSIONS.get(self._format or _NONE)
        for schema in self.schemas if conversion else ():
            said = _ABOUT_TEXT & schema.keys()
            if schema.get("format", self._format) != self._format:
                return None
            if conversion and not conversion.allows(schema, said):
                return None
        return conversion

    @cached_property
    def _format(self) -> str | None:
        """The format of every string here; _NONE where there can be none, None if it is open."""
        if any(map(_refuses_strings, self.facets)):
            return _NONE
        found = {each["format"] for each in self.facets if each.get("format") in CONVERSIONS}
        for choice in self.choices:
            formats = {each._format for each in choice} - {_NONE}  # noqa: SLF001 - another of these
            if not formats:
                return _NONE
            if len(formats) == 1:
                found |= formats - {None}
        return found.pop() if len(found) == 1 else None


class Places:
    """The places of values that fit a schema."""

    def __init__(self, schemas: Mapping[str, JsonSchema]) -> None:
        self._schemas = schemas

    def of(self, schemas: Iterable[JsonSchema], above: frozenset[int] = frozenset()) -> Place:
        """The place of a value that fits all of the schemas, and of those that it is within."""
        facets: dict[int, JsonSchema] = {}
        choices: list[tuple[JsonSchema, ...]] = []
        asides: dict[int, JsonSchema] = {}
        left = [*schemas]
        while left:
            schema = left.pop(0)
            if not schema or id(schema) in facets or id(schema) in above:
                continue
            facets[id(schema)] = schema
            if "$ref" in schema:
                left.append(self._schemas[name_of(schema["$ref"])])
            left += schema.get("allOf", ())
            choices += [tuple(schema[key]) for key in ("anyOf", "oneOf") if key in schema]
            for each in _conditional(schema):
                self._put_aside(each, asides)
        return self._joined(
            tuple(facets.values()),
            [[self._branch(each, above | {*facets}) for each in choice] for choice in choices],
            asides,
            compared=False,
        )

    def _branch(self, schema: JsonSchema, above: frozenset[int]) -> Place:
        """The place of a branch; one that leads back to where it stands says nothing."""
        return Place() if id(schema) in above else self.of([schema], above)

    def property(self, place: Place, name: str) -> Place:
        """The place of a property."""
        return self._below(
            place, lambda schema: _of_property(schema, name), _of_unevaluated, _is_mixed(place)
        )

    def others(self, place: Place) -> Place:
        """The place of every property that no schema here names."""
        return self._below(place, _of_others, _of_some_names, _is_mixed(place))

    def element(self, place: Place, index: int) -> Place:
        """The place of an element."""
        return self._below(
            place, lambda schema: _of_element(schema, index), _of_some_elements, _is_ragged(place)
        )

    def _below(self, place: Place, inner: _Inner, maybe: _Inner, as_sent: bool) -> Place:  # noqa: FBT001
        """A place right within one: `inner` are schemas that hold there, `maybe` that may."""
        compared = as_sent or place.is_compared
        compared |= any(not _COMPARING.isdisjoint(schema) for schema in place.schemas)
        own = self.of(each for schema in place.facets for each in inner(schema))
        below = [
            [self._below(each, inner, maybe, as_sent) for each in choice]
            for choice in place.choices
        ]
        asides = {id(each): each for each in own.asides}
        for schema in place.facets:
            for each in maybe(schema):
                self._put_aside(each, asides)
        for schema in place.asides:
            for each in (*inner(schema), *maybe(schema)):
                self._put_aside(each, asides)
        choices = [*map(list, own.choices), *below]
        return self._joined(own.facets, choices, asides, compared=compared)

    def _joined(
        self,
        facets: tuple[JsonSchema, ...],
        choices: Iterable[list[Place]],
        asides: dict[int, JsonSchema],
        *,
        compared: bool,
    ) -> Place:
        """The place, in its shortest form: else those of a recursive schema would never end."""
        kept: dict[Any, tuple[Place, ...]] = {}
        for choice in choices:
            flat = [one for each in choice for one in _alternatives(each)]
            different = {each.key: each for each in flat}
            if any(not each.facets and not each.choices for each in flat):
                asides |= {id(one): one for each in flat for one in each.schemas}
            elif len(different) == 1:
                (one,) = different.values()
                known = {*map(id, facets)}
                facets += tuple(each for each in one.facets if id(each) not in known)
                kept |= {_key(each): each for each in one.choices}
                asides |= {id(each): each for each in one.asides}
            else:
                branches = tuple(different.values())
                kept[_key(branches)] = branches
        return Place(facets, tuple(kept.values()), tuple(asides.values()), compared)

    def _put_aside(self, schema: JsonSchema, asides: dict[int, JsonSchema]) -> None:
        """Put a schema, and those that it is put together from, among the asides."""
        if schema and id(schema) not in asides:
            asides[id(schema)] = schema
            if "$ref" in schema:
                self._put_aside(self._schemas[name_of(schema["$ref"])], asides)
            for key in ("allOf", "anyOf", "oneOf"):
                for each in schema.get(key, ()):
                    self._put_aside(each, asides)
            for each in _conditional(schema):
                self._put_aside(each, asides)


def _alternatives(place: Place) -> tuple[Place, ...]:
    """The branches of a place about which nothing is said but that it has some."""
    if place.facets or place.asides or len(place.choices) != 1:
        return (place,)
    return place.choices[0]


def _key(choice: tuple[Place, ...]) -> frozenset[Any]:
    return frozenset(each.key for each in choice)


def _conditional(schema: JsonSchema) -> list[JsonSchema]:
    return [
        *(schema[key] for key in _MAYBE if isinstance(schema.get(key), dict)),
        *schema.get("dependentSchemas", {}).values(),
    ]


def _refuses_strings(schema: JsonSchema) -> bool:
    types = schema.get("type", "string")
    return schema == NOTHING or "string" not in ([types] if isinstance(types, str) else types)


def _schema(value: Any) -> list[JsonSchema]:  # noqa: ANN401 - a schema or a boolean
    if value is False:
        return [NOTHING]
    return [value] if isinstance(value, dict) else []


def _of_property(schema: JsonSchema, name: str) -> list[JsonSchema]:
    found = _schema(schema.get("properties", {}).get(name))
    patterns = schema.get("patternProperties", {})
    found += [each for pattern, each in patterns.items() if _matcher(pattern)(name)]
    return found or _schema(schema.get("additionalProperties"))


def _of_others(schema: JsonSchema) -> list[JsonSchema]:
    return _schema(schema.get("additionalProperties"))


def _of_element(schema: JsonSchema, index: int) -> list[JsonSchema]:
    prefix = schema.get("prefixItems", ())
    return [prefix[index]] if index < len(prefix) else _schema(schema.get("items"))


def _of_unevaluated(schema: JsonSchema) -> list[JsonSchema]:
    return [each for each in [schema.get("unevaluatedProperties")] if isinstance(each, dict)]


def _of_some_names(schema: JsonSchema) -> list[JsonSchema]:
    return [*schema.get("patternProperties", {}).values(), *_of_unevaluated(schema)]


def _of_some_elements(schema: JsonSchema) -> list[JsonSchema]:
    return [schema[key] for key in _OF_SOME if isinstance(schema.get(key), dict)]


def _is_mixed(place: Place) -> bool:
    """Whether one schema is about properties of which others differ in what they say."""
    names = {*place.names}
    return any(
        "patternProperties" in schema
        or isinstance(schema.get("unevaluatedProperties"), dict)
        or (
            isinstance(schema.get("additionalProperties"), dict)
            and names != {*schema.get("properties", ())}
        )
        for schema in place.schemas
    )


def _is_ragged(place: Place) -> bool:
    """The same of elements."""
    about = ("prefixItems", "items", "contains", "unevaluatedItems")
    speaking = [each for each in place.schemas if any(key in each for key in about)]
    loose = any("contains" in each or "unevaluatedItems" in each for each in speaking)
    return any("prefixItems" in each for each in speaking) and (len(speaking) > 1 or loose)


@cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
