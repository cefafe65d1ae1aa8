"""Objects of one schema, by id, as they are on the wire: whatever their properties are called."""

from collections.abc import Callable
from typing import Any

from bson import Int64
from pymongo.asynchronous.collection import AsyncCollection

from storage.client import Json
from storage.entity import Entity
from storage.errors import NotFoundError, size_checked
from storage.system_fields import OWN, REVISION, system, value_of


class Documents:
    """Reads and writes the objects of a collection.

    Every method raises `PyMongoError` where MongoDB fails, and those that write UnstorableError
    and DocumentTooLargeError where it cannot hold what was sent. No name of a property is ever
    part of a query or of an update operator: each write is of a whole document.
    """

    def __init__(self, collection: AsyncCollection[Json], entity: Entity) -> None:
        self._collection = collection
        self._codec = entity.codec(OWN)

    async def create(self, document_id: str, value: Json) -> Json:
        """Store a new object and answer it. Raises DuplicateKeyError where there is one."""
        own = {"_id": document_id, **system({REVISION: Int64(1)})}
        document = self._codec.to_database(value) | own
        with size_checked:
            await self._collection.insert_one(document)
        return self._codec.to_wire(document)

    async def get(self, document_id: str) -> Json:
        """One object.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._codec.to_wire(await self._find(document_id))

    async def replace(self, document_id: str, value: Json) -> Json:
        """Store another object in the place of one, and answer it.

        Raises:
            NotFoundError: There is none with this id.
        """
        return await self._change(document_id, lambda _: value)

    async def merge(self, document_id: str, patch: Json, check: Callable[[Json], None]) -> Json:
        """Apply a merge patch (RFC 7396) and answer the object after that.

        Of two at once neither undoes the other: what is written is made from what is replaced.

        Args:
            document_id: Of which object.
            patch: What changes; `null` removes a property.
            check: Raises what is to be raised where an object does not fit its schema.

        Raises:
            NotFoundError: There is none with this id.
        """

        def changed(document: Json) -> Json:
            value: Json = merged(self._codec.to_wire(document), patch)
            check(value)
            return value

        return await self._change(document_id, changed)

    async def _change(self, document_id: str, changed: Callable[[Json], Json]) -> Json:
        while True:
            document = await self._find(document_id)
            revision = value_of(document, REVISION)
            own = {"_id": document_id, **system({REVISION: Int64(revision + 1)})}
            after = self._codec.to_database(changed(document)) | own
            with size_checked:
                done = await self._collection.replace_one(
                    {"_id": document_id, REVISION: revision}, after
                )
            if done.matched_count:
                return self._codec.to_wire(after)

    async def _find(self, document_id: str) -> Json:
        document = await self._collection.find_one({"_id": document_id})
        if document is None:
            raise NotFoundError(document_id)
        return document


def merged(target: Any, patch: Any) -> Any:  # noqa: ANN401 - any of JSON
    """What a merge patch makes of a value, as RFC 7396 has it; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    result = {**target} if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
