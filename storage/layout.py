"""The collections of both databases, their validators, indexes, and who may do what with them."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pymongo import ASCENDING, IndexModel

from contract.completion import NONE, Completion, default_of
from models.fields.events import UserContactsChanged
from models.fields.order import Order
from openapi.description import Description, resolved
from openapi.errors import InvalidDocumentError
from openapi.reading import load_description
from openapi.schemas import Reach
from services.declaration import Service
from storage.entity import Entity
from storage.evolution.layers import CompletionLayer, DefaultLayer, Phase
from storage.evolution.paths import copied
from storage.evolution.records import MIGRATIONS, PROCESSES
from storage.evolution.reserve import reserving
from storage.evolution.shape import Shape
from storage.evolution.steps import Step
from storage.evolution.stored import stored_index, stored_schema
from storage.evolution.sweep import applied
from storage.orders import CONTACT_FIELDS, CONTACTS
from storage.orders import ENTITY as ORDER
from storage.system_fields import (
    BUILD,
    CHANGED_AT,
    CONTACT_VERSION,
    EMAIL_KEYS,
    OUTBOX,
    OWN,
    REVISION,
    SINCE,
    SYSTEM,
    TRACEPARENT,
    name_of,
)
from storage.users import ENTITY as USER
from storage.validators import collection_schema, part_schema

_LONG = {"bsonType": "long"}
_STRING = {"bsonType": "string"}
_DATE = {"bsonType": "date"}

_Changed = Callable[[Description], Description]


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
    specs: Path, users: str, orders: str, steps: Iterable[Step] = ()
) -> list[Collection]:
    """The layout that the specs in the folder `specs` ask for.

    Args:
        specs: Where `user.yaml`, `order.yaml` and `events.yaml` are.
        users: The name of the user database.
        orders: The name of the order database.
        steps: The migrations, in their order.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        MigrationError: A migration does not fit the specs.
    """
    steps = [*steps]
    return [*user_collections(specs, users, steps), *order_collections(specs, orders, steps)]


def user_collections(specs: Path, database: str, steps: Sequence[Step]) -> list[Collection]:
    """The same, of the user database alone."""
    return [_evolved(_users(specs, database), steps)]


def order_collections(specs: Path, database: str, steps: Sequence[Step]) -> list[Collection]:
    """The same, of the order database alone."""
    return [_evolved(each(specs, database), steps) for each in (_orders, _contacts)]


def document_collections(
    service: Service, database: str, steps: Sequence[Step]
) -> list[Collection]:
    """The same, of a service whose collections hold what `storage.documents` writes."""
    description = load_description(service.spec)
    own = {"_id": _STRING, SYSTEM: _system({REVISION: _LONG})}
    access = {service.name: ("find", "insert", "update", "remove"), "backup-reader": ("find",)}
    found = []
    for each in service.collections:
        if each.schema not in description.schemas:
            raise InvalidDocumentError(
                f"{description.place('/components/schemas')}: there is no schema {each.schema}, "
                f"which {service.name} stores: write one, or name another in services.yaml"
            )
        entity = Entity(description, each.schema)
        wanted = Collection(database, each.name, collection_schema(entity, own), (), access)
        found.append(_evolved(_defaults(wanted, entity), steps))
    return found


def collection(name: str, specs: Path, steps: Iterable[Step], changed: _Changed) -> Collection:
    """`users` or `orders` as the specs in a folder ask for it, changed before they are read."""
    return _evolved({"users": _users, "orders": _orders}[name](specs, name, changed), [*steps])


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
    own = (*reserving(wanted.name), *(each for each in steps if each.collection == wanted.name))
    indexes = tuple(stored_index(each, own, wanted.ordered) for each in wanted.indexes)
    return replace(wanted, schema=stored_schema(wanted.schema, own), indexes=indexes, steps=own)


def _system(fields: Mapping[str, dict[str, Any]], optional: str = "") -> dict[str, Any]:
    """The `$jsonSchema` of storage's own fields, by their paths; one of them may be missing."""
    named = {name_of(path): schema for path, schema in fields.items()}
    return {
        "bsonType": "object",
        "required": [name_of(path) for path in fields if path != optional],
        "properties": named,
        "additionalProperties": False,
    }


def _defaults(wanted: Collection, entity: Entity) -> Collection:
    """The collection with the defaults of what it holds."""
    schemas = entity.description.schemas
    if not Reach(schemas, lambda each: "default" in each)(entity.schema):
        return wanted
    completion, codec = Completion(entity.schema, schemas), entity.codec(OWN)
    properties = resolved(entity.schema, schemas).get("properties", {})
    found = {field: default_of(each, schemas) for field, each in properties.items()}

    def complete(document: dict[str, Any]) -> dict[str, Any]:
        own = {field: document[field] for field in OWN if field in document}
        return codec.to_database(completion(codec.to_wire(copied(document)))) | own

    defaults = {field: each for field, each in found.items() if each is not NONE}
    return replace(wanted, complete=complete, defaults=codec.to_database(defaults))


def _users(specs: Path, database: str, changed: _Changed = lambda api: api) -> Collection:
    entry = _system(
        {SINCE: _DATE, CHANGED_AT: _DATE, BUILD: _STRING, TRACEPARENT: _STRING}, TRACEPARENT
    )
    keys = {"bsonType": "array", "items": _STRING}
    system = _system({EMAIL_KEYS: keys, CONTACT_VERSION: _LONG, OUTBOX: entry}, OUTBOX)
    description = changed(load_description(specs / "user.yaml"))
    wanted = Collection(
        database,
        "users",
        collection_schema(Entity(description, USER), {"_id": _STRING, SYSTEM: system}),
        (
            IndexModel([(EMAIL_KEYS, ASCENDING)], name="email_keys", unique=True),
            IndexModel(
                [(SINCE, ASCENDING)],
                name="outbox",
                partialFilterExpression={SINCE: {"$exists": True}},
            ),
        ),
        {
            "user-service": ("find", "insert", "update"),
            "user-relay": ("find", "update", "changeStream"),
            "backup-reader": ("find",),
            "smoke-test": ("remove",),
        },
    )
    return _defaults(wanted, Entity(description, USER))


def _orders(specs: Path, database: str, changed: _Changed = lambda api: api) -> Collection:
    description = changed(load_description(specs / "order.yaml"))
    by_time = [(Order.createdAt, ASCENDING), (Order.orderId, ASCENDING)]
    wanted = Collection(
        database,
        "orders",
        collection_schema(
            Entity(description, ORDER), {"_id": _STRING, SYSTEM: _system({CONTACT_VERSION: _LONG})}
        ),
        (
            IndexModel(by_time, name="time"),
            IndexModel([(Order.orderStatus, ASCENDING), *by_time], name="status_time"),
            IndexModel(
                [(Order.userId, ASCENDING), (CONTACT_VERSION, ASCENDING)],
                name="user_contact_version",
                partialFilterExpression={Order.userId: {"$exists": True}},
            ),
        ),
        {
            "order-service": ("find", "insert", "update"),
            "order-consumer": ("find", "update"),
            "backup-reader": ("find",),
            "smoke-test": ("remove",),
        },
        ordered=(Order.createdAt, Order.orderId),
    )
    return _defaults(wanted, Entity(description, ORDER))


def _contacts(specs: Path, database: str) -> Collection:
    event = Entity(load_description(specs / "events.yaml"), CONTACTS)
    fields = {
        name: part_schema(event, name) for name in (UserContactsChanged.version, *CONTACT_FIELDS)
    }
    schema = {
        "bsonType": "object",
        "required": ["_id", *fields],
        "properties": {
            "_id": part_schema(event, UserContactsChanged.userId),
            **fields,
        },
        "additionalProperties": False,
    }
    return Collection(
        database,
        "contacts",
        schema,
        (),
        {
            "order-service": ("find",),
            "order-consumer": ("find", "insert", "update"),
            "backup-reader": ("find",),
            "smoke-test": ("remove",),
        },
    )
