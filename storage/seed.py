"""Inserts the sample data into every collection, the same every time."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from bson import Int64
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

from openapi.description import Description
from services.declaration import Collection, Service
from storage.client import Json
from storage.entity import Entity
from storage.event_layout import copied_key
from storage.sample_data import Sampled
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, REVISION, system
from storage.uniqueness import Uniqueness


def seed(
    client: MongoClient[Json],
    database: Callable[[str], str],
    sampled: Iterable[Sampled],
    api_of: Callable[[Service], Description],
    one_more: Callable[[], None],
    *,
    stored: Callable[[str, Json], Json] = lambda _, document: document,
) -> Mapping[str, int]:
    """Insert the sample data that are not there yet; change none that is.

    Args:
        client: One who may insert.
        database: What a database is called that a service declares.
        sampled: What goes into which collection.
        api_of: What it fits.
        one_more: Called after each.
        stored: What is stored of a document, by the name of its collection.

    Returns:
        How many were inserted, by the names of the collections.
    """
    made: dict[str, int] = {}
    for service, row, values in sampled:
        collection = client[database(service.database)][row.name]
        made[row.name] = 0
        for document in _documents(service, row, api_of(service), values):
            try:
                collection.insert_one(stored(row.name, document))
                made[row.name] += 1
            except DuplicateKeyError:
                pass
            one_more()
    return made


def _documents(
    service: Service, row: Collection, api: Description, values: Iterable[Json]
) -> Iterator[Json]:
    """As they are stored when they have just been made, and were told of to nobody."""
    entity = Entity(api, row.schema)
    codec, unique = entity.codec(), Uniqueness(row, entity)
    for value in values:
        own: Json = {EMAIL_KEYS: unique.email_keys(value)} if unique.emails else {}
        if not service.composition:
            own[REVISION] = Int64(1)
        if service.events_of(row.name) or copied_key(service, row):
            own[CONTACT_VERSION] = Int64(bool(service.events_of(row.name)))
        yield {**codec.to_database(value), "_id": value[row.key], **system(own)}
