"""Operations on a collection, from the names that storage knows to what is in the database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from storage.client import Json
from storage.evolution.changes import Document
from storage.evolution.layers import Layer, UnsupportedError
from storage.evolution.paths import below

_LOGICAL = ("$and", "$or", "$nor")
_SETTING = ("$set", "$addFields")
_REPLACING = ("$replaceWith", "$replaceRoot")

_COMPUTED: Mapping[str, Callable[[str, Any], Any]] = {
    "$set": lambda _, value: {"$literal": value},
    "$min": lambda path, value: {"$min": [f"${path}", {"$literal": value}]},
    "$max": lambda path, value: {"$max": [f"${path}", {"$literal": value}]},
    "$inc": lambda path, value: {"$add": [{"$ifNull": [f"${path}", 0]}, {"$literal": value}]},
    "$push": lambda path, value: {
        "$slice": [
            {"$concatArrays": [{"$ifNull": [f"${path}", []]}, {"$literal": value["$each"]}]},
            value["$slice"],
        ]
    },
}
"""Update operators as expressions."""


@dataclass(frozen=True)
class Shape:
    """The changes of one collection, in their order."""

    layers: tuple[Layer, ...]

    def document(self, document: Document) -> Document:
        """What to insert."""
        return reduce(lambda found, layer: layer.document(found), self.layers, document)

    def query(self, query: Mapping[str, Any]) -> Json:
        """A filter."""
        return reduce(_query, self.layers, dict(query))

    def update(self, update: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401
        """An update, by operators or as a pipeline."""
        return reduce(_update, self.layers, update)

    def pipeline(self, stages: Iterable[Mapping[str, Any]]) -> list[Json]:
        """An aggregation."""
        given = [dict(each) for each in stages]
        return reduce(
            lambda found, layer: [_stage(layer, each, update=False) for each in found],
            self.layers,
            given,
        )

    def projection(self, projection: Mapping[str, Any] | Iterable[str] | None) -> Json | None:
        """A selection of fields."""
        if projection is None:
            return None
        if not isinstance(projection, Mapping):
            projection = dict.fromkeys(projection, 1)
        return reduce(_projection, self.layers, dict(projection))

    def order(self, order: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """What to sort by."""
        for layer in self.layers:
            order = [(place, way) for path, way in order for place in _places(layer, path)]
        return [*order]

    def read(self, document: Document, projection: Mapping[str, Any] | None = None) -> Document:
        """What was found, as storage knows it; `projection` is what was selected."""
        whole = not projection or not any(projection.values())
        for layer in reversed(self.layers):
            document = layer.read(document, whole=whole)
        return document


def _within(layer: Layer, path: str) -> str | None:
    return below(path, layer.field) if layer.field else None


def _places(layer: Layer, path: str) -> list[str]:
    rest = _within(layer, path)
    return [path] if rest is None else layer.places(rest)


def _query(query: Json, layer: Layer) -> Json:
    kept: Json = {}
    conditions: list[Json] = []
    for key, value in query.items():
        if key in _LOGICAL:
            kept[key] = [_query(each, layer) for each in value]
        elif key == "$expr":
            kept[key] = _expression(layer, value, update=False)
        elif (rest := _within(layer, key)) is None:
            kept[key] = value
        else:
            conditions.append(layer.condition(rest, value))
    if not conditions:
        return kept
    parts = [*([kept] if kept else []), *conditions]
    return {"$and": parts} if parts[1:] else parts[0]


def _projection(projection: Json, layer: Layer) -> Json:
    return {place: value for path, value in projection.items() for place in _places(layer, path)}


def _update(update: Any, layer: Layer) -> Any:  # noqa: ANN401
    if not isinstance(update, Mapping):
        stages = [_stage(layer, each, update=True) for each in update]
        return [*layer.first_stages(), *stages] if _concerns(layer, update) else stages
    result: Json = {}
    for name, fields in update.items():
        for path, value in fields.items():
            rest = _within(layer, path)
            changed = {name: {path: value}} if rest is None else layer.operator(name, rest, value)
            if changed is None:
                return _update(_as_pipeline(update), layer)
            for operator, parts in changed.items():
                result.setdefault(operator, {}).update(parts)
    return result


def _concerns(layer: Layer, stages: Any) -> bool:  # noqa: ANN401
    """Whether the field stands anywhere in an update."""
    if not layer.field:
        return False
    if isinstance(stages, str):
        return below(stages.removeprefix("$"), layer.field) is not None
    if isinstance(stages, Mapping):
        return any(
            below(key, layer.field) is not None or (key != "$literal" and _concerns(layer, value))
            for key, value in stages.items()
        )
    return isinstance(stages, list) and any(_concerns(layer, each) for each in stages)


def _as_pipeline(update: Mapping[str, Json]) -> list[Json]:
    computed: Json = {}
    for name, fields in update.items():
        if name not in (*_COMPUTED, "$unset"):
            raise UnsupportedError(f"{name} on a field that is being renamed")
        for path, value in fields.items():
            if name != "$unset":
                computed[path] = _COMPUTED[name](path, value)
    removed = [*update.get("$unset", {})]
    return [
        *([{"$set": computed}] if computed else []),
        *([{"$unset": removed}] if removed else []),
    ]


def _stage(layer: Layer, stage: Mapping[str, Any], *, update: bool) -> Json:
    ((name, inner),) = stage.items()
    if name == "$match":
        return {name: _query(inner, layer)}
    if name in _SETTING:
        result: Json = {}
        for path, expression in inner.items():
            rest = _within(layer, path)
            raw = rest is not None and layer.selects
            value = expression if raw else _expression(layer, expression, update=update)
            result |= {path: value} if rest is None else layer.assignment(rest, value)
        return {name: result}
    if name == "$unset":
        paths = [inner] if isinstance(inner, str) else inner
        return {name: [place for path in paths for place in _places(layer, path)]}
    if name == "$sort":
        return {name: {p: way for path, way in inner.items() for p in _places(layer, path)}}
    if name in _REPLACING:
        return {name: _expression(layer, _inserted(layer, inner), update=update)}
    return {name: _expression(layer, inner, update=update)}


def _inserted(layer: Layer, expression: Any) -> Any:  # noqa: ANN401
    """Whole documents that an expression has."""
    if isinstance(expression, list):
        return [_inserted(layer, each) for each in expression]
    if not isinstance(expression, Mapping):
        return expression
    return {
        key: layer.document(value)
        if key == "$literal" and isinstance(value, dict)
        else _inserted(layer, value)
        for key, value in expression.items()
    }


def _expression(layer: Layer, expression: Any, *, update: bool) -> Any:  # noqa: ANN401
    if isinstance(expression, str) and expression[:1] == "$" and expression[:2] != "$$":
        rest = _within(layer, expression[1:])
        return expression if rest is None else layer.reference(rest, update=update)
    if isinstance(expression, Mapping):
        return {
            key: value if key == "$literal" else _expression(layer, value, update=update)
            for key, value in expression.items()
        }
    if isinstance(expression, list):
        return [_expression(layer, each, update=update) for each in expression]
    return expression
