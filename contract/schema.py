"""Schemas, compiled: what an instance breaks, all of it, with where."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from contract.errors import MOST_ERRORS, Fault
from contract.formats import CHECKS, UniqueAs
from contract.integers import Fractions
from openapi.description import JsonSchema, name_of
from openapi.explain import explain
from openapi.pointers import fragment_of
from openapi.schemas import RANGES
from openapi.views import REFUSED, View, viewed

_MOST_PROPERTIES = 2000
"""Of an object that does not fit, so many properties are looked at for the list of errors, and
those of the schema; of an array so many elements, where the schema has no limit of its own."""


_FRACTION = 'the value is not of type "integer": write it without a fraction'


class Schema:
    """A compiled schema. Thread-safe; checking a valid instance takes about a microsecond."""

    def __init__(
        self,
        schema: JsonSchema,
        schemas: Mapping[str, JsonSchema],
        view: View = View.PLAIN,
        *,
        closed: bool = False,
    ) -> None:
        """Compile `schema`, whose references lead to `schemas`.

        Args:
            schema: JSON Schema 2020-12.
            schemas: By name.
            view: Whose.
            closed: Refuse properties that no schema of an object names, where that is left open.

        Raises:
            ValueError: It is no schema, or has a pattern that is none.
        """
        self._schema, self._schemas = schema, schemas
        self._fractions = Fractions(schema, schemas)
        self._root = viewed(schema, schemas, view, closed=closed)
        self._validator = jsonschema_rs.Draft202012Validator(
            self._root,
            formats={**CHECKS, **dict.fromkeys(RANGES, _anything)},
            validate_formats=True,
            ignore_unknown_formats=True,
            mask="the value",
            keywords={"x-unique-as": UniqueAs, REFUSED: _Refused},
        )

    def is_valid(self, instance: Any) -> bool:  # noqa: ANN401 - JSON is anything
        """Whether the instance fits."""
        return (
            self._validator.is_valid(instance)
            and next(self._fractions.find(instance), None) is None
        )

    def faults(self, instance: Any) -> list[Fault]:  # noqa: ANN401 - JSON is anything
        """Everything that is wrong with the instance, up to MOST_ERRORS; empty where it fits."""
        if self._validator.is_valid(instance):
            return [Fault(_FRACTION, fragment_of(each)) for each in self._fractions.find(instance)]
        shortened = self._shortened(instance, self._schema)
        found = explain(self._validator.iter_errors(shortened), self._root)
        faults = [Fault(why, fragment_of(path)) for path, why in islice(found, MOST_ERRORS)]
        return faults or [self._first(instance)]

    def _first(self, instance: Any) -> Fault:  # noqa: ANN401 - JSON is anything
        """One of the faults of an instance whose beginning has none."""
        try:
            self._validator.validate(instance)
        except jsonschema_rs.ValidationError as error:
            path, why = next(explain([error], self._root))
            return Fault(why, fragment_of(path))
        raise AssertionError("valid now, and not before")

    def _shortened(self, instance: Any, schema: JsonSchema) -> Any:  # noqa: ANN401
        """What is wrong, cut to where the schema reaches.

        The library makes every error before we read the first: a body of 300,000 of them, or one
        of 2000 addresses that are hard to read, would keep a worker busy for half a minute.
        """
        while [*schema] == ["$ref"]:
            schema = self._schemas[name_of(schema["$ref"])]
        if isinstance(instance, list):
            items = schema.get("items", {})
            inner = items if isinstance(items, dict) else {}
            most = schema.get("maxItems", _MOST_PROPERTIES)
            return [self._shortened(each, inner) for each in islice(instance, int(most) + 1)]
        if isinstance(instance, dict):
            known = schema.get("properties", {})
            kept = {name: instance[name] for name in known if name in instance}
            kept |= islice(instance.items(), _MOST_PROPERTIES)
            return {name: self._shortened(each, known.get(name, {})) for name, each in kept.items()}
        return instance


class _Refused:
    """The keyword `x-refused` of a property that this side of the wire must not have."""

    def __init__(self, _parent: object, reason: str, _path: object) -> None:
        self._reason = reason

    def validate(self, _: object) -> None:
        """Refuse whatever it is."""
        raise ValueError(self._reason)


def _anything(_: str) -> bool:
    """A format that says nothing about a string."""
    return True
