"""The users of the user database, and the duty to tell the orders when one changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from bson import Int64
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from contract.formats import email_key
from storage.client import Json, now
from storage.errors import EmailTakenError, NotFoundError

INTERNAL = ("_id", "emailKeys", "contactVersion", "outbox")
"""Fields of a user's document that are nobody else's business.

`_id`: the userId again, so that one index serves both. `emailKeys`: one spelling of each address,
under a unique index. `contactVersion`: counts the changes of contact data, from 1. `outbox`: there
while the newest change has not been published: `since` (the oldest such change), `changedAt` (the
newest), `build` (who wrote it).
"""

_PUBLIC = dict.fromkeys(INTERNAL, 0)


class Users:
    """Reads and writes users. Every method raises `PyMongoError` where MongoDB fails."""

    def __init__(self, collection: AsyncCollection[Json], build: str) -> None:
        self._users = collection
        self._build = build

    async def create(self, user: Mapping[str, Any]) -> Json:
        """Store a new user and answer it, with an id of its own.

        Raises:
            EmailTakenError: An address belongs to somebody.
        """
        user_id = str(uuid4())
        stored = {"userId": user_id, **user}
        document = {
            "_id": user_id,
            **stored,
            "emailKeys": [email_key(each) for each in user["emails"]],
            "contactVersion": Int64(1),
        }
        try:
            await self._users.insert_one(document)
        except DuplicateKeyError as error:
            raise _taken(error, user["emails"]) from error
        return stored

    async def update_contacts(
        self, user_id: str, contacts: Mapping[str, Any], times: Mapping[str, Mapping[str, datetime]]
    ) -> Json:
        """Replace `emails`, `deliveryAddress` or both, and answer the user after that.

        The same update raises the version and leaves the duty to publish it: one document, so
        that neither is ever there without the other.

        Args:
            user_id: Whose.
            contacts: The fields to replace.
            times: Update operators for createdAt and updatedAt.

        Raises:
            NotFoundError: There is no such user.
            EmailTakenError: An address belongs to somebody else.
        """
        moment = now()
        changes: Json = {**contacts, "outbox.changedAt": moment, "outbox.build": self._build}
        if "emails" in contacts:
            changes["emailKeys"] = [email_key(each) for each in contacts["emails"]]
        update: dict[str, Json] = {
            "$set": changes,
            "$min": {"outbox.since": moment},
            "$inc": {"contactVersion": Int64(1)},
        }
        for operator, fields in times.items():
            update.setdefault(operator, {}).update(fields)
        try:
            user = await self._users.find_one_and_update(
                {"_id": user_id},
                update,
                projection=_PUBLIC,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError as error:
            raise _taken(error, contacts["emails"]) from error
        if user is None:
            raise NotFoundError(user_id)
        return user

    async def get(self, user_id: str) -> Json:
        """One user.

        Raises:
            NotFoundError: There is none with this id.
        """
        user = await self._users.find_one({"_id": user_id}, _PUBLIC)
        if user is None:
            raise NotFoundError(user_id)
        return user


def _taken(error: DuplicateKeyError, emails: list[str]) -> Exception:
    """Which of `emails` the unique index refused; the error itself if it was another index."""
    key = (error.details or {}).get("keyValue", {}).get("emailKeys")
    keys = [email_key(each) for each in emails]
    return EmailTakenError(keys.index(key)) if key in keys else error
