"""What the handlers of the user API are given."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from handlers.times import ClientTimes, ServerTimes, Times
from openapi.description import Description
from openapi.errors import InvalidDocumentError
from services.declaration import Kind, Service, Version
from storage.client import Json, now
from storage.publications import Publications
from storage.users import Users

_TIMES: Mapping[str, Callable[[], Times]] = {"v1": ClientTimes, "v2": lambda: ServerTimes(now)}
"""Who says when something happened, by version."""


def dependencies(
    *,
    database: AsyncDatabase[Json],
    service: Service,
    version: Version,
    description: Description,
    events: Description | None,
    publications: Publications,
) -> Mapping[str, Any]:
    """The users, and the policy of their times."""
    del events
    for each in () if service.publishes is None else service.publishes.events:
        if each.kind is Kind.EACH and each.on_change:
            why = "every change of a user would have to be kept, and only the newest is"
            raise InvalidDocumentError(f"services.yaml: {each.name}: {why}: make its kind `state`")
    (collection,) = service.collections
    users = Users(database[collection.name], version.name, description, publications)
    return {"users": users, "times": _TIMES[version.name]()}
