"""What the handlers of the order API are given."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from health.problems import Problems
from messaging.clock import Clock
from messaging.consumer import Applier
from messaging.sync import ContactsSync
from openapi.description import Description
from openapi.reading import load_description
from services.declaration import Service, Version
from storage.client import Json
from storage.contacts import MongoContactsStore
from storage.orders import Orders
from storage.publications import Publications


def dependencies(
    *,
    database: AsyncDatabase[Json],
    service: Service,
    version: Version,
    description: Description,
    events: Description,
    publications: Publications,
) -> Mapping[str, Any]:
    """The orders, which know the contact data that events brought."""
    del version, publications
    (row,) = service.collections
    return {"orders": Orders(database, description, events, row)}


def applier(
    *,
    database: AsyncDatabase[Json],
    service: Service,
    events: Description,
    clock: Clock,
    updated: Callable[[int], object],
    problems: Problems,
) -> Applier:
    """The sync, which brings orders to what events say of their users."""
    store = MongoContactsStore(database, load_description(service.spec), events)
    return ContactsSync(store, clock, updated, problems=problems)
