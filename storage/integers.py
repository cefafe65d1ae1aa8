"""Integers of more than 64 bits, which MongoDB has no type for: as text, where nothing is said.

Such a text begins with one of Unicode's noncharacters; a text that begins with it gets it twice.
"""

from typing import Any

from bson import Int64

LEAST, MOST = -(2**63), 2**63 - 1
_MARK = "\ufdd5"


def has_64_bits(value: int) -> bool:
    """Whether MongoDB can hold an integer as one."""
    return LEAST <= value <= MOST


def free_stored(value: str | int) -> str | int:
    """What is stored for a text or an integer where a schema says nothing of it."""
    if isinstance(value, str):
        return f"{_MARK}{value}" if value.startswith(_MARK) else value
    return value if has_64_bits(value) else f"{_MARK}{value}"


def free_wire(stored: str) -> str | int:
    """The text or the integer that a text is stored for."""
    if not stored.startswith(_MARK):
        return stored
    value = stored[1:]
    return value if value.startswith(_MARK) else int(value)


def plain(value: Any) -> Any:  # noqa: ANN401 - any of JSON
    """The same value with Python's integers: MongoDB's of 64 bits are no JSON to a validator."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [*map(plain, value)]
    return int(value) if isinstance(value, Int64) else value
