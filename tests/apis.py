"""The APIs of the specs, read once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from messaging.events import Events
from models.fields.events import UserContactsChanged
from openapi.description import Description
from openapi.reading import load_description
from services.payload import payloads
from services.reading import declared
from storage.client import Json
from storage.contacts import Contacts, MongoContactsStore
from storage.entity import Entity
from storage.evolution.steps import Step
from storage.layout import Collection, collections
from storage.mongo_outbox import MongoOutbox
from storage.orders import CONTACTS, Orders
from storage.outbox import OutboxEntry
from storage.uniqueness import Uniqueness
from storage.users import Users, user_codec

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
    (row,) = declared().by_api["order"].collections
    return Orders(database, api("order"), api("events"), row)


def both_collections(
    users: str, orders: str, steps: Iterable[Step] = (), specs: Path = SPECS
) -> list[Collection]:
    """The collections of both databases, by their names, as the specs in a folder ask for them."""
    system = declared()
    services = tuple(replace(each, spec=specs / each.spec.name) for each in system)
    there = replace(system, services=services, events=specs / "events.yaml")
    return collections(there, {"users": users, "orders": orders}.__getitem__, steps)


def outbox_of(collection: AsyncCollection[Json]) -> MongoOutbox:
    """The outbox of a collection, as the relay has it."""
    service = declared().by_api["user"]
    return MongoOutbox(collection, user_codec(api("user")), payloads(service, api("events")))


def contacts_of(database: AsyncDatabase[Json]) -> MongoContactsStore:
    """The contact data of a database, as the consumer has them."""
    return MongoContactsStore(database, api("order"), api("events"))


def unique_users() -> Uniqueness:
    """What is unique of users."""
    (row,) = declared().by_api["user"].collections
    return Uniqueness(row, Entity(api("user"), row.schema))


def contacts_in(change: OutboxEntry) -> Contacts:
    """What a change tells of a user."""
    emails = tuple(change.data[UserContactsChanged.userEmails])
    address = change.data[UserContactsChanged.deliveryAddress]
    return Contacts(change.key, change.version, emails, address)


def change_of(contacts: Contacts, moment: datetime) -> OutboxEntry:
    """The change that tells it."""
    data = {
        UserContactsChanged.userId: contacts.user_id,
        UserContactsChanged.userEmails: [*contacts.user_emails],
        UserContactsChanged.deliveryAddress: dict(contacts.delivery_address),
    }
    return OutboxEntry(CONTACTS, contacts.user_id, contacts.version, data, moment, moment, "v1")


@cache
def contact_events() -> Events:
    """Those that the sync is about."""
    return Events.declared(declared(), CONTACTS)
