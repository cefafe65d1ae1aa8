"""One change, as it concerns a process that runs: how it reads and writes while others change.

Where a value has an old and a new place, the old one is the truth as long as it is there. So
whoever writes to the new place removes the old one in the same update, and whoever reads looks at
the old one first: processes that write to the one and to the other can run side by side.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from storage.client import Json
from storage.evolution.changes import ABSENT, Document, Drop, Rename, Transform
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
        self.field = change.field

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


def either(old: str, as_old: Json, as_new: Json) -> Json:
    """Documents that fit the one query where they have the field `old`, else the other."""
    return {"$or": [as_old, {"$and": [{old: {"$exists": False}}, as_new]}]}


def _existing(field: str, query: Json) -> Json:
    """The same query, where nothing is missing; a value that is sought for is there anyway."""
    (value,) = query.values()
    is_plain = value is not None and not isinstance(value, Mapping)
    return query if is_plain else {"$and": [{field: {"$exists": True}}, query]}
