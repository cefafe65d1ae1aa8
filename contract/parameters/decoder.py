"""One parameter: from what was sent of it to its value."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from contract.completion import NONE, default_of
from contract.parameters import content
from contract.parameters.conversion import Raw, Reading, Values
from contract.parameters.deep_objects import tree
from contract.parameters.styles import (
    STYLES,
    Decode,
    Misfit,
    decoded,
    elements,
    exploded_object,
    form_decoded,
    object_of,
    octets_decoded,
    text_of,
)
from contract.schema import Schema
from openapi.description import Description, Parameter
from openapi.views import View

UNUSED = object()
"""What is sent without a value where `allowEmptyValue` allows it: as if it were not there."""

_T = TypeVar("_T")

Pairs = Sequence[tuple[str, str]]
"""Names, decoded, and their texts, not decoded."""

_DECODE: dict[str, Decode] = {
    "path": octets_decoded,
    "query": form_decoded,
    "header": text_of,
    "cookie": octets_decoded,
}
_MANY = ("array", "object")
_WITH_DOTS = ("3.0.0", "3.0.1", "3.0.2", "3.0.3", "3.1.0")
"""The versions of OpenAPI whose examples delimit `style: label` by dots."""


class Decoder:
    """Reads one parameter. Thread-safe.

    Attributes:
        names: What it is called in a query or a cookie: its properties, where it is exploded.
        is_exploded: Whether each of its elements or properties stands for itself.
        is_deep: Whether it is called by its name and brackets.
        may_be_text: Whether it may be something else than an array or an object.
        properties: The names of its properties.
        takes_many: Whether there may be several of these side by side.
        takes_names: Whether each of them has the name of a property.
        takes_others: Whether names that nobody has are its properties.
        scalar: Makes the value of a decoded text, where it can be nothing but one text.
        default: What stands in for it, None where the spec says nothing.
    """

    def __init__(self, parameter: Parameter, description: Description) -> None:
        """Compile it.

        Raises:
            TooManyShapesError: Its schema has too many alternatives.
        """
        schema, schemas = parameter.schema, description.schemas
        self.parameter = parameter
        self.is_deep = parameter.style == "deepObject"
        self._values = Values(schema, schemas)
        self._decode = _DECODE[parameter.location]
        self._rule = STYLES["form" if self.is_deep else parameter.style]
        if description.document["openapi"] not in _WITH_DOTS and parameter.style == "label":
            self._rule = replace(self._rule, also=())
        self._content: Callable[[str], Any] | None = None
        if parameter.media_type is not None:
            self._content = content.reader(parameter.media_type, self._values)
        has_commas = parameter.style == "form" and not parameter.explode and self._is_structure()
        is_checked = parameter.allow_empty or has_commas
        self._fits = Schema(schema, schemas, View.REQUEST) if is_checked else None
        default = default_of(schema, schemas)
        self.default = None if default is NONE else default
        self._name()

    def _is_structure(self) -> bool:
        return any(each.shape.is_structure for each in self._values.readings)

    def _name(self) -> None:
        readings, parameter = self._values.readings, self.parameter
        self.names, self.takes_others = frozenset([parameter.name]), False
        is_flat = parameter.media_type is None and not self.is_deep
        self.is_exploded = is_flat and parameter.explode
        kinds = {each.shape.type for each in readings}
        self.takes_names = self.is_exploded and kinds == {"object"}
        self.takes_many = self.is_exploded and not kinds.isdisjoint(_MANY)
        objects = [each.shape for each in readings if each.shape.type == "object"]
        self.properties = frozenset[str]().union(*(each.names for each in objects))
        self.may_be_text = any(each.text is not None for each in readings)
        if self.is_exploded and parameter.location in ("query", "cookie"):
            if len(objects) == len(readings) and not parameter.allow_empty:
                self.names = frozenset()
            self.names |= self.properties
            self.takes_others = any(each.takes_others for each in objects)
        if self.is_deep:
            self.names |= {f"{parameter.name}[{each}]" for each in self.properties}
        one = readings[0].text if len(readings) == 1 else None
        plain = is_flat and not parameter.allow_empty and not self._rule.prefix
        self.scalar = one if plain else None

    def of_texts(self, texts: Sequence[str]) -> Any:  # noqa: ANN401
        """The value of what stands in a path, or in the headers of its name.

        Raises:
            Misfit: It cannot be taken apart.
        """
        if self._content is not None:
            return self._content(self._decode(_only(texts)))
        return self._first(
            lambda kind: self._raw(",".join(texts) if kind in _MANY else _only(texts), kind)
        )

    def of_pairs(self, pairs: Pairs) -> Any:  # noqa: ANN401
        """The value of what a query or the cookies have of it, or UNUSED.

        Raises:
            Misfit: It cannot be taken apart.
        """
        if self._fits is None:
            return self._of_pairs(pairs)
        if self.parameter.allow_empty and [*pairs] == [(self.parameter.name, "")]:
            value = self._of_pairs(pairs)
            return value if self._fits.is_valid(value) else UNUSED
        return self._of_commas(pairs, self._fits)

    def _of_commas(self, pairs: Pairs, fits: Schema) -> Any:  # noqa: ANN401
        """The value where commas may be encoded that delimit, as many libraries do.

        They are taken for delimiters where there is no other, and what was sent fits only so.
        """
        plain = [(name, re.sub("%2c", ",", text, flags=re.IGNORECASE)) for name, text in pairs]
        if plain == pairs or any("," in text for _, text in pairs):
            return self._of_pairs(pairs)
        try:
            value = self._of_pairs(pairs)
        except Misfit:
            return self._of_pairs(plain)
        if not fits.is_valid(value):
            with suppress(Misfit):
                split = self._of_pairs(plain)
                return split if fits.is_valid(split) else value
        return value

    def _of_pairs(self, pairs: Pairs) -> Any:  # noqa: ANN401
        if self._content is not None:
            return self._content(self._decode(_only(pairs)[1]))
        if self.is_deep:
            return self._first(lambda kind: self._raw_of_brackets(pairs, kind))
        return self._first(lambda kind: self._raw_of_pairs(pairs, kind))

    def _first(self, raw: Callable[[str], Raw]) -> Any:  # noqa: ANN401
        """The first value that fits, of what each alternative is taken apart to."""
        readings = self._values.readings
        if len(readings) == 1:
            return readings[0](raw(readings[0].shape.type))
        found: list[tuple[Reading, Raw]] = []
        why = Misfit("fits no alternative")
        for each in readings:
            try:
                found.append((each, raw(each.shape.type)))
            except Misfit as misfit:
                why = misfit
        if not found:
            raise why
        # Of one element nobody can say whether it is one: what is no array goes first.
        found.sort(key=lambda each: each[0].shape.type == "array" and len(each[1]) == 1)
        return self._values.first(found)

    def _raw(self, text: str, kind: str) -> Raw:
        """What stands in a path or a header, taken apart as an alternative of this kind is."""
        rule, explode = self._rule, self.parameter.explode
        if not text.startswith(rule.prefix):
            raise Misfit(f"must begin with `{rule.prefix}`: its style is {self.parameter.style}")
        text = text[len(rule.prefix) :]
        if rule.is_named and not (explode and kind in _MANY):
            text = self._named(text)
        if kind == "array":
            texts = self._elements(text, explode=explode)
            if rule.is_named and explode:
                texts = [self._named(each) for each in texts]
            return [self._decode(each) for each in texts]
        if kind == "object":
            texts = self._elements(text, explode=explode)
            if rule.exploded == "." and explode:  # a dot within a value is often not encoded
                texts = re.split(r"\.(?=[^.=]*=)", text)
            if explode:
                return exploded_object(texts, self._decode, bare=rule.is_named)
            return object_of(texts, self._decode)
        return self._decode(text)

    def _named(self, text: str) -> str:
        """The value of `;name=value`, the semicolon gone."""
        name, _, value = text.partition("=")
        if decoded(name) != self.parameter.name:
            raise Misfit(f"must be called by its name: ;{self.parameter.name}=…")
        return value

    def _elements(self, text: str, *, explode: bool = False) -> list[str]:
        texts = elements(text, self._rule, explode=explode)
        if self.parameter.location == "header":  # RFC 9110, 5.6.1: a list
            return [each for text in texts if (each := text.strip(" \t"))]
        return texts

    def _raw_of_pairs(self, pairs: Pairs, kind: str) -> Raw:
        """What stands in a query, taken apart as an alternative of this kind is."""
        decode = self._decode
        if kind == "object" and self.parameter.explode:
            found: dict[str, list[str]] = {}
            for name, text in pairs:
                found.setdefault(name, []).append(decode(text))
            return found
        if any(name != self.parameter.name for name, _ in pairs):
            raise Misfit("is there by its name and by those of its properties: write one of them")
        if kind == "array" and self.parameter.explode:
            return [decode(text) for _, text in pairs]
        _, text = _only(pairs)
        if kind == "array":
            return [decode(each) for each in self._elements(text)]
        return object_of(self._elements(text), decode) if kind == "object" else decode(text)

    def _raw_of_brackets(self, pairs: Pairs, kind: str) -> Raw:
        """The same of `style: deepObject`."""
        name, decode = self.parameter.name, self._decode
        bare = [text for each, text in pairs if each == name]
        if len(bare) == len(pairs) and kind != "object":
            return [decode(text) for text in bare] if kind == "array" else decode(_only(bare))
        if bare:
            raise Misfit(f"has a value without a property: write {name}[property]=value")
        if kind not in _MANY:
            raise Misfit(f"has no properties: write {name}=value")
        return tree(name, ((each, decode(text)) for each, text in pairs))


def _only(sent: Sequence[_T]) -> _T:
    if len(sent) != 1:
        raise Misfit("is there more than once")
    return sent[0]
