"""Where a page ends: opaque to clients, bound to what its pages are limited to."""

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import orjson
from bson import Decimal128


class InvalidCursorError(Exception):
    """It was not made here, or for other pages."""


@dataclass(frozen=True)
class Cursor:
    """The values of the last document by which pages are sorted: the next page begins after them.

    `limits` are the values that the pages are limited to, as they are on the wire, by property.
    """

    values: tuple[Any, ...]
    limits: Mapping[str, Any]

    def encode(self) -> str:
        """As clients send it back: letters, digits, `-` and `_`."""
        parts = orjson.dumps([[*map(_packed, self.values)], self.limits])
        return urlsafe_b64encode(parts).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, limits: Mapping[str, Any], count: int) -> Self:
        """Read what `encode` wrote.

        Args:
            text: What a client sent.
            limits: Those of the pages that it asks for.
            count: How many values such pages are sorted by.

        Raises:
            InvalidCursorError: It is nothing of the kind, or not for these pages.
        """
        try:
            values, its_limits = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found = tuple(map(_unpacked, values))
        except (ValueError, TypeError, ArithmeticError, OSError) as error:
            raise InvalidCursorError from error
        if its_limits != limits or len(found) != count:
            raise InvalidCursorError
        return cls(found, limits)


def _packed(value: Any) -> Any:  # noqa: ANN401 - any value that is sorted by
    """As JSON; a datetime may be naive, and is in UTC then."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return ["at", round(aware.timestamp() * 1000)]
    if isinstance(value, Decimal128):
        return ["decimal", str(value)]
    return ["bytes", b64encode(value).decode()] if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        kind, text = value
        if kind not in _UNPACK or type(text) is not (int if kind == "at" else str):
            raise ValueError(kind)
        return _UNPACK[kind](text)
    if isinstance(value, dict):
        raise TypeError
    return value


_UNPACK: Mapping[str, Callable[[Any], Any]] = {
    "at": lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC),
    "decimal": Decimal128,
    "bytes": lambda text: b64decode(text, validate=True),
}
