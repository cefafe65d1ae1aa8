"""What the handlers of the order API are given."""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from openapi.description import Description
from services.declaration import Service, Version
from storage.client import Json
from storage.orders import Orders


def dependencies(
    *,
    database: AsyncDatabase[Json],
    service: Service,
    version: Version,
    description: Description,
    events: Description,
) -> Mapping[str, Any]:
    """The orders, which know the contact data that events brought."""
    del version
    (row,) = service.collections
    return {"orders": Orders(database, description, events, row)}
