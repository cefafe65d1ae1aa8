"""Names of properties as MongoDB can hold them, and patterns of names as they then are.

MongoDB reads `a.b` as a path and `$x` as an operator, knows no NUL, dies of a validator with an
empty name (6.0), and keeps names of its own and of ours at the top. Each such character is stored
as one of Unicode's noncharacters, which Unicode keeps for a program's own use and no text has. So
every name is stored under one of the same length, and `$set` and `find` take it for nothing else.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jsonschema_rs

from storage.system_fields import OWN

_STORED = {".": "\ufdd0", "$": "\ufdd1", "\0": "\ufdd2"}
_EMPTY = "\ufdd3"
_OWN = "\ufdd4"
"""Before a name that storage has for itself at the top."""

_TO_STORED = str.maketrans(_STORED)
_TO_WIRE = str.maketrans({stored: char for char, stored in _STORED.items()})
_ODD = re.compile("[.$\0]")
_ODD_STORED = re.compile("[\ufdd0-\ufdd4]")

_TOKEN = re.compile(
    r"\\[pP]\{[^}]*\}|\\x[0-9A-F]{2}|\\.|\[\^?(?:\\.|[^\]\\])*\]|\(\?<?[:=!]|\{[0-9,]+\}\??|.",
    re.DOTALL,
)
"""A piece of a pattern of a description: a character, a class, or what is about neither."""

_SYNTAX = frozenset("^$()*+?|{}")


def stored_name(name: str) -> str:
    """The name under which a property is stored, below the top."""
    return name.translate(_TO_STORED) if _ODD.search(name) else name or _EMPTY


def wire_name(name: str) -> str:
    """The property's name, of the one under which it is stored."""
    if _ODD_STORED.search(name) is None:
        return name
    return "" if name == _EMPTY else name.translate(_TO_WIRE)


def is_storable(name: str) -> bool:
    """Whether it is no name that another one is stored under."""
    return _ODD_STORED.search(name) is None


def stored_value(value: Any) -> Any:  # noqa: ANN401 - any of JSON
    """What is stored for a value of which a schema says no more."""
    if isinstance(value, dict):
        return {stored_name(name): stored_value(each) for name, each in value.items()}
    return [*map(stored_value, value)] if isinstance(value, list) else value


class TopNames:
    """The same at the top of a document, where storage has names of its own."""

    def __init__(self, own: Iterable[str]) -> None:
        self.own = frozenset(own)

    def stored(self, name: str) -> str:
        """The name under which a property is stored."""
        return f"{_OWN}{name}" if name in self.own else stored_name(name)

    def wire(self, name: str) -> str:
        """The property's name, of the one under which it is stored."""
        return name[1:] if name.startswith(_OWN) else wire_name(name)

    def pattern(self, pattern: str) -> str:
        """A pattern of a description for the names of properties, as they are stored."""
        if not self.own:
            return stored_pattern(pattern)
        matches = _matcher(pattern)
        own = "|".join(map(re.escape, sorted(self.own)))
        found = "|".join(re.escape(each) for each in sorted(self.own) if matches(each)) or "(?!)"
        others = f"^(?!{_OWN}?(?:{own})$)[\\s\\S]*?(?:{stored_pattern(pattern)})"
        return f"{others}|^{_OWN}(?:{found})$"


def stored_paths(names: Iterable[str]) -> tuple[str, ...]:
    """Where a document has the properties of these names."""
    return tuple(map(TopNames(OWN).stored, names))


def stored_pattern(pattern: str) -> str:
    """A pattern of a description for the names of properties, as they are stored."""
    changed = "".join(_stored_tokens(pattern))
    found = _matcher(pattern)("")
    if _matcher(changed)(_EMPTY) is found:
        return changed
    return f"(?:{changed})|^{_EMPTY}$" if found else f"^(?!{_EMPTY}$)[\\s\\S]*?(?:{changed})"


def _stored_tokens(pattern: str) -> Iterator[str]:
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        is_reference = token[0] == "\\" and token[1].isdigit()
        is_set = token[0] in "[\\" if len(token) > 1 else token not in _SYNTAX
        yield _stored_set(token) if is_set and not is_reference else token


def _stored_set(token: str) -> str:
    """What matches the stored forms of the characters that a piece matches."""
    matches = _matcher(f"^{token}$")
    if all(matches(char) is matches(stored) for char, stored in _STORED.items()):
        return token
    there = "".join(stored for char, stored in _STORED.items() if matches(char))
    others = f"(?![{''.join(_STORED.values())}]){token}"
    return f"(?:{others}|[{there}])" if there else f"(?:{others})"


def _matcher(pattern: str) -> Callable[[str], bool]:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
