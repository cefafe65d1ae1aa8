"""Where a page of orders ends: opaque to clients, bound to the status it was made for."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import orjson


class InvalidCursorError(Exception):
    """It was not made here, or for another status."""


@dataclass(frozen=True)
class Cursor:
    """The last order of a page, by which the next page begins after it."""

    created_at: datetime
    order_id: str
    status: str | None

    def encode(self) -> str:
        """As clients send it back: letters, digits, `-` and `_`."""
        milliseconds = round(self.created_at.timestamp() * 1000)
        parts = orjson.dumps([milliseconds, self.order_id, self.status])
        return urlsafe_b64encode(parts).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, status: str | None) -> Self:
        """Read what `encode` wrote.

        Raises:
            InvalidCursorError: It is nothing of the kind, or not for `status`.
        """
        try:
            parts = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            milliseconds, order_id, its_status = parts
            created_at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        except (ValueError, TypeError, OverflowError, OSError) as error:
            raise InvalidCursorError from error
        if type(milliseconds) is not int or type(order_id) is not str or its_status != status:
            raise InvalidCursorError
        return cls(created_at, order_id, status)
