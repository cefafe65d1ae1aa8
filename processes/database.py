"""The database of a process, and its word in there: which version of what is stored it uses."""

from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.declaration import Service
from services.reading import declared
from storage.client import Json, MongoSettings
from storage.evolution.collection import EvolvingDatabase
from storage.evolution.loading import load
from storage.evolution.presence import Presence
from storage.layout import Collection, digest, records, service_collections


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
    name = settings.database(service.database)
    collections = layout(settings, service)
    known = [step.name for each in collections for step in each.steps]
    rights = _rights(collections, service, process)
    presence = Presence(client[name], process, digest(collections), known, rights)
    shapes = {each.name: each.shape(presence.phases) for each in collections}
    found = {name: shape for name, shape in shapes.items() if shape is not None}
    return Stored(EvolvingDatabase(client[name], found, presence), presence)


def _rights(
    collections: Sequence[Collection], service: Service, process: str
) -> dict[str, tuple[str, ...]]:
    """What the set-up lets a process do, by collection; versions of a service share a login."""
    all_of_it = [*collections, *records(collections)]
    login = process if any(process in each.access for each in all_of_it) else service.name
    return {each.name: each.access[login] for each in all_of_it if login in each.access}


def layout(settings: MongoSettings, service: Service) -> list[Collection]:
    """The collections of a service; raises as `stored` does."""
    name = settings.database(service.database)
    return service_collections(service, declared().events, name, load())
