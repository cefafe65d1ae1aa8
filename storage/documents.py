"""The documents of a collection, as they are on the wire: storage that needs no code of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from bson import Int64
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from contract.conditions import Conditions, conditions_of_write
from contract.schema import Schema
from openapi.description import Description
from services.declaration import Collection as Row
from storage import repeats
from storage.client import Id, Json, now
from storage.conditional import Conditional
from storage.entity import Entity
from storage.errors import (
    NotFoundError,
    PreconditionFailedError,
    UnfitError,
    UniqueTakenError,
    size_checked,
)
from storage.etags import Etags
from storage.integers import plain
from storage.keys import Keys, require_possible, stored_id
from storage.pages import Page, Pages
from storage.publications import Publications
from storage.system_fields import EMAIL_KEYS, REVISION, SYSTEM, name_of, system
from storage.uniqueness import Uniqueness

_DRAWS = 16
"""So many ids are drawn for a new object: where a key may be few numbers, one may be taken."""


class Documents:
    """Reads and writes the documents of a collection.

    Every method raises `PyMongoError` where MongoDB fails, and those that write UniqueTakenError
    where another document has what must be unique, UnfitError where the object would not fit its
    schema, and UnstorableError and DocumentTooLargeError where MongoDB cannot hold it. Each write
    is of a whole document.
    """

    def __init__(
        self,
        collection: AsyncCollection[Json],
        api: Description,
        row: Row,
        publications: Publications | None = None,
    ) -> None:
        """Take a collection, its row, and the events that tell of its documents, if there are."""
        entity = Entity(api, row.schema)
        self._collection, self._key = collection, row.key
        self._codec = entity.codec()
        self._schema = Schema(entity.schema, api.schemas, closed=entity.is_closed)
        self._unique, self._keys = Uniqueness(row, entity), Keys(row, entity)
        self._pages = Pages(collection, self._codec, row)
        self._publications = publications
        self._etags = Etags(REVISION)
        self._single = Conditional(collection, self._etags, api)

    async def create(self, value: Mapping[str, Any]) -> Json:
        """Store a new object and answer it. Without a key it is given one: a UUID, or a number.

        Raises:
            RemovedSinceError: The request came before, and what it made has been removed.
            KeyReusedError: Another request with its key made something.
        """
        return await self._create(value, conditions_of_write())

    async def get(self, document_id: Id) -> Json:
        """One object.

        Raises:
            NotFoundError: There is none with this id.
        """
        document = await self._single.get(require_possible(document_id))
        return self._etags.tagged(document, self._codec)

    async def page(self, limit: int, cursor: str | None = None, **limits: Any) -> Page:  # noqa: ANN401 - as the schema has it
        """Up to `limit` objects in the order of the row, from a cursor on.

        Args:
            limit: At most so many.
            cursor: The `next` of the page before; None for the first page.
            limits: The values of those of the row's filters that are asked for; None is any.

        Raises:
            InvalidCursorError: It was not given for such pages.
        """
        return await self._pages.page(limit, cursor, limits)

    async def replace(self, document_id: Id, value: Mapping[str, Any]) -> Json:
        """Store another object in the place of one, under its key, and answer it.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError: It is in another state than the request demands.
            KeyReusedError: Another request with the key of this one was carried out on it.
        """
        return await self._change(document_id, lambda _: dict(value), conditions_of_write())

    async def merge(self, document_id: Id, patch: Mapping[str, Any]) -> Json:
        """Apply a merge patch (RFC 7396) and answer the object after that.

        Of two at once neither undoes the other: what is written is made from what is replaced.

        Args:
            document_id: Of which object.
            patch: What changes; `null` removes a property.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError, KeyReusedError: As `replace` says.
        """

        def changed(before: Json) -> Json:
            value: Json = merged(plain(before), dict(patch))
            return value

        return await self._change(document_id, changed, conditions_of_write())

    async def put(self, document_id: Id, value: Mapping[str, Any]) -> Json:
        """Store an object under a key, whether there is one or not, and answer it.

        Raises:
            PreconditionFailedError, KeyReusedError, RemovedSinceError: As `replace` and `create`
                say.
        """
        demanded = conditions_of_write()
        while True:
            try:
                return await self._change(document_id, lambda _: dict(value), demanded)
            except NotFoundError:
                if demanded.if_match is not None:
                    raise PreconditionFailedError(None) from None
                try:
                    return await self._create({**value, self._key: document_id}, demanded)
                except UniqueTakenError as error:
                    if error.property != self._key:
                        raise  # else somebody has made it in between

    async def delete(self, document_id: Id) -> None:
        """Remove one object.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError, KeyReusedError: As `replace` says.
        """
        await self._single.remove(require_possible(document_id), conditions_of_write())

    async def _create(self, value: Mapping[str, Any], demanded: Conditions) -> Json:
        if self._key in value:
            return await self._insert(stored_id(value[self._key]), value, demanded)
        for _ in range(_DRAWS - 1):
            try:
                return await self._insert(self._keys.new(), value, demanded)
            except UniqueTakenError as error:
                if error.property != self._key:
                    raise  # else somebody has the number that was drawn
        return await self._insert(self._keys.new(), value, demanded)

    async def _insert(self, document_id: Id, sent: Mapping[str, Any], demanded: Conditions) -> Json:
        value = {self._key: None, **sent} | {self._key: document_id}  # the key stands first
        told = {} if self._publications is None else self._publications.of_creation(value, now())
        own = {**told, **repeats.of_creation(demanded)}
        document = self._document(document_id, value, 1, own)
        try:
            with size_checked:
                document = await self._single.insert(document, demanded)
        except DuplicateKeyError as error:
            raise self._unique.taken(error, value) from error
        return self._etags.tagged(document, self._codec)

    def _document(
        self, document_id: Id, value: Mapping[str, Any], revision: int, own: Json
    ) -> Json:
        if issues := self._schema.issues(value):
            raise UnfitError(issues)
        fields: Json = {REVISION: Int64(revision), **own}
        if keys := self._unique.email_keys(value):
            fields[EMAIL_KEYS] = keys
        return {"_id": document_id, **self._codec.to_database(value), **system(fields)}

    async def _change(
        self, document_id: Id, changed: Callable[[Json], Json], demanded: Conditions
    ) -> Json:
        while True:
            document = await self._collection.find_one({"_id": require_possible(document_id)})
            if document is None:
                raise NotFoundError(document_id)
            if not (
                demanded.is_empty
                or (self._etags.admit(demanded, document) and repeats.is_new(document, demanded))
            ):
                document, is_repeated = await self._single.refused(document_id, demanded)
                if is_repeated:
                    return self._etags.tagged(document, self._codec)
            own = document[SYSTEM]
            revision = own.get(name_of(REVISION), 0)
            before = self._codec.to_wire(document)
            value = changed(before) | {self._key: document_id}
            fields = repeats.kept(own, demanded)
            if self._publications is not None:
                fields |= self._publications.of_change(own, before, value, now())
            after = self._document(document_id, value, revision + 1, fields)
            query = {"_id": document_id, REVISION: revision or {"$in": [0, None]}}
            try:
                with size_checked:
                    done = await self._collection.replace_one(query, after)
            except DuplicateKeyError as error:
                raise self._unique.taken(error, value) from error
            if done.matched_count:
                return self._etags.tagged(after, self._codec)


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
