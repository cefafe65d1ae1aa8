"""The database accepts what the API stores, and refuses what it can tell to be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient
from pymongo.errors import WriteError

from models.fields.order import Item, Order
from models.fields.user import DeliveryAddress, User
from openapi.reading import load_description
from storage.client import Json, MongoSettings
from storage.entity import Entity
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, system
from storage.validators import part_schema
from tests.apis import both_collections

SPECS = Path(__file__).parents[2] / "specs"
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
ADDRESS = dict.fromkeys(
    (
        DeliveryAddress.street,
        DeliveryAddress.city,
        DeliveryAddress.state,
        DeliveryAddress.postalCode,
        DeliveryAddress.country,
    ),
    "x",
)


def keyed(*keys: str, **others: object) -> Json:
    """What storage keeps for itself of a user with these keys of addresses, and other fields."""
    return system({EMAIL_KEYS: [*keys], CONTACT_VERSION: Int64(1), **others})


def user(**changes: object) -> Json:
    """A user's document as storage writes it."""
    whole = {
        "_id": "validated",
        User.userId: "validated",
        User.emails: ["validated@example.com"],
        User.deliveryAddress: ADDRESS,
        **keyed("validated@example.com"),
    }
    return whole | changes


def order(**changes: object) -> Json:
    """An order's document as storage writes it."""
    whole = {
        "_id": "validated",
        Order.orderId: "validated",
        Order.items: [{Item.itemId: "a", Item.quantity: 1, Item.price: 0.5}],
        Order.userEmails: ["validated@example.com"],
        Order.deliveryAddress: ADDRESS,
        Order.orderStatus: "shipping",
        Order.createdAt: MOMENT,
        Order.updatedAt: MOMENT,
        **system({CONTACT_VERSION: Int64(0)}),
    }
    return whole | changes


def item(**changes: object) -> list[Json]:
    """One item with something changed."""
    return [{Item.itemId: "a", Item.quantity: 1, Item.price: 1} | changes]


def put(root: MongoClient[Json], mongo: MongoSettings, document: Json) -> None:
    """Insert a document where it belongs, and take it away again."""
    database = mongo.users if User.userId in document and "items" not in document else mongo.orders
    collection = root[database]["users" if database == mongo.users else "orders"]
    collection.insert_one(document)
    collection.delete_one({"_id": document["_id"]})


@pytest.mark.parametrize(
    "document",
    [
        user(),
        user(
            **{
                User.createdAt: MOMENT,
                User.updatedAt: MOMENT,
                User.phoneNumber: "0123456789",
                User.firstName: "J",
            }
        ),
        user(**keyed("x", outbox={"since": MOMENT, "changedAt": MOMENT, "build": "v1"})),
        order(),
        order(**{Order.userId: "u1", Order.items: item(**{Item.price: 3})}),
        order(**{Order.items: item(**{Item.quantity: 1000000, Item.price: 1e9})}),
    ],
)
def test_what_storage_writes_is_accepted(
    root: MongoClient[Json], mongo: MongoSettings, document: Json
) -> None:
    """Whole prices and broken ones, with and without what may be missing."""
    put(root, mongo, document)


@pytest.mark.parametrize(
    "document",
    [
        user(**{User.emails: []}),
        user(**{User.emails: ["x"] * 2}),
        user(**{User.phoneNumber: "0123456789\n"}),
        user(**{User.phoneNumber: "12"}),
        user(**{User.createdAt: "2026-11-22T10:15:30Z"}),
        user(**{User.deliveryAddress: ADDRESS | {"planet": "Mars"}}),
        user(**{User.deliveryAddress: {"street": "x"}}),
        user(**{User.firstName: "a" * 201}),
        user(**{User.firstName: "a\x00b"}),
        user(**keyed("x", contactVersion=1.5)),
        user(**keyed("x", contactVersion=None)),
        user(**system({EMAIL_KEYS: []})),
        user(**keyed("x", surplus=1)),
        user(contactVersion=Int64(1)),
        user(surplus=1),
        user(**keyed("x", outbox={})),
        order(**{Order.orderStatus: "lost"}),
        order(**{Order.items: []}),
        order(**{Order.items: item(**{Item.quantity: 0})}),
        order(**{Order.items: item(**{Item.quantity: 1.5})}),
        order(**{Order.items: item(**{Item.price: -1})}),
        order(**{Order.items: item(**{Item.price: "1"})}),
        order(**{Order.items: item(**{Item.price: True})}),
        order(**{Order.items: item(surplus=1)}),
        order(**{Order.items: item() * 201}),
        order(**{Order.updatedAt: None}),
        order(**{Order.userId: "no spaces"}),
    ],
)
def test_what_the_database_can_tell_to_be_wrong_is_refused(
    root: MongoClient[Json], mongo: MongoSettings, document: Json
) -> None:
    """Whoever writes it."""
    with pytest.raises(WriteError, match="Document failed validation"):
        put(root, mongo, document)


def test_a_limit_changed_in_a_spec_changes_in_the_database(
    tmp_path: Path, edit: Callable[[Path, str, str], None]
) -> None:
    """The validator is derived, not written."""
    for spec in SPECS.glob("*.yaml"):
        (tmp_path / spec.name).write_text(spec.read_text())
    edit(tmp_path / "user.yaml", "'^[0-9]{10,15}$'", "'^[0-9]{7}$'")
    edit(tmp_path / "order.yaml", "maxItems: 200", "maxItems: 3")
    schemas = {each.name: each.schema for each in both_collections("a", "b", specs=tmp_path)}
    assert schemas["users"]["properties"][User.phoneNumber]["pattern"] == r"^[0-9]{7}\z"
    assert schemas["orders"]["properties"][Order.items]["maxItems"] == 3


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """Replace a text that must be there."""

    def replace(file: Path, old: str, new: str) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return replace


def test_formats_become_what_the_database_has_for_them() -> None:
    """Dates are dates; what only a library can tell is left to the API."""
    order = Entity(load_description(SPECS / "order.yaml"), "Order")
    assert "date" in part_schema(order, Order.createdAt)["bsonType"]
    emails: dict[str, Any] = part_schema(order, Order.userEmails)
    assert emails["items"] == {"bsonType": ["string"], "maxLength": 254}
