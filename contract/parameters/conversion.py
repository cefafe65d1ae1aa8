"""From texts to values: what was sent is always text, and a schema says what it stands for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contract.bodies.field_values import parse_json
from contract.parameters.deep_objects import as_array
from contract.parameters.scalars import SCALARS, text_itself
from contract.parameters.shapes import Shape, shapes
from contract.schema import Schema
from openapi.description import JsonSchema
from openapi.views import View

Raw = str | list[Any] | dict[str, Any]
"""What was sent, taken apart by its style: texts, in lists and mappings.

A list of one text may stand for the text: of `a=1` alone nobody can say which is meant.
"""


class Values:
    """Makes values of one schema. Thread-safe.

    Where the schema has alternatives, the first one that gives a value which fits is taken.
    """

    def __init__(
        self, schema: JsonSchema, schemas: Mapping[str, JsonSchema], known: "Known | None" = None
    ) -> None:
        """Compile it.

        Raises:
            TooManyShapesError: It has too many alternatives.
        """
        known = {} if known is None else known
        found = shapes(schema, schemas)
        self._fits = Schema(schema, schemas, View.REQUEST) if len(found) > 1 else None
        self.readings: tuple[Reading, ...] = ()
        known[_identity(schema)] = schema, self  # from here on, for within it the schema may recur
        self.readings = tuple(Reading(each, schemas, known) for each in found)

    def __call__(self, raw: Raw) -> Any:  # noqa: ANN401
        """The value; where it can be none, what comes nearest, for the schema to refuse."""
        if self._fits is None:
            return self.readings[0](raw)
        return self.first([(each, raw) for each in self.readings])

    def first(self, readings: "list[tuple[Reading, Raw]]") -> Any:  # noqa: ANN401
        """The first value that fits, or else the first that is one of its type."""
        made = [(each, each(raw)) for each, raw in readings]
        typed = [value for each, value in made if each.is_text or value.__class__ is not str]
        for value in typed:
            if self._fits is None or self._fits.is_valid(value):
                return value
        return (typed or [made[0][1]])[0]


Known = dict[object, tuple[JsonSchema, Values]]
"""The schemas that are compiled already, by their identity: they may recur."""


def _identity(schema: JsonSchema) -> object:
    """What is the same for schemas that were put together anew of the same ones."""
    for keyword in ("allOf", "anyOf"):
        if [*schema] == [keyword]:
            return keyword, *map(_identity, schema[keyword])
    return id(schema)


class Reading:
    """Makes values of one alternative of a schema. Thread-safe."""

    def __init__(self, shape: Shape, schemas: Mapping[str, JsonSchema], known: Known) -> None:
        self.shape = shape
        self.text = SCALARS.get(shape.type)
        """Makes the value of a text, where it is neither an array nor an object."""

        def values(schema: JsonSchema) -> Values:
            found = known.get(_identity(schema))
            return Values(schema, schemas, known) if found is None else found[1]

        self.is_text = self.text is text_itself
        self._names: Mapping[str, Values] = {}
        self._patterns: list[tuple[Schema, Values]] = []
        self._prefix: tuple[Values, ...] = ()
        self._others: Values | None = None
        self._items: Values | None = None
        self._text: Callable[[str], Any] | None = None  # the same of all elements
        self._is_blank_nothing = False  # where no element can be empty, an empty text is no element
        if shape.type == "object":
            self._names = {name: values(shape.schema_of(name)) for name in shape.names}
            self._patterns = [
                (Schema({"pattern": pattern}, {}), values(schema))
                for pattern, schema in shape.patterns
            ]
            self._others = values(shape.others)
        elif shape.type == "array":
            self._prefix = tuple(map(values, shape.prefix))
            self._items = values(shape.items)
            self._is_blank_nothing = not Schema(shape.items, schemas, View.REQUEST).is_valid("")
            one = self._items.readings
            if len(one) == 1 and not self._prefix:
                self._text = one[0].text

    def __call__(self, raw: Raw) -> Any:  # noqa: ANN401
        """The value, or what comes nearest."""
        if self.text is not None:
            if raw.__class__ is list and len(raw) == 1:
                raw = raw[0]
            return self.text(raw) if raw.__class__ is str else raw
        if self._others is not None:
            return self._object(raw, self._others)
        return self._array(raw)

    def _array(self, raw: Raw) -> Any:  # noqa: ANN401
        if isinstance(raw, str):
            return _json(raw)
        text = self._text
        if isinstance(raw, dict):
            raw, text = as_array(raw), None  # each of whose elements is taken apart further
        if not isinstance(raw, list) or self._items is None:
            return raw
        if raw == [""] and self._is_blank_nothing:
            return []
        if text is not None:
            return [text(each) for each in raw]
        most = len(self._prefix)
        return [
            self._prefix[place](each) if place < most else self._items(each)
            for place, each in enumerate(raw)
        ]

    def _object(self, raw: Raw, others: Values) -> Any:  # noqa: ANN401
        if isinstance(raw, list) and len(raw) == 1:
            raw = raw[0]
        if isinstance(raw, str):
            return _json(raw) if raw else {}
        if not isinstance(raw, dict):
            return raw
        names = self._names
        if self._patterns:
            names = {**self._by_pattern(raw), **names}
        return {name: names.get(name, others)(each) for name, each in raw.items()}

    def _by_pattern(self, names: Iterable[str]) -> dict[str, Values]:
        return {
            name: values
            for pattern, values in self._patterns
            for name in names
            if pattern.is_valid(name)
        }


def _json(text: str) -> Any:  # noqa: ANN401
    """An array or an object within a value, for which no style has a way of writing: JSON."""
    try:
        return parse_json(text.encode())
    except ValueError:
        return text
