"""The database of a process, and its word in there: which version of what is stored it uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from storage.client import Json, MongoSettings
from storage.evolution.collection import EvolvingDatabase
from storage.evolution.loading import load
from storage.evolution.presence import Presence
from storage.evolution.steps import Step
from storage.layout import Collection, digest, order_collections, user_collections

SPECS = Path(__file__).parent.parent / "specs"


@dataclass(frozen=True)
class Area:
    """One of the databases: its name by the settings, and its collections by that name."""

    name: Callable[[MongoSettings], str]
    layout: Callable[[Path, str, Sequence[Step]], list[Collection]]


USERS = Area(attrgetter("users"), user_collections)
ORDERS = Area(attrgetter("orders"), order_collections)


@dataclass(frozen=True)
class Stored:
    """A database whose documents are as storage knows them, while the presence is `kept`."""

    database: AsyncDatabase[Json]
    presence: Presence


def stored(
    client: AsyncMongoClient[Json], settings: MongoSettings, area: Area, process: str
) -> Stored:
    """A database for the process of that name.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        MigrationError: A migration cannot be used.
    """
    name = area.name(settings)
    collections = area.layout(SPECS, name, load())
    known = [step.name for each in collections for step in each.steps]
    presence = Presence(client[name], process, digest(collections), known)
    shapes = {each.name: each.shape(presence.phases) for each in collections}
    found = {name: shape for name, shape in shapes.items() if shape is not None}
    return Stored(EvolvingDatabase(client[name], found, presence), presence)
