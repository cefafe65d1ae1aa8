"""What the handlers of the user API are given."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from handlers.times import ClientTimes, ServerTimes, Times
from openapi.description import Description
from services.declaration import Service, Version
from storage.client import Json, now
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
) -> Mapping[str, Any]:
    """The users, and the policy of their times."""
    del events  # the relay publishes them
    (collection,) = service.collections
    users = Users(database[collection.name], version.name, description)
    return {"users": users, "times": _TIMES[version.name]()}
