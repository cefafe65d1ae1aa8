"""Reading and changing single documents as the conditions of a request have it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern

from contract.conditions import Conditions
from storage import repeats
from storage.client import Json
from storage.errors import NotFoundError, PreconditionFailedError
from storage.etags import Etags
from storage.system_fields import WITH_COUNTERS


class Conditional:
    """The documents of a collection. All methods raise `PyMongoError` where MongoDB fails."""

    def __init__(self, collection: AsyncCollection[Json], etags: Etags) -> None:
        self._collection, self._etags = collection, etags
        # What is shown can no more be lost: its ETag will not be given again, to other data.
        self._shown = collection.with_options(read_concern=ReadConcern("majority"))
        self._newest = collection.with_options(read_concern=ReadConcern("linearizable"))

    async def get(self, document_id: str) -> Json:
        """One document, without storage's own fields but for the counters of its ETag.

        Raises:
            NotFoundError: There is none with this id.
        """
        document = await self._shown.find_one({"_id": document_id}, WITH_COUNTERS)
        if document is None:
            raise NotFoundError(document_id)
        return document

    async def made(self, document_id: str, demanded: Conditions) -> Json | None:
        """The document that a request made when it came before; None where it made none.

        Raises:
            KeyReusedError: Another request with its key did.
        """
        document = None if demanded.request is None else await self.newest(document_id)
        is_it = document is not None and repeats.is_repeated(document, demanded)
        return document if is_it else None

    async def newest(self, document_id: str) -> Json | None:
        """A document as nothing can undo it any more, whole; None where there is none."""
        return await self._newest.find_one({"_id": document_id})

    async def update(
        self,
        document_id: str,
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        demanded: Conditions,
        etags: Etags | None = None,
    ) -> Json:
        """Apply an update, unless the request was carried out before, and return the document.

        Args:
            document_id: Of which one.
            update: It has to keep the request, as `repeats` has it.
            demanded: Of the request.
            etags: Where not all counters matter to the change.

        Raises:
            NotFoundError: There is none with this id.
            PreconditionFailedError: It is in another state than the request demands.
            KeyReusedError: Another request with its key was carried out.
        """
        etags = etags or self._etags
        query = {"_id": document_id, **repeats.unknown(demanded), **etags.query(demanded)}
        while True:
            document: Json | None = await self._collection.find_one_and_update(
                query, update, WITH_COUNTERS, return_document=ReturnDocument.AFTER
            )
            if document is not None:
                return document
            document, is_repeated = await self.refused(document_id, demanded, etags)
            if is_repeated:
                return document

    async def refused(
        self, document_id: str, demanded: Conditions, etags: Etags | None = None
    ) -> tuple[Json, bool]:
        """A document that seemed not to be one to change, and whether the request did so before.

        Raises as `update` does. Where it is one to change after all, somebody has been quicker.
        """
        document = await self.newest(document_id)
        if document is None:
            raise NotFoundError(document_id)
        if repeats.is_repeated(document, demanded):
            return document, True
        etags = etags or self._etags
        if not etags.admit(demanded, document):
            raise PreconditionFailedError(etags.of(document))
        return document, False
