"""The APIs of the specs, read once."""

from functools import cache
from pathlib import Path

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from openapi.description import Description
from openapi.reading import load_description
from storage.client import Json
from storage.contacts import MongoContactsStore
from storage.orders import Orders
from storage.outbox import MongoOutbox
from storage.users import Users

SPECS = Path(__file__).parent.parent / "specs"


@cache
def api(name: str) -> Description:
    """The description of `user`, `order` or `events`."""
    return load_description(SPECS / f"{name}.yaml")


def users_of(collection: AsyncCollection[Json], build: str) -> Users:
    """The users of a collection, as the user service has them."""
    return Users(collection, build, api("user"))


def orders_of(database: AsyncDatabase[Json]) -> Orders:
    """The orders of a database, as the order service has them."""
    return Orders(database, api("order"), api("events"))


def outbox_of(collection: AsyncCollection[Json]) -> MongoOutbox:
    """The outbox of a collection, as the relay has it."""
    return MongoOutbox(collection, api("user"))


def contacts_of(database: AsyncDatabase[Json]) -> MongoContactsStore:
    """The contact data of a database, as the consumer has them."""
    return MongoContactsStore(database, api("order"), api("events"))
