"""Between wire and database: what is stored of a value, and the value of what is stored.

Compiled from a schema, place by place as they are met; where nothing is to be done, nothing is.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import chain, repeat
from typing import Any

from openapi.description import JsonSchema
from openapi.schemas import Reach
from storage.client import Json
from storage.conversions import CONVERSIONS
from storage.integers import free_stored, free_wire
from storage.mongo_limits import Path, check, is_open, is_recursive, may_exceed
from storage.places import Place, Places
from storage.property_names import TopNames, stored_name
from storage.system_fields import OWN

_SAYS_NOTHING = frozenset(("$ref", "title", "description", "examples", "deprecated"))
"""Keywords of a schema that any value fits; where a reference leads is looked at by itself."""


class Codec:
    """The codec of what a collection holds. Thread-safe."""

    def __init__(
        self,
        schema: JsonSchema,
        schemas: Mapping[str, JsonSchema],
        *,
        closed: bool = False,
    ) -> None:
        """Compile the schema of an object.

        Args:
            schema: Its references lead to `schemas`.
            schemas: By name.
            closed: At the top there are no properties but those that the schema names.
        """
        places = Places(schemas)
        place = places.of([schema])
        self._plan = _Plan(place, _Plans(schemas, places), TopNames(OWN), closed=closed)
        names = place.names if closed else ()
        parts = [places.property(place, each) for each in names] if closed else [place]
        exceeds = Reach(schemas, may_exceed)
        self._has_limits = any(
            each.is_open or any(map(exceeds, each.schemas)) for each in parts
        ) or is_recursive(schema, schemas)

    def to_database(self, value: Mapping[str, Any]) -> Json:
        """What is stored of an object, or of some of its properties: a new object.

        Raises:
            UnstorableError: MongoDB cannot hold it.
        """
        if self._has_limits:
            check(value, self._plan.is_free_at)
        return self._plan.encoded({**value})

    def to_wire(self, stored: Json) -> Json:
        """The object that a document, or a part of one, was stored for. Changes `stored`."""
        for name in OWN:
            stored.pop(name, None)
        return self._plan.decoded(stored)


class _Plans:
    """The plans of places, each made once."""

    def __init__(self, schemas: Mapping[str, JsonSchema], places: Places) -> None:
        self.places = places
        self._matters = Reach(schemas, _matters)
        self._made: dict[Any, _Plan | None] = {}

    def of(self, place: Place) -> "_Plan | None":
        """The plan of a place; None where nothing is to be done there or below."""
        if place.key not in self._made:
            matters = place.is_open or any(map(self._matters, place.schemas))
            self._made[place.key] = _Plan(place, self, TopNames(())) if matters else None
        return self._made[place.key]


def _matters(schema: JsonSchema) -> bool:
    named = schema.get("properties", ())
    return (
        schema.get("format") in CONVERSIONS
        or is_open(schema)
        or any(stored_name(name) != name for name in named)
    )


class _Plan:
    """What to do with the values of one place."""

    def __init__(
        self, place: Place, plans: _Plans, names: TopNames, *, closed: bool = False
    ) -> None:
        self._place, self._plans, self._names = place, plans, names
        self._conversion = place.conversion
        self._closed = closed or place.is_closed
        self._is_free = not place.is_compared and all(
            _SAYS_NOTHING.issuperset(schema) for schema in place.schemas
        )

    def is_free_at(self, path: Path) -> bool:
        """Whether nothing at all is said of what stands at a path."""
        if not path:
            return self._is_free
        key, *rest = path
        if isinstance(key, str):
            below = self._named.get(key, self._others)
        else:
            below = self._prefix[key] if key < len(self._prefix) else self._rest
        return below is not None and below.is_free_at((*rest,))

    def encode(self, value: Any) -> Any:  # noqa: ANN401 - any of JSON
        """What is stored for a value."""
        if self._is_free and isinstance(value, str | int):
            return free_stored(value)
        if isinstance(value, str):
            return value if self._conversion is None else self._conversion.encode(value)
        if isinstance(value, dict):
            return self.encoded({**value})
        if isinstance(value, list):
            plans = chain(self._prefix, repeat(self._rest))
            return [
                each if plan is None else plan.encode(each)
                for each, plan in zip(value, plans, strict=False)
            ]
        return value

    def encoded(self, value: Json) -> Json:
        """What is stored for an object, which may change."""
        if self._is_plain:
            for name, plan in self._steps:
                if name in value:
                    value[name] = plan.encode(value[name])
            return value
        result = {}
        for name, each in value.items():
            below = self._named.get(name, self._others)
            result[self._names.stored(name)] = each if below is None else below.encode(each)
        return result

    def decode(self, stored: Any) -> Any:  # noqa: ANN401 - any of BSON
        """The value that something was stored for."""
        if self._conversion is not None and isinstance(stored, self._conversion.python_type):
            return self._conversion.decode(stored)
        if self._is_free and isinstance(stored, str):
            return free_wire(stored)
        if isinstance(stored, dict):
            return self.decoded(stored)
        if isinstance(stored, list):
            plans = chain(self._prefix, repeat(self._rest))
            return [
                each if plan is None else plan.decode(each)
                for each, plan in zip(stored, plans, strict=False)
            ]
        return stored

    def decoded(self, stored: Json) -> Json:
        """The object that something was stored for; it may change."""
        if self._is_plain:
            for name, plan in self._steps:
                if name in stored:
                    stored[name] = plan.decode(stored[name])
            return stored
        result = {}
        for key, each in stored.items():
            name = self._names.wire(key)
            below = self._named.get(name, self._others)
            result[name] = each if below is None else below.decode(each)
        return result

    @cached_property
    def _is_plain(self) -> bool:
        """Whether all names are known, and stored as they are."""
        return self._closed and all(self._names.stored(each) == each for each in self._place.names)

    @cached_property
    def _named(self) -> "Mapping[str, _Plan | None]":
        places, place = self._plans.places, self._place
        return {name: self._plans.of(places.property(place, name)) for name in place.names}

    @cached_property
    def _steps(self) -> "list[tuple[str, _Plan]]":
        return [(name, plan) for name, plan in self._named.items() if plan is not None]

    @cached_property
    def _others(self) -> "_Plan | None":
        return None if self._closed else self._plans.of(self._plans.places.others(self._place))

    @cached_property
    def _prefix(self) -> "list[_Plan | None]":
        places, place = self._plans.places, self._place
        return [self._plans.of(places.element(place, n)) for n in range(place.prefix)]

    @cached_property
    def _rest(self) -> "_Plan | None":
        return self._plans.of(self._plans.places.element(self._place, self._place.prefix))
