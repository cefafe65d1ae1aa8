"""A field that is several in the database, as it concerns a process that runs."""

from collections.abc import Mapping
from typing import Any

from storage.client import Json
from storage.evolution.changes import Document, Split
from storage.evolution.layers import Layer, Phase, UnsupportedError, either


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
