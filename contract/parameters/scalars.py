"""What a text stands for, by the type that it is meant to have."""

import re
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import Any

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,307})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,307})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,5})?")


def _integer(text: str) -> Any:  # noqa: ANN401
    return int(text) if _INTEGER.fullmatch(text) else text


def _number(text: str) -> Any:  # noqa: ANN401
    number = float(text) if _NUMBER.fullmatch(text) else inf
    return number if isfinite(number) else text


def _boolean(text: str) -> Any:  # noqa: ANN401
    return text == "true" if text in ("true", "false") else text


def _null(text: str) -> Any:  # noqa: ANN401
    return None if text in ("", "null") else text


def text_itself(text: str) -> str:
    """The text as it was sent."""
    return text


SCALARS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
    "string": text_itself,
    "any": text_itself,
}
"""By type. What is none stays the text that it is, which no schema of that type admits."""
