"""Reading and changing single documents as the conditions of a request have it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from contract.conditions import ANY, Conditions
from openapi.description import Description
from storage import repeats
from storage.client import Id, Json
from storage.errors import NotFoundError, PreconditionFailedError
from storage.etags import Etags
from storage.removals import Removals
from storage.system_fields import WITH_COUNTERS


class Conditional:
    """The documents of a collection. All methods raise `PyMongoError` where MongoDB fails."""

    def __init__(self, collection: AsyncCollection[Json], etags: Etags, api: Description) -> None:
        """Take a collection, the ETags of its documents, and the API that they are of."""
        self._collection, self._etags = collection, etags
        self._removals, self._are_removed = Removals(collection, etags), api.has_method("DELETE")
        # What is shown can no more be lost: its ETag will not be given again, to other data.
        self._shown = collection.with_options(read_concern=ReadConcern("majority"))
        self._newest = collection.with_options(read_concern=ReadConcern("linearizable"))

    async def get(self, document_id: Id) -> Json:
        """One document, without storage's own fields but for the counters of its ETag.

        Raises:
            NotFoundError: There is none with this id.
        """
        document = await self._shown.find_one({"_id": document_id}, WITH_COUNTERS)
        if document is None:
            raise NotFoundError(document_id)
        return document

    async def insert(self, document: Json, demanded: Conditions) -> Json:
        """Insert a document, or find that which the request inserted when it came before.

        Raises:
            DuplicateKeyError: Another one has its id, or what is unique of it.
            KeyReusedError: Another request with its key inserted one.
            RemovedSinceError: The request inserted it before, and it has been removed.
            PreconditionFailedError: The request demands a state of what is not there yet.
        """
        if demanded.if_match is not None and ANY not in demanded.if_match:
            raise PreconditionFailedError(None)
        while True:
            try:
                if demanded.request is None or not self._are_removed:
                    await self._collection.insert_one(document)
                else:
                    await self._removals.insert(document, demanded)
            except DuplicateKeyError as error:
                if demanded.request is None:
                    raise
                found = await self._newest_of(document["_id"])
                if found is not None and repeats.is_repeated(found, demanded):
                    return found
                is_id = "_id" in (error.details or {}).get("keyValue", {})
                if found is not None or not is_id:
                    raise  # else it has gone again
            else:
                return document

    async def update(
        self,
        document_id: Id,
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
        self, document_id: Id, demanded: Conditions, etags: Etags | None = None
    ) -> tuple[Json, bool]:
        """A document that seemed not to be one to change, and whether the request did so before.

        Raises as `update` does. Where it is one to change after all, somebody has been quicker.
        """
        document = await self._newest_of(document_id)
        if document is None:
            raise NotFoundError(document_id)
        if repeats.is_repeated(document, demanded):
            return document, True
        etags = etags or self._etags
        if not etags.admit(demanded, document):
            raise PreconditionFailedError(etags.of(document))
        return document, False

    async def remove(self, document_id: Id, demanded: Conditions) -> None:
        """Remove a document for good. Raises as `Removals.remove` does."""
        await self._removals.remove(document_id, demanded)

    async def _newest_of(self, document_id: Id) -> Json | None:
        """A document as nothing can undo it any more, whole."""
        return await self._newest.find_one({"_id": document_id})
