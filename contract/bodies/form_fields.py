"""What a field of a form is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from contract.bodies.media_types import Range
from contract.schema import Schema
from openapi.description import Header


class Kind(Enum):
    """How a field is sent."""

    TEXT = "text"
    """As text, which its schema's types say how to read."""

    JSON = "JSON"
    """As JSON: objects, arrays in arrays, and what the spec says is."""

    FILE = "a file"
    """As bytes, whatever they mean."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. Of an array, `kind` and `types` are those of its elements.

    `style` is None where none counts. `properties` are those of an object, with their types.
    `least` and `most` limit the bytes of a file, `count` how many elements there may be.
    """

    name: str
    kind: Kind
    types: frozenset[str]
    is_array: bool
    may_be_single: bool
    style: str | None
    explode: bool
    properties: Mapping[str, frozenset[str]]
    content_types: tuple[Range, ...]
    headers: Mapping[str, tuple[Header, frozenset[str], Schema]]
    least: int
    most: int | None
    count: int | None
