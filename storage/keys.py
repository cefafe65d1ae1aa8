"""The ids of documents: texts, or whole numbers where the schema of a collection's key says so."""

import math
from collections.abc import Iterator, Sequence
from uuid import UUID

from contract.conditions import conditions
from contract.schema import Schema
from openapi.description import JsonSchema
from openapi.schemas import value_type
from services.declaration import Collection as Row
from storage.client import Id
from storage.entity import Entity
from storage.errors import NotFoundError
from storage.integers import has_64_bits

_EXACT = 2**53 - 1
"""Up to this number every client can tell one from the next."""

_CHANCE = 2**62 - 1
"""The bits of a UUID that are drawn."""


class Keys:
    """The ids of a collection: what they are, and new ones."""

    def __init__(self, row: Row, entity: Entity) -> None:
        """Take a collection, and what it holds."""
        schemas = entity.places.property(entity.place, row.key).schemas
        known = entity.description.schemas
        is_number = "integer" in {value_type(each, known) for each in schemas}
        self._kind = row.name
        self._numbers = _numbers(schemas) if is_number else None
        self.bson_type: str | list[str] = ["int", "long"] if is_number else "string"
        fits = Schema({"allOf": [{}, *schemas]}, known).is_valid
        self.are_made = all(map(fits, self._tried()))
        """Whether an id can be made that fits the schema. Else clients have to say theirs."""

    def new(self) -> Id:
        """One that is drawn; the same where a request comes again."""
        drawn = conditions().new_id(self._kind)
        if self._numbers is None:
            return drawn
        return self._numbers[(UUID(drawn).int & _CHANCE) % len(self._numbers)]

    def _tried(self) -> Iterator[Id | None]:
        if self._numbers is None:
            yield str(UUID(int=0, version=4))
        else:
            yield from (*self._numbers[:2], *self._numbers[-2:]) or (None,)


def stored_id(sent: Id | float) -> Id:
    """An id as documents have it: `1.0` is 1 in JSON."""
    return int(sent) if isinstance(sent, float) else sent


def require_possible(document_id: Id) -> Id:
    """The id; NotFoundError where it is a number that MongoDB can hold in no document."""
    if isinstance(document_id, str) or has_64_bits(document_id):
        return document_id
    raise NotFoundError(document_id)


def _numbers(schemas: Sequence[JsonSchema]) -> range:
    """What new ids are drawn from: from 1 on, as far as the schemas allow."""
    least, most = [1], [_EXACT]
    for each in schemas:
        least.append(math.ceil(each.get("minimum", 1)))
        least.append(math.floor(each.get("exclusiveMinimum", 0)) + 1)
        most.append(math.floor(each.get("maximum", _EXACT)))
        most.append(math.ceil(each.get("exclusiveMaximum", _EXACT + 1)) - 1)
    return range(max(least), min(most) + 1)
