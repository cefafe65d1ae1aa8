"""The database of a process, and its word in there: which version of what is stored it uses."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.declaration import Service
from services.reading import declared
from storage.client import Json, MongoSettings
from storage.evolution.collection import EvolvingDatabase
from storage.evolution.loading import load
from storage.evolution.presence import Presence
from storage.evolution.steps import Step
from storage.layout import (
    Collection,
    digest,
    document_collections,
    order_collections,
    user_collections,
)

SPECS = Path(__file__).parent.parent / "specs"

_LAYOUTS = {"users": user_collections, "orders": order_collections}


@dataclass(frozen=True)
class Stored:
    """A database whose documents are as storage knows them, while the presence is `kept`."""

    database: AsyncDatabase[Json]
    presence: Presence


def stored(
    client: AsyncMongoClient[Json], settings: MongoSettings, service: Service, process: str
) -> Stored:
    """The database of a service for the process of that name.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        MigrationError: A migration cannot be used.
    """
    name, collections = settings.database(service.database), layout(settings, service)
    known = [step.name for each in collections for step in each.steps]
    presence = Presence(client[name], process, digest(collections), known)
    shapes = {each.name: each.shape(presence.phases) for each in collections}
    found = {name: shape for name, shape in shapes.items() if shape is not None}
    return Stored(EvolvingDatabase(client[name], found, presence), presence)


def layout(
    settings: MongoSettings, service: Service, steps: Iterable[Step] | None = None
) -> list[Collection]:
    """The collections of a service, by all migrations or by some; raises as `stored` does."""
    name, steps = settings.database(service.database), load() if steps is None else [*steps]
    if service.database in _LAYOUTS:
        return _LAYOUTS[service.database](service.spec.parent, name, steps)
    return document_collections(service, name, steps)


def every_collection(
    settings: MongoSettings, steps: Iterable[Step] | None = None
) -> list[Collection]:
    """The same, of all services."""
    steps = load() if steps is None else [*steps]
    return [
        collection
        for service in declared()
        if service.database
        for collection in layout(settings, service, steps)
    ]
