"""The collections of all databases, their validators, indexes, and who may do what with them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pymongo import ASCENDING, IndexModel

from contract.completion import NONE, Completion, default_of
from openapi.description import Description, resolved
from openapi.errors import InvalidDocumentError
from openapi.reading import load_description
from openapi.schemas import Reach
from services.declaration import Collection as CollectionRow
from services.declaration import Relay, Service, Subscriber, System
from storage.divisions import DIVISION_SCHEMA, DIVISIONS
from storage.entity import Entity
from storage.event_layout import (
    LEDGER_SCHEMA,
    contacts_schema,
    copied_key,
    event_indexes,
    index,
    own_fields,
)
from storage.evolution.layers import CompletionLayer, DefaultLayer, Phase
from storage.evolution.paths import copied
from storage.evolution.records import MIGRATIONS, PROCESSES
from storage.evolution.reserve import reserving
from storage.evolution.shape import Shape
from storage.evolution.steps import Step
from storage.evolution.stored import stored_index, stored_schema
from storage.evolution.sweep import applied
from storage.keys import Keys
from storage.ledger import LEDGER
from storage.property_names import stored_paths
from storage.queue_part_counts import PARTS, PARTS_SCHEMA
from storage.removals import TOMBSTONE_SCHEMA, TOMBSTONES, UNTIL
from storage.system_fields import (
    EMAIL_KEYS,
    OWN,
    SYSTEM,
)
from storage.uniqueness import Uniqueness
from storage.validators import collection_schema

_VALUES = ["double", "string", "object", "binData", "bool", "date", "int", "long", "decimal"]
"""Types of what is unique: null, what is missing and an empty array may be there often."""


@dataclass(frozen=True)
class Collection:
    """One collection: `schema` is its validator, `access` the actions of each login on it.

    `ordered` are the fields that pages of it are sorted by. `steps` are its migrations. `complete`
    fills in, at any depth, the defaults that the spec has for its documents, if it has any;
    `defaults` are those of their own fields.
    """

    database: str
    name: str
    schema: dict[str, Any]
    indexes: tuple[IndexModel, ...]
    access: dict[str, tuple[str, ...]]
    ordered: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def shape(self, phases: Mapping[str, Phase]) -> Shape | None:
        """How a process reads and writes it; None where that is as storage knows it."""
        layers = [layer for step in self.steps for layer in step.layers(phases)]
        if self.complete is not None:
            layers += [DefaultLayer(phases, *each) for each in self.defaults.items()]
            layers.append(CompletionLayer(phases, self.complete))
        return Shape(tuple(layers)) if layers else None

    def stored(self, document: dict[str, Any]) -> dict[str, Any]:
        """What is stored of a document after all migrations, with defaults."""
        for step in self.steps:
            document = applied(document, step.changes)
        return document if self.complete is None else self.complete(document)


def collections(
    system: System, name: Callable[[str], str], steps: Iterable[Step] = ()
) -> list[Collection]:
    """The layout of all databases that the services of a system ask for.

    Args:
        system: The services.
        name: What a database is called that a service declares, as `MongoSettings.database` says.
        steps: The migrations, in their order.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        MigrationError: A migration does not fit the specs.
    """
    known = [*steps]
    return [
        each
        for service in system
        for each in service_collections(service, system.events, name(service.database), known)
    ]


def service_collections(
    service: Service, events: Path | None, database: str, steps: Sequence[Step]
) -> list[Collection]:
    """The same, of one service, whose database is called `database`."""
    return [_evolved(each, steps) for each in _wanted(service, events, database)]


def records(layout: Sequence[Collection]) -> list[Collection]:
    """The collections in which the databases of a layout keep account of their migrations."""
    return [
        Collection(
            database,
            name,
            {"bsonType": "object"},
            (),
            {
                login: actions
                for each in layout
                if each.database == database
                for login in each.access
                if login not in withheld
            },
        )
        for database in dict.fromkeys(each.database for each in layout)
        for name, actions, withheld in (
            (MIGRATIONS, ("find",), ("smoke-test",)),
            (PROCESSES, ("insert", "update", "remove", "find"), ("smoke-test", "backup-reader")),
        )
    ]


def digest(layout: Iterable[Collection]) -> str:
    """What tells a layout of one database from another."""
    parts = [
        [each.name, each.schema, [step.name for step in each.steps]]
        for each in sorted(layout, key=lambda each: each.name)
    ]
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _evolved(wanted: Collection, steps: Sequence[Step]) -> Collection:
    own = (
        *reserving(wanted.name, wanted.schema),
        *(each for each in steps if each.collection == wanted.name),
    )
    indexes = tuple(stored_index(each, own, wanted.ordered) for each in wanted.indexes)
    return replace(wanted, schema=stored_schema(wanted.schema, own), indexes=indexes, steps=own)


def _defaults(wanted: Collection, entity: Entity) -> Collection:
    """The collection with the defaults of what it holds."""
    schemas = entity.description.schemas
    if not Reach(schemas, lambda each: "default" in each)(entity.schema):
        return wanted
    completion, codec = Completion(entity.schema, schemas), entity.codec()
    properties = resolved(entity.schema, schemas).get("properties", {})
    found = {field: default_of(each, schemas) for field, each in properties.items()}

    def complete(document: dict[str, Any]) -> dict[str, Any]:
        own = {field: document[field] for field in OWN if field in document}
        return codec.to_database(completion(codec.to_wire(copied(document)))) | own

    defaults = {field: each for field, each in found.items() if each is not NONE}
    return replace(wanted, complete=complete, defaults=codec.to_database(defaults))


def _wanted(service: Service, events: Path | None, database: str) -> Iterator[Collection]:
    api = load_description(service.spec) if service.collections else None
    for row in service.collections:
        if api is not None:
            yield _documents(service, row, api, database)
    if api is not None and api.has_method("DELETE"):
        yield _tombstones(service, database)
    if service.publishes is not None:
        yield _divisions(service.publishes, database)
    if service.follows is not None and events is not None:
        yield _parts(service.follows, database)
        if service.follows.copies is None:
            yield _ledger(service.follows, database)
        else:
            yield _contacts(service, service.follows, events, database)


def _documents(service: Service, row: CollectionRow, api: Description, database: str) -> Collection:
    if row.schema not in api.schemas:
        raise InvalidDocumentError(
            f"{api.place('/components/schemas')}: there is no schema {row.schema}, which "
            f"{service.name} stores: write one, or name another in services.yaml"
        )
    entity = Entity(api, row.schema)
    unique = Uniqueness(row, entity)
    own = {
        "_id": {"bsonType": Keys(row, entity).bson_type},
        SYSTEM: own_fields(service, row, unique),
    }
    schema = collection_schema(entity, own)
    indexes = (*_unique_indexes(unique), *_page_indexes(row), *event_indexes(service, row))
    wanted = Collection(
        database,
        row.name,
        schema,
        indexes,
        _access(service, row, api),
        ordered=stored_paths(row.order),
    )
    return _defaults(wanted, entity)


def _unique_indexes(unique: Uniqueness) -> Iterator[IndexModel]:
    if unique.emails:
        holds = {} if unique.has_emails_always else {EMAIL_KEYS: {"$type": ["string"]}}
        yield index("email_keys", [EMAIL_KEYS], holds, unique=True)
    for path, name in unique.plain.items():
        yield index(name, [path], {path: {"$type": _VALUES}}, unique=True)


def _page_indexes(row: CollectionRow) -> Iterator[IndexModel]:
    order = stored_paths(row.order)
    if order:
        yield index("pages", order)
    for name, path in zip(row.filters, stored_paths(row.filters), strict=True):
        yield index(f"pages_by_{name}", [path, *(order or ("_id",))])


def _access(service: Service, row: CollectionRow, api: Description) -> dict[str, tuple[str, ...]]:
    """Who may do what with the documents of a service: each no more than it does."""
    found: dict[str, tuple[str, ...]] = {service.name: ("find", "insert", "update")}
    if api.has_method("DELETE"):
        found[service.name] += ("remove",)
    if service.publishes is not None and service.events_of(row.name):
        found[service.publishes.process] = ("find", "update", "changeStream")
    if service.follows is not None and service.follows.copies is None:
        found[service.follows.process] = ("find", "insert", "update", "remove")
    elif service.follows is not None and copied_key(service, row):
        found[service.follows.process] = ("find", "update")
    found["backup-reader"] = ("find",)
    if service.event_processes:
        found["smoke-test"] = ("remove",)
    return found


def _tombstones(service: Service, database: str) -> Collection:
    """What is known of requests that made, changed and removed what is not there any more."""
    access = {service.name: ("find", "insert", "update"), "backup-reader": ("find",)}
    if service.follows is not None and service.follows.copies is None:
        access[service.follows.process] = ("find", "insert", "update")
    forgotten = IndexModel([(UNTIL, ASCENDING)], name="forgotten", expireAfterSeconds=0)
    return Collection(database, TOMBSTONES, TOMBSTONE_SCHEMA, (forgotten,), access)


def _divisions(row: Relay, database: str) -> Collection:
    """Which relay publishes what."""
    access: dict[str, tuple[str, ...]] = {row.process: ("find", "insert", "update")}
    return Collection(database, DIVISIONS, DIVISION_SCHEMA, (), access)


def _parts(row: Subscriber, database: str) -> Collection:
    """How many parts the queue of a subscriber has had."""
    access: dict[str, tuple[str, ...]] = {row.process: ("find", "insert", "update")}
    return Collection(database, PARTS, PARTS_SCHEMA, (), access)


def _ledger(row: Subscriber, database: str) -> Collection:
    """What a subscriber has applied, and until when an occurrence is known."""
    access = {row.process: ("find", "insert", "update"), "backup-reader": ("find",)}
    forgotten = IndexModel([("until", ASCENDING)], name="forgotten", expireAfterSeconds=0)
    return Collection(database, LEDGER, LEDGER_SCHEMA, (forgotten,), access)


def _contacts(service: Service, row: Subscriber, events: Path, database: str) -> Collection:
    access: dict[str, tuple[str, ...]] = {
        service.name: ("find",),
        row.process: ("find", "insert", "update"),
        "backup-reader": ("find",),
        "smoke-test": ("remove",),
    }
    return Collection(database, "contacts", contacts_schema(load_description(events)), (), access)
