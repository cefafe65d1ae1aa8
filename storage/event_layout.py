"""What storage keeps for itself of documents that events tell of, or copy: schemas and indexes."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from models.fields.events import UserContactsChanged
from openapi.description import Description
from services.declaration import Collection, Kind, Service
from storage.causes import CAUSE_SCHEMA
from storage.entity import Entity
from storage.orders import CONTACT_FIELDS, CONTACTS
from storage.origin import ORIGIN_SCHEMA
from storage.property_names import stored_paths
from storage.repeats import RECORD_SCHEMA
from storage.system_fields import (
    BUILD,
    CAUSES,
    CHANGED_AT,
    CHANGES,
    CONTACT_VERSION,
    CREATION,
    EMAIL_KEYS,
    OCCURRED_AT,
    OCCURRENCES,
    OUTBOX,
    PUBLISHED,
    REQUESTS,
    REVISION,
    SINCE,
    SYNCED_AT,
    SYSTEM,
    name_of,
)
from storage.uniqueness import Uniqueness
from storage.validators import part_schema

_LONG = {"bsonType": "long"}
_STRING = {"bsonType": "string"}
_DATE = {"bsonType": "date"}


def _system(fields: Mapping[str, dict[str, Any]], optional: Container[str]) -> dict[str, Any]:
    """The `$jsonSchema` of storage's own fields, by their paths; some of them may be missing."""
    named = {name_of(path): schema for path, schema in fields.items()}
    return {
        "bsonType": "object",
        "required": [name_of(path) for path in fields if path not in optional],
        "properties": named,
        "additionalProperties": False,
    }


_OUTBOX = _system(
    {
        SINCE: _DATE,
        CHANGED_AT: _DATE,
        BUILD: _STRING,
        CHANGES: _LONG,
        CAUSES: {"bsonType": "array", "items": CAUSE_SCHEMA},
    },
    {CAUSES, CHANGES},  # what versions write that do not know them yet has neither
)

_PUBLISHED = {
    "bsonType": "object",
    "required": ["version", "changedAt", "at"],
    "properties": {"version": _LONG, "changedAt": _DATE, "at": _DATE, "cause": CAUSE_SCHEMA},
    "additionalProperties": False,
}

_OCCURRENCES = {
    "bsonType": "array",
    "items": {
        "bsonType": "object",
        "required": ["event", "version", "at", "build", "data"],
        "properties": {
            **dict.fromkeys(("event", "build", "data"), _STRING),
            "version": _LONG,
            "at": _DATE,
            "cause": CAUSE_SCHEMA,
        },
        "additionalProperties": False,
    },
}

_RECORDS = {"bsonType": "array", "items": RECORD_SCHEMA}

LEDGER_SCHEMA = {
    "bsonType": "object",
    "required": ["_id", "version"],
    "properties": {"_id": _STRING, "version": _LONG, "until": _DATE},
    "additionalProperties": False,
}
"""What a subscriber has applied, and until when an occurrence is known."""


def own_fields(service: Service, row: Collection, unique: Uniqueness) -> dict[str, Any]:
    """The `$jsonSchema` of what is below `_system` in the documents of a collection."""
    system: dict[str, dict[str, Any]] = {}
    if unique.emails:
        system[EMAIL_KEYS] = {"bsonType": "array", "items": _STRING}
    kinds = {each.kind for each in service.events_of(row.name)}
    if kinds or copied_key(service, row):
        system[CONTACT_VERSION] = _LONG
    if copied_key(service, row):
        system[SYNCED_AT] = _DATE
    system |= {REVISION: _LONG, CREATION: RECORD_SCHEMA, REQUESTS: _RECORDS}
    if Kind.STATE in kinds:
        system |= {OUTBOX: _OUTBOX, PUBLISHED: _PUBLISHED}
    if Kind.EACH in kinds:
        system[OCCURRENCES] = _OCCURRENCES
    optional = {OUTBOX, PUBLISHED, SYNCED_AT, OCCURRENCES, CREATION, REQUESTS}
    if service.composition:
        optional.add(REVISION)
    if not unique.has_emails_always:
        optional.add(EMAIL_KEYS)
    return _system(system, optional)


def copied_key(service: Service, row: Collection) -> str:
    """The property with the key of the event that documents copy; empty where they copy none."""
    name, key = (service.follows and service.follows.copies) or ("", "")
    return key if name == row.name else ""


def event_indexes(service: Service, row: Collection) -> Iterator[IndexModel]:
    """The indexes by which a relay finds what is pending, and a subscriber what copies."""
    kinds = {each.kind for each in service.events_of(row.name)}
    if Kind.STATE in kinds:
        yield index("outbox", [SINCE], {SINCE: {"$exists": True}})
    if Kind.EACH in kinds:
        yield index("occurrences", [OCCURRED_AT], {OCCURRED_AT: {"$exists": True}})
    if key := copied_key(service, row):
        (path,) = stored_paths([key])
        yield index("user_contact_version", [path, CONTACT_VERSION], {path: {"$exists": True}})


def contacts_schema(events: Description) -> dict[str, Any]:
    """The `$jsonSchema` of the newest that events have told of each user."""
    event = Entity(events, CONTACTS)
    fields = {
        name: part_schema(event, name) for name in (UserContactsChanged.version, *CONTACT_FIELDS)
    }
    return {
        "bsonType": "object",
        "required": ["_id", *fields],
        "properties": {
            "_id": part_schema(event, UserContactsChanged.userId),
            SYSTEM: ORIGIN_SCHEMA,
            **fields,
        },
        "additionalProperties": False,
    }


def index(
    name: str, paths: Iterable[str], only: Mapping[str, Any] | None = None, *, unique: bool = False
) -> IndexModel:
    """An index on paths, of those documents alone for which `only` holds."""
    options: dict[str, Any] = {"partialFilterExpression": only} if only else {}
    if unique:
        options["unique"] = True
    return IndexModel([(path, ASCENDING) for path in paths], name=name, **options)
