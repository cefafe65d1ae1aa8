"""What no two documents of a collection may have in common."""

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from contract.formats import email_key
from openapi.description import resolved
from services.declaration import Collection as Row
from storage.entity import Entity
from storage.errors import UniqueTakenError
from storage.property_names import stored_paths
from storage.system_fields import EMAIL_KEYS


class Uniqueness:
    """The unique properties of a collection, those of them that hold e-mail addresses apart.

    Two spellings of an address are one address, so these are compared by their keys.
    """

    def __init__(self, row: Row, entity: Entity) -> None:
        self._key, self._entity = row.key, entity
        self.emails = tuple(each for each in row.unique if self._holds_emails(each))
        others = [each for each in row.unique if each not in self.emails]
        self.plain = dict(zip(stored_paths(others), others, strict=True))

    @property
    def has_emails_always(self) -> bool:
        """Whether there is no document without an address."""
        schemas = self._entity.description.schemas
        whole = resolved(self._entity.schema, schemas)
        for name in self.emails:
            schema = resolved(whole.get("properties", {}).get(name, {}), schemas)
            if name in whole.get("required", ()) and (
                schema.get("type") == "string" or schema.get("minItems", 0) > 0
            ):
                return True
        return False

    def email_keys(self, value: Mapping[str, Any]) -> list[str]:
        """The keys of all addresses of an object."""
        return [email_key(address) for _, _, address in self._addresses(value)]

    def taken(self, error: DuplicateKeyError, value: Mapping[str, Any]) -> Exception:
        """What an index says that refused an object; the error itself if it is another's."""
        [(path, found), *_] = (error.details or {}).get("keyValue", {"": None}).items()
        if path == "_id":
            return UniqueTakenError(self._key)
        if path in self.plain:
            held = value.get(self.plain[path])
            index = held.index(found) if isinstance(held, list) and found in held else None
            return UniqueTakenError(self.plain[path], index)
        for name, index, address in self._addresses(value):
            if path == EMAIL_KEYS and email_key(address) == found:
                return UniqueTakenError(name, index)
        return error

    def _addresses(self, value: Mapping[str, Any]) -> Iterator[tuple[str, int | None, str]]:
        for name in self.emails:
            held = value.get(name)
            if isinstance(held, list):
                yield from ((name, index, each) for index, each in enumerate(held))
            elif held is not None:
                yield name, None, held

    def _holds_emails(self, name: str) -> bool:
        places = self._entity.places
        there = places.property(self._entity.place, name)
        schemas = (*there.schemas, *places.element(there, 0).schemas)
        return any(each.get("format") == "email" for each in schemas)
