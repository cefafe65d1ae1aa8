"""One change, as it concerns a process that runs: how it reads and writes while others change.

Where a value has an old and a new place, the old one is the truth as long as it is there. So
whoever writes to the new place removes the old one in the same update, and whoever reads looks at
the old one first: processes that write to the one and to the other can run side by side.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from storage.client import Json
from storage.evolution.changes import ABSENT, Change, Document, Drop, Rename, Split, Transform
from storage.evolution.paths import copied, put, removal, take

COMPLETION = ""
"""Stands among the migrations for the defaults that the set-up fills in."""


class UnsupportedError(Exception):
    """An operation on a field of a kind that its migration cannot be combined with."""


class Phase(IntEnum):
    """How far a migration is.

    EXPANDED: processes of the last version run. SWITCHING: none does, and some documents are as
    they wrote them. DONE: none is.
    """

    EXPANDED = 0
    SWITCHING = 1
    DONE = 2


class Layer:
    """How operations are changed for one change; this one leaves all as they are."""

    def __init__(self, phases: Mapping[str, Phase], migration: str) -> None:
        self._phases, self._migration = phases, migration

    @property
    def phase(self) -> Phase:
        """How far it is, as this process knows."""
        return self._phases.get(self._migration, Phase.EXPANDED)

    field = ""
    """The name by which storage knows what the change is about; empty for a whole document."""

    selects = False
    """Whether it takes an assigned expression as it is, and finds the values in it."""

    def document(self, document: Document) -> Document:
        """What to insert; a new object, or the same."""
        return document

    def condition(self, rest: str, value: Any) -> Json:  # noqa: ANN401
        """The query for a condition on the field, or on the `rest` of a path within it."""
        return {f"{self.field}{rest}": value}

    def operator(self, name: str, rest: str, value: Any) -> Json | None:  # noqa: ANN401
        """An update operator on the field, as others by operator; None where it takes a stage."""
        return {name: {f"{self.field}{rest}": value}}

    def first_stages(self) -> list[Json]:
        """What an update that touches the field begins with."""
        return []

    def assignment(self, rest: str, expression: Any) -> Json:  # noqa: ANN401
        """What a `$set` stage sets for the field."""
        return {f"{self.field}{rest}": expression}

    def reference(self, rest: str, *, update: bool) -> Any:  # noqa: ANN401
        """The expression for the field, in an update after `first_stages`, or in a query."""
        del update
        return f"${self.field}{rest}"

    def places(self, rest: str) -> list[str]:
        """Every path where the field may be, the one that is written first."""
        return [f"{self.field}{rest}"]

    def read(self, document: Document, *, whole: bool) -> Document:
        """What was found, as storage knows it; `whole` where it is no selection of fields."""
        del whole
        return document


class RenameLayer(Layer):
    """A field with another name in the database."""

    def __init__(self, phases: Mapping[str, Phase], migration: str, change: Rename) -> None:
        super().__init__(phases, migration)
        self._old, self._new = change.field, change.to
        self.field = change.known_as or change.field

    @property
    def _written(self) -> str:
        return self._old if self.phase is Phase.EXPANDED else self._new

    @property
    def _other(self) -> str:
        return self._new if self.phase is Phase.EXPANDED else self._old

    def document(self, document: Document) -> Document:
        """See Layer."""
        document = copied(document) if "." in self.field else dict(document)
        value = take(document, self.field)
        if value is not ABSENT:
            put(document, self._written, value)
        return document

    def condition(self, rest: str, value: Any) -> Json:  # noqa: ANN401
        """See Layer."""
        old, new = f"{self._old}{rest}", f"{self._new}{rest}"
        if self.phase is Phase.DONE:
            return {new: value}
        return either(self._old, _existing(self._old, {old: value}), {new: value})

    def operator(self, name: str, rest: str, value: Any) -> Json | None:  # noqa: ANN401
        """See Layer."""
        return {name: {f"{self._new}{rest}": value}} if self.phase is Phase.DONE else None

    def first_stages(self) -> list[Json]:
        """See Layer."""
        if self.phase is Phase.DONE:
            return []
        is_new = {"$eq": [{"$type": f"${self._old}"}, "missing"]}
        moved = {"$cond": [is_new, f"${self._new}", f"${self._old}"]}
        return [{"$set": {self._written: moved}}, *removal(self._other)]

    def assignment(self, rest: str, expression: Any) -> Json:  # noqa: ANN401
        """See Layer."""
        return {f"{self._written}{rest}": expression}

    def reference(self, rest: str, *, update: bool) -> Any:  # noqa: ANN401
        """See Layer."""
        if update or self.phase is Phase.DONE:
            return f"${self._written}{rest}"
        is_new = {"$eq": [{"$type": f"${self._old}"}, "missing"]}
        return {"$cond": [is_new, f"${self._new}{rest}", f"${self._old}{rest}"]}

    def places(self, rest: str) -> list[str]:
        """See Layer."""
        written, other = f"{self._written}{rest}", f"{self._other}{rest}"
        return [written] if self.phase is Phase.DONE else [written, other]

    def read(self, document: Document, *, whole: bool) -> Document:
        """See Layer."""
        del whole
        old, new = take(document, self._old), take(document, self._new)
        value = new if old is ABSENT else old
        if value is not ABSENT:
            put(document, self.field, value)
        return document


class SplitLayer(Layer):
    """A field that is several in the database. It is set as a whole, and sought by equality."""

    def __init__(self, phases: Mapping[str, Phase], migration: str, change: Split) -> None:
        super().__init__(phases, migration)
        self._change = change
        self.field, self.selects = change.field, True

    def document(self, document: Document) -> Document:
        """See Layer."""
        if self.phase is Phase.EXPANDED or self.field not in document:
            return document
        document = dict(document)
        return document | self._parts(document.pop(self.field))

    def condition(self, rest: str, value: Any) -> Json:  # noqa: ANN401
        """See Layer."""
        if isinstance(value, Mapping) and [*value] == ["$exists"]:
            parts = {f"{each}{rest}": value for each in self._change.into}
            outer = "$or" if value["$exists"] else "$and"
            return {outer: [{self.field: value}, parts]}
        self._whole(rest, isinstance(value, Mapping) and any(key[:1] == "$" for key in value))
        if self.phase is Phase.DONE:
            return self._parts(value)
        return either(self.field, {self.field: value}, self._parts(value))

    def operator(self, name: str, rest: str, value: Any) -> Json | None:  # noqa: ANN401
        """See Layer."""
        self._whole(rest, name not in ("$set", "$unset"))
        parts = self._parts(value) if name == "$set" else dict.fromkeys(self._change.into, "")
        written = {self.field: value}
        if self.phase is Phase.DONE:
            return {name: parts}
        if name == "$unset":
            return {name: written | parts}
        if self.phase is Phase.EXPANDED:
            return {name: written}
        return {name: parts, "$unset": {self.field: ""}}

    def assignment(self, rest: str, expression: Any) -> Json:  # noqa: ANN401
        """See Layer."""
        self._whole(rest, False)  # noqa: FBT003
        parts = {each: self._selected(expression, each) for each in self._change.into}
        if self.phase is Phase.DONE:
            return parts
        if self.phase is Phase.EXPANDED:
            return {self.field: expression}
        return parts | {self.field: self._selected(expression, None)}

    def reference(self, rest: str, *, update: bool) -> Any:  # noqa: ANN401
        """See Layer."""
        del update
        raise self._refusal(f"reads it in an expression (${self.field}{rest})")

    def places(self, rest: str) -> list[str]:
        """See Layer."""
        return [f"{each}{rest}" for each in (self.field, *self._change.into)]

    def read(self, document: Document, *, whole: bool) -> Document:
        """See Layer."""
        del whole
        found = {each: document.pop(each) for each in self._change.into if each in document}
        if self.field not in document and len(found) == len(self._change.into):
            document[self.field] = self._change.join(found)
        return document

    def _parts(self, value: Any) -> Json:  # noqa: ANN401
        parts = self._change.split(value)
        if parts.keys() != self._change.into.keys():
            raise UnsupportedError(
                f"{self._migration}: split gave {', '.join(parts)} for {self.field}, "
                f"not {', '.join(self._change.into)}"
            )
        return dict(parts)

    def _selected(self, expression: Any, part: str | None) -> Any:  # noqa: ANN401
        """The expression for one part, or for the old field, which what is new removes."""
        if expression == f"${self.field}":
            return f"${part or self.field}"
        if isinstance(expression, Mapping) and len(expression) == 1:
            ((name, inner),) = expression.items()
            if name == "$literal":
                return {name: self._parts(inner)[part]} if part else "$$REMOVE"
            if name == "$cond" and isinstance(inner, list):
                condition, *chosen = inner
                return {name: [condition, *(self._selected(each, part) for each in chosen)]}
        raise self._refusal("computes it")

    def _whole(self, rest: str, other: bool) -> None:  # noqa: FBT001
        if rest or other:
            raise self._refusal("looks into it, or changes a part of it")

    def _refusal(self, what: str) -> UnsupportedError:
        return UnsupportedError(
            f"{self._migration}: {self.field} cannot be split: storage {what}; rename or transform "
            "it instead"
        )


class DropLayer(Layer):
    """A field that storage does not know any more."""

    def __init__(self, phases: Mapping[str, Phase], migration: str, change: Drop) -> None:
        super().__init__(phases, migration)
        self._change = change

    def document(self, document: Document) -> Document:
        """See Layer."""
        if self.phase is not Phase.EXPANDED or self._change.meanwhile is ABSENT:
            return document
        return {**document, self._change.field: self._change.meanwhile}

    def read(self, document: Document, *, whole: bool) -> Document:
        """See Layer."""
        del whole
        if self.phase is not Phase.DONE:
            take(document, self._change.field)
        return document


class TransformLayer(Layer):
    """Fields that documents of the last version have in another way."""

    def __init__(self, phases: Mapping[str, Phase], migration: str, change: Transform) -> None:
        super().__init__(phases, migration)
        self._change = change

    def read(self, document: Document, *, whole: bool) -> Document:
        """See Layer."""
        if whole and self.phase is not Phase.DONE:
            document.update(self._change.apply(document))
        return document


class DefaultLayer(Layer):
    """A field with a default, which the set-up fills in where it is missing."""

    def __init__(self, phases: Mapping[str, Phase], field: str, default: Any) -> None:  # noqa: ANN401
        super().__init__(phases, COMPLETION)
        self.field, self._default = field, default

    def condition(self, rest: str, value: Any) -> Json:  # noqa: ANN401
        """See Layer."""
        query = super().condition(rest, value)
        if rest or self.phase is Phase.DONE or value != self._default:
            return query
        return {"$or": [query, {self.field: {"$exists": False}}]}


class CompletionLayer(Layer):
    """Defaults at any depth, which the set-up fills in where they are missing."""

    def __init__(
        self, phases: Mapping[str, Phase], completion: Callable[[Document], Document]
    ) -> None:
        super().__init__(phases, COMPLETION)
        self._completion = completion

    def read(self, document: Document, *, whole: bool) -> Document:
        """See Layer."""
        return self._completion(document) if whole and self.phase is not Phase.DONE else document


@dataclass(frozen=True)
class Step:
    """A migration by the name of its file, and the changes of a collection of a database."""

    name: str
    collection: str
    changes: tuple[Change, ...]

    def layers(self, phases: Mapping[str, Phase]) -> Iterator[Layer]:
        """A layer for each change; `phases` is by migration, and may change."""
        for change in self.changes:
            match change:
                case Rename():
                    yield RenameLayer(phases, self.name, change)
                case Split():
                    yield SplitLayer(phases, self.name, change)
                case Drop():
                    yield DropLayer(phases, self.name, change)
                case Transform():
                    yield TransformLayer(phases, self.name, change)


def either(old: str, as_old: Json, as_new: Json) -> Json:
    """Documents that fit the one query where they have the field `old`, else the other."""
    return {"$or": [as_old, {"$and": [{old: {"$exists": False}}, as_new]}]}


def _existing(field: str, query: Json) -> Json:
    """The same query, where nothing is missing; a value that is sought for is there anyway."""
    (value,) = query.values()
    is_plain = value is not None and not isinstance(value, Mapping)
    return query if is_plain else {"$and": [{field: {"$exists": True}}, query]}
