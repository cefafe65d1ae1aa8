"""Databases as they were when storage's own fields stood at the top of documents."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import Int64
from pymongo import IndexModel, MongoClient

from storage.client import Json, MongoSettings

LAYOUT: Json = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
"""Validators and indexes of then, as its set-up made them."""

MOMENT = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
ADDRESS = {
    "street": "1 Street",
    "city": "City",
    "state": "State",
    "postalCode": "12345",
    "country": "Country",
}


def user(user_id: str, version: int = 1, *, pending: bool = False) -> Json:
    """A user's document; of one whose newest change has not been published, with its entry."""
    entry = {"since": MOMENT, "changedAt": MOMENT + timedelta(seconds=1), "build": "v1"}
    return {
        "_id": user_id,
        "userId": user_id,
        "emails": [f"V{version}.{user_id}@example.com"],
        "deliveryAddress": ADDRESS,
        "emailKeys": [f"v{version}.{user_id}@example.com"],
        "contactVersion": Int64(version),
        **({"outbox": entry} if pending else {}),
    }


def order(order_id: str, user_id: str, version: int = 0) -> Json:
    """A document of an order that knows this version of its user's contact data."""
    return {
        "_id": order_id,
        "orderId": order_id,
        "userId": user_id,
        "items": [{"itemId": "book", "quantity": 1, "price": 9.5}],
        "userEmails": [f"V{version}.{user_id}@example.com"],
        "deliveryAddress": ADDRESS,
        "orderStatus": "shipping",
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "contactVersion": Int64(version),
    }


def moved(document: Json) -> Json:
    """What is to become of one: the same, with storage's own fields in `_system`."""
    own = ("emailKeys", "contactVersion", "outbox")
    return {
        **{name: value for name, value in document.items() if name not in own},
        "_system": {name: document[name] for name in own if name in document},
    }


def make(
    root: MongoClient[Json], where: MongoSettings, users: Iterable[Json], orders: Iterable[Json]
) -> None:
    """Have both databases as they were then, with these documents alone."""
    for database in (where.users, where.orders):
        root.drop_database(database)
    for database, name, documents in (
        (where.users, "users", users),
        (where.orders, "orders", orders),
    ):
        schema = LAYOUT[name]["schema"]
        found = root[database].create_collection(name, validator={"$jsonSchema": schema})
        found.create_indexes([_index(**each) for each in LAYOUT[name]["indexes"]])
        found.insert_many(documents)


def _index(key: Json, **options: Any) -> IndexModel:  # noqa: ANN401 - as pymongo has it
    return IndexModel([*key.items()], **options)
