"""Schemas, compiled: what an instance breaks, all of it, with where."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import jsonschema_rs

from contract.errors import MAX_ERRORS, ValidationIssue
from contract.excerpt import Excerpt
from contract.formats import CHECKS, UniqueAs
from contract.integers import Fractions
from openapi.description import JsonSchema
from openapi.explain import explain
from openapi.pointers import fragment_of
from openapi.schemas import RANGES, mapped, within
from openapi.views import REFUSED, View, viewed

_MAX_LISTED = 2000
"""Of an instance that does not fit, about so many values are looked at for everything that is
wrong. The library makes every error before we read the first, at 20 microseconds each: a body of
300,000 of them would keep a worker busy for half a minute.
"""

_ALTERNATIVES = ("anyOf", "oneOf")

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
            closed: Refuse properties that no schema of the whole names, where that is left open.

        Raises:
            ValueError: It is no schema, or has a pattern that is none.
        """
        self._schemas = schemas
        self._branches: dict[int, jsonschema_rs.Draft202012Validator] = {}
        self._fractions = Fractions(schema, schemas, self._fits)
        self._root = viewed(schema, schemas, view, closed=closed)
        self._validator = _compiled(self._root)

    def _fits(self, value: Any, branch: JsonSchema) -> bool:  # noqa: ANN401
        if id(branch) not in self._branches:
            self._branches[id(branch)] = _compiled(viewed(branch, self._schemas, View.PLAIN))
        return self._branches[id(branch)].is_valid(value)

    def is_valid(self, instance: Any) -> bool:  # noqa: ANN401 - JSON is anything
        """Whether the instance fits."""
        return self._validator.is_valid(instance) and not self._fractions.find(instance)

    def issues(self, instance: Any) -> list[ValidationIssue]:  # noqa: ANN401 - JSON is anything
        """What is wrong with the instance, up to MAX_ERRORS; empty where it fits, and only there.

        Where it is large, all that is wrong with its beginning; if nothing is, what is wrong first.
        """
        if self._validator.is_valid(instance):
            return [
                ValidationIssue(_FRACTION, fragment_of(each))
                for each in self._fractions.find(instance)
            ]
        excerpt = Excerpt(instance, _MAX_LISTED, MAX_ERRORS)
        is_small = excerpt.size * (1 + self._alternatives) <= _MAX_LISTED
        errors = (self._validator if is_small else self._brief).iter_errors(excerpt.value)
        told = (error for error in errors if excerpt.tells(error))
        return self._explained(told) or self._first(instance)

    def _first(self, instance: Any) -> list[ValidationIssue]:  # noqa: ANN401 - JSON is anything
        try:
            self._brief.validate(instance)
        except jsonschema_rs.ValidationError as error:
            return self._explained([error])
        return [ValidationIssue("does not fit, and is too large to say where", "#")]

    def _explained(self, errors: Iterable[jsonschema_rs.ValidationError]) -> list[ValidationIssue]:
        found = islice(explain(errors, self._root), MAX_ERRORS)
        return [ValidationIssue(why, fragment_of(path)) for path, why in found]

    @cached_property
    def _brief(self) -> jsonschema_rs.Draft202012Validator:
        """The same, but it does not say why each alternative does not fit: there are too many."""
        components = self._root["components"]["schemas"]
        brief = {name: _briefly(each) for name, each in components.items()}
        return _compiled(_briefly(self._root) | {"components": {"schemas": brief}})

    @cached_property
    def _alternatives(self) -> int:
        parts = [self._root, *self._root["components"]["schemas"].values()]
        return sum(map(_alternatives, parts))


def _compiled(root: JsonSchema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        root,
        formats={**CHECKS, **dict.fromkeys(RANGES, _anything)},
        validate_formats=True,
        ignore_unknown_formats=True,
        mask="the value",
        keywords={"x-unique-as": UniqueAs, REFUSED: _Refused},
    )


def _briefly(schema: JsonSchema) -> JsonSchema:
    """The schema with alternatives written so that an error says nothing of the branches."""
    plain = {key: value for key, value in schema.items() if not key.startswith("unevaluated")}
    brief = mapped(plain, _briefly)
    branches = [brief.pop(keyword) for keyword in _ALTERNATIVES if keyword in brief]
    fit = [
        {"not": {"allOf": [{"not": each} for each in alternatives]}} for alternatives in branches
    ]
    return brief | {"allOf": [*brief.get("allOf", []), *fit]} if fit else brief


def _alternatives(schema: JsonSchema) -> int:
    """How many alternatives a schema has in all."""
    here = sum(len(schema.get(keyword, ())) for keyword in _ALTERNATIVES)
    return here + sum(map(_alternatives, within(schema)))


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
