"""From the texts of a form's fields to the object that they make."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from contract.bodies.field_values import parse_json, typed
from contract.bodies.form_fields import Field, Kind
from contract.errors import ValidationIssue
from openapi.pointers import fragment_of

_DELIMITERS = {
    "form": (",", "%2[Cc]"),
    "spaceDelimited": (" ", r"%20|\+"),
    "pipeDelimited": (r"\|", "%7[Cc]"),
}
"""By style: as it is, and escaped, which counts where it is nowhere as it is."""


class Assembly:
    """The object that one form is, while it is made."""

    def __init__(
        self,
        known: Mapping[str, Field],
        others: Field,
        texts: Mapping[str, list[str]],
        issues: list[ValidationIssue],
        unescaped: Callable[[str], str],
    ) -> None:
        self._known, self._others, self._left = known, others, dict(texts)
        self._issues, self._unescaped = issues, unescaped
        self._values: dict[str, Any] = {}

    def made(self) -> dict[str, Any]:
        """The object; what is wrong is among the issues."""
        for name, field in self._known.items():
            if field.style is not None and "object" in field.types and not field.is_array:
                self._take_object(field)
            elif name in self._left:
                self._values[name] = self._value(field, name, self._left.pop(name))
            elif field.kind is Kind.JSON and not field.is_array:
                self._take_object(field)
        for name, sent in self._left.items():
            self._values[name] = self._value(self._others, name, sent)
        return self._values

    def _value(self, field: Field, name: str, sent: list[str]) -> Any:  # noqa: ANN401
        if field.is_array:
            values = [each for one in sent for each in self._elements(field, name, one)]
            is_single = field.may_be_single and len(values) == 1
            return values[0] if is_single else values
        if len(sent) > 1:
            self._wrong(name, "is there more than once")
        return self._plain(field, name, sent[0])

    def _elements(self, field: Field, name: str, sent: str) -> list[Any]:
        if field.style is not None and not field.explode:
            parts = self._split(sent, field.style)
            return [typed(self._text(name, each), field.types) for each in parts]
        value = self._plain(field, name, sent)
        if isinstance(value, list) and "array" not in field.types:  # one field has all of them
            return value
        return [value]

    def _plain(self, field: Field, name: str, sent: str) -> Any:  # noqa: ANN401
        text = self._text(name, sent)
        if field.kind is not Kind.JSON:
            return typed(text, field.types)
        try:
            return parse_json(text.encode()) if text or "null" not in field.types else None
        except ValueError as error:
            if "string" not in field.types:
                self._wrong(name, f"is not JSON: {error}")
            return text

    def _take_object(self, field: Field) -> None:
        """An object that is in several fields, or in one with a delimiter."""
        found: dict[str, list[str]] = {}
        if field.style == "deepObject":
            for name in [each for each in self._left if _key_of(each, field.name) is not None]:
                found[_key_of(name, field.name) or ""] = self._left.pop(name)
        elif field.explode:
            for name in field.properties.keys() & self._left.keys() - self._known.keys():
                found[name] = self._left.pop(name)
        elif field.name in self._left:
            for sent in self._left.pop(field.name):
                parts = self._split(sent, field.style or "form")
                for key, value in zip(parts[::2], parts[1::2], strict=False):
                    found.setdefault(self._text(field.name, key), []).append(value)
                if len(parts) % 2:
                    self._wrong(field.name, "has a name without a value")
        if found:
            self._values[field.name] = {
                key: self._of_object(field, key, sent) for key, sent in found.items()
            }

    def _of_object(self, field: Field, key: str, sent: list[str]) -> Any:  # noqa: ANN401
        if len(sent) > 1:
            self._issues.append(
                ValidationIssue("is there more than once", fragment_of([field.name, key]))
            )
        return typed(self._text(field.name, sent[0]), field.properties.get(key, frozenset()))

    def _split(self, sent: str, style: str) -> list[str]:
        plain, escaped = _DELIMITERS[style]
        is_escaped = self._unescaped is not str and not re.search(plain, sent)
        return re.split(escaped if is_escaped else plain, sent) if sent else []

    def _text(self, name: str, sent: str) -> str:
        try:
            return self._unescaped(sent)
        except ValueError:
            self._wrong(name, "is not in UTF-8")
            return ""

    def _wrong(self, name: str, why: str) -> None:
        self._issues.append(ValidationIssue(why, fragment_of([name])))


def _key_of(name: str, field: str) -> str | None:
    """The key in `field[key]`."""
    is_one = name.startswith(f"{field}[") and name.endswith("]")
    return name[len(field) + 1 : -1] if is_one else None
