"""JSON pointers (RFC 6901), as text and as URI fragments."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

_FRAGMENT = "~!$&'()*+,;=:@/"
"""What stands for itself in a URI fragment, beside letters, digits, `-`, `.` and `_`."""


def escaped(key: object) -> str:
    """A key as one part of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def pointer_of(*keys: object) -> str:
    """The pointer that goes through these keys: `/paths/~1orders`; the whole is the empty text."""
    return "".join(f"/{escaped(key)}" for key in keys)


def parts_of(pointer: str) -> list[str]:
    """The keys that a pointer goes through."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def fragment_of(path: Iterable[str | int]) -> str:
    """A pointer as a URI fragment: `#/emails/0`, `#` for the whole."""
    return "#" + quote(pointer_of(*path), safe=_FRAGMENT)


def from_fragment(fragment: str) -> str:
    """The pointer in a URI fragment without its `#`, percent-encoding undone.

    Raises:
        ValueError: It is no JSON pointer.
    """
    pointer = unquote(fragment, errors="strict")
    if pointer and not pointer.startswith("/"):
        raise ValueError("is no JSON pointer")
    return pointer


def at(document: Any, pointer: str) -> Any:  # noqa: ANN401 - JSON is anything
    """What a pointer names.

    Raises:
        KeyError: It leads nowhere.
    """
    for key in parts_of(pointer):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            raise KeyError(pointer)
    return document


def resolve(document: Any, node: Any) -> Any:  # noqa: ANN401 - any object of a document
    """The object itself where `node` is a reference to it within the document, else `node`."""
    while isinstance(node.get("$ref"), str):
        node = at(document, from_fragment(node["$ref"].removeprefix("#")))
    return node
