"""The collections of both databases, their validators, indexes, and who may do what with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import ASCENDING, IndexModel

from openapi.reading import load_description
from storage.entity import Entity
from storage.orders import CONTACTS
from storage.orders import ENTITY as ORDER
from storage.users import ENTITY as USER
from storage.validators import collection_schema, part_schema

_LONG = {"bsonType": "long"}
_STRING = {"bsonType": "string"}


@dataclass(frozen=True)
class Collection:
    """One collection: `schema` is its validator, `access` the actions of each login on it."""

    database: str
    name: str
    schema: dict[str, Any]
    indexes: tuple[IndexModel, ...]
    access: dict[str, tuple[str, ...]]


def collections(specs: Path, users: str, orders: str) -> list[Collection]:
    """The layout that the specs in the folder `specs` ask for.

    Args:
        specs: Where `user.yaml`, `order.yaml` and `events.yaml` are.
        users: The name of the user database.
        orders: The name of the order database.
    """
    return [_users(specs, users), _orders(specs, orders), _contacts(specs, orders)]


def _users(specs: Path, database: str) -> Collection:
    outbox = {
        "optional": True,
        "bsonType": "object",
        "required": ["since", "changedAt", "build"],
        "properties": {
            "since": {"bsonType": "date"},
            "changedAt": {"bsonType": "date"},
            "build": _STRING,
            "traceparent": _STRING,
        },
        "additionalProperties": False,
    }
    internal = {
        "_id": _STRING,
        "emailKeys": {"bsonType": "array", "items": _STRING},
        "contactVersion": _LONG,
        "outbox": outbox,
    }
    return Collection(
        database,
        "users",
        collection_schema(Entity(load_description(specs / "user.yaml"), USER), internal),
        (
            IndexModel([("emailKeys", ASCENDING)], name="emailKeys", unique=True),
            IndexModel(
                [("outbox.since", ASCENDING)],
                name="unpublished",
                partialFilterExpression={"outbox": {"$exists": True}},
            ),
        ),
        {
            "user-service": ("find", "insert", "update"),
            "user-relay": ("find", "update", "changeStream"),
            "backup-reader": ("find",),
            "smoke-test": ("remove",),
        },
    )


def _orders(specs: Path, database: str) -> Collection:
    by_time = [("createdAt", ASCENDING), ("orderId", ASCENDING)]
    return Collection(
        database,
        "orders",
        collection_schema(
            Entity(load_description(specs / "order.yaml"), ORDER),
            {"_id": _STRING, "contactVersion": _LONG},
        ),
        (
            IndexModel(by_time, name="time"),
            IndexModel([("orderStatus", ASCENDING), *by_time], name="status_time"),
            IndexModel(
                [("userId", ASCENDING), ("contactVersion", ASCENDING)],
                name="user_version",
                partialFilterExpression={"userId": {"$exists": True}},
            ),
        ),
        {
            "order-service": ("find", "insert", "update"),
            "order-consumer": ("find", "update"),
            "backup-reader": ("find",),
            "smoke-test": ("remove",),
        },
    )


def _contacts(specs: Path, database: str) -> Collection:
    event = Entity(load_description(specs / "events.yaml"), CONTACTS)
    fields = {
        name: part_schema(event, name) for name in ("version", "userEmails", "deliveryAddress")
    }
    schema = {
        "bsonType": "object",
        "required": ["_id", *fields],
        "properties": {
            "_id": part_schema(event, "userId"),
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
