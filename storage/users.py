"""The users of the user database, and the outbox entry of each change of contact data."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import Int64
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from contract.conditions import conditions, conditions_of_write
from contract.formats import email_key
from models.fields.user import User
from openapi.description import Description
from storage import causes, repeats
from storage.client import Json, now
from storage.codec import Codec
from storage.conditional import Conditional
from storage.entity import Entity
from storage.errors import EmailTakenError, size_checked
from storage.etags import Etags
from storage.publications import Publications
from storage.system_fields import (
    BUILD,
    CHANGED_AT,
    CONTACT_VERSION,
    EMAIL_KEYS,
    SINCE,
    system,
)

ENTITY = "User"
"""The schema that users fit."""


def user_codec(api: Description) -> Codec:
    """Between users as `api` has them and their documents."""
    return Entity(api, ENTITY).codec()


def email_keys(emails: Iterable[str]) -> list[str]:
    """By which no two users have the same address."""
    return [email_key(each) for each in emails]


class Users:
    """Reads and writes users, as they are on the wire.

    Every method raises `PyMongoError` where MongoDB fails, and those that write UnstorableError
    and DocumentTooLargeError where it cannot hold what was sent.
    """

    def __init__(
        self,
        collection: AsyncCollection[Json],
        build: str,
        api: Description,
        publications: Publications | None = None,
    ) -> None:
        self._etags = Etags(CONTACT_VERSION)
        self._single = Conditional(collection, self._etags, api)
        self._build = build
        self._publications = publications or Publications((), (), build)
        self._codec = user_codec(api)

    async def create(self, user: Mapping[str, Any]) -> Json:
        """Store a new user and answer it, with an id of its own.

        Raises:
            EmailTakenError: An address belongs to somebody.
            KeyReusedError: Another request with the key of this one made a user.
        """
        demanded, user_id = conditions_of_write(), conditions().new_id(ENTITY)
        value = {User.userId: user_id, **user}
        own = self._publications.of_creation(value, now())
        document = {
            "_id": user_id,
            **self._codec.to_database(value),
            **system(
                {EMAIL_KEYS: email_keys(user[User.emails]), **own, **repeats.of_creation(demanded)}
            ),
        }
        try:
            with size_checked:
                document = await self._single.insert(document, demanded)
        except DuplicateKeyError as error:
            raise _taken(error, user[User.emails]) from error
        return self._etags.tagged(document, self._codec)

    async def update_contacts(
        self, user_id: str, contacts: Mapping[str, Any], times: Mapping[str, Mapping[str, str]]
    ) -> Json:
        """Replace `emails`, `deliveryAddress` or both, and answer the user after that.

        The same update raises the version and leaves a pending outbox entry: one document, so that
        neither is ever there without the other.

        Args:
            user_id: Whose.
            contacts: The fields to replace.
            times: Update operators for createdAt and updatedAt.

        Raises:
            NotFoundError: There is no such user.
            EmailTakenError: An address belongs to somebody else.
            PreconditionFailedError, KeyReusedError: As `Conditional.update` says.
        """
        moment, demanded = now(), conditions_of_write()
        changes = self._codec.to_database(contacts)
        changes |= {CHANGED_AT: moment, BUILD: self._build}
        if User.emails in contacts:
            changes[EMAIL_KEYS] = email_keys(contacts[User.emails])
        update: dict[str, Json] = {
            "$set": changes,
            "$min": {SINCE: moment},
            "$inc": {CONTACT_VERSION: Int64(1)},
        }
        sent = {operator: self._codec.to_database(fields) for operator, fields in times.items()}
        for operators in (causes.pushed(), repeats.pushed(demanded), sent):
            for operator, fields in operators.items():
                update.setdefault(operator, {}).update(fields)
        try:
            with size_checked:
                user = await self._single.update(user_id, update, demanded)
        except DuplicateKeyError as error:
            raise _taken(error, contacts[User.emails]) from error
        return self._etags.tagged(user, self._codec)

    async def get(self, user_id: str) -> Json:
        """One user.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._etags.tagged(await self._single.get(user_id), self._codec)


def _taken(error: DuplicateKeyError, emails: list[str]) -> Exception:
    """Which of `emails` the unique index refused; the error itself if it was another index."""
    key = (error.details or {}).get("keyValue", {}).get(EMAIL_KEYS)
    keys = email_keys(emails)
    return EmailTakenError(keys.index(key)) if key in keys else error
