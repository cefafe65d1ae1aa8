"""Pages of a collection, in the order and with the filters that its row in `services.yaml` has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import CodecOptions, Decimal128
from pymongo import ASCENDING
from pymongo.asynchronous.collection import AsyncCollection

from services.declaration import Collection as Row
from storage.client import Json
from storage.codec import Codec
from storage.cursor import Cursor
from storage.property_names import stored_paths
from storage.system_fields import PUBLIC

_TYPES: Sequence[tuple[tuple[type, ...], tuple[str, ...]]] = (
    ((type(None),), ("null",)),
    ((int, float, Decimal128), ("number",)),
    ((str,), ("string",)),
    ((dict,), ("object",)),
    ((bytes,), ("binData",)),
    ((bool,), ("bool",)),
    ((datetime,), ("date",)),
)
"""In the order in which MongoDB sorts values of several types: Python's, and MongoDB's names."""


@dataclass(frozen=True)
class Page:
    """Some objects, as they are on the wire, and the cursor of the next page if there is one."""

    items: list[Json]
    next: str | None


class Pages:
    """Reads a collection page by page."""

    def __init__(self, collection: AsyncCollection[Json], codec: Codec, row: Row) -> None:
        # Making forty dates aware of UTC takes as long as everything else about a page of twenty.
        self._listed = collection.with_options(CodecOptions[Json](tz_aware=False))
        self._codec = codec
        self._names = stored_paths(row.order or (row.key,))
        self._paths = self._names if row.order else ("_id",)

    async def page(
        self, limit: int, cursor: str | None = None, limits: Mapping[str, Any] | None = None
    ) -> Page:
        """Up to `limit` objects, from a cursor on.

        Args:
            limit: At most so many.
            cursor: The `next` of the page before; None for the first page.
            limits: The values that filters have, by property; None for any.

        Raises:
            InvalidCursorError: It was not given for pages with these limits.
        """
        limits = {name: value for name, value in (limits or {}).items() if value is not None}
        query = self._codec.to_database(limits) if limits else {}
        if cursor is not None:
            after = Cursor.decode(cursor, limits, len(self._paths))
            query["$or"] = [*_beyond(self._paths, after.values)]
        order = [(path, ASCENDING) for path in self._paths]
        # One more than asked for tells whether there is a next page; the batch holds them all.
        found = self._listed.find(query, PUBLIC, sort=order, limit=limit + 1, batch_size=limit + 2)
        documents = await found.to_list()
        more = None
        if len(documents) > limit:
            last = documents[limit - 1]
            more = Cursor(tuple(last.get(name) for name in self._names), limits).encode()
        return Page([self._codec.to_wire(each) for each in documents[:limit]], more)


def _beyond(paths: Sequence[str], values: Sequence[Any]) -> Iterator[Json]:
    """What comes after these values, as conditions of which one holds."""
    for place, (path, value) in enumerate(zip(paths, values, strict=True)):
        same = dict(zip(paths[:place], values[:place], strict=True))
        for condition in _later(value):
            yield {**same, path: condition}


def _later(value: Any) -> Iterator[Json]:  # noqa: ANN401 - any value of BSON
    """What one value must be to come after another: MongoDB compares within a type only."""
    (place,) = (
        n
        for n, (types, _) in enumerate(_TYPES)
        if isinstance(value, types) and not (isinstance(value, bool) and int in types)
    )
    if value is not None:
        yield {"$gt": value}
    if others := [name for _, names in _TYPES[place + 1 :] for name in names]:
        yield {"$type": others}
