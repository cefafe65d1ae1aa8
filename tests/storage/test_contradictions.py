"""The set-up refuses what existing documents contradict, and then changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import ASCENDING, IndexModel, MongoClient

from storage.client import Json, MongoSettings
from storage.contradictions import ContradictionError
from storage.layout import Collection
from storage.setup import set_up
from storage.system_fields import EMAIL_KEYS
from tests.apis import both_collections
from tests.storage.test_validators import keyed, order, user

SPECS = Path(__file__).parents[2] / "specs"

Layout = Callable[..., list[Collection]]


@pytest.fixture
def mine(root: MongoClient[Json], mongo: MongoSettings) -> Iterator[Layout]:
    """A layout of databases that nobody else has; arguments replace parts of a collection."""
    own = replace(mongo, prefix=f"test_{uuid4().hex[:12]}")

    def layout(name: str = "", **changes: Any) -> list[Collection]:  # noqa: ANN401 - any part
        found = both_collections(own.users, own.orders)
        return [replace(each, **changes) if each.name == name else each for each in found]

    yield layout
    root.drop_database(own.users)
    root.drop_database(own.orders)


def named(layout: list[Collection], name: str) -> Collection:
    """The collection of that name."""
    (found,) = (each for each in layout if each.name == name)
    return found


def tightened(layout: list[Collection], name: str, **properties: Json) -> Json:
    """The validator of a collection with other schemas for some fields."""
    schema = named(layout, name).schema
    return {**schema, "properties": schema["properties"] | properties}


def described(root: MongoClient[Json], layout: list[Collection]) -> Json:
    """All options and indexes."""
    return {
        each.name: (
            [*root[each.database].list_collections(filter={"name": each.name})],
            [*root[each.database][each.name].list_indexes()],
        )
        for each in layout
    }


def refusal(root: MongoClient[Json], layout: list[Collection]) -> list[str]:
    """The lines of the refusal but the last; nothing at all was changed."""
    before = described(root, layout)
    with pytest.raises(ContradictionError) as refused:
        set_up(root, layout, {"nobody": "secret"})
    assert described(root, layout) == before
    assert not root.admin.command("usersInfo", "nobody")["users"]
    *lines, last = str(refused.value).splitlines()
    assert "aware migrate new NAME" in last
    return lines


def test_documents_that_do_not_fit_a_new_validator_are_named(
    root: MongoClient[Json], mine: Layout
) -> None:
    """Collection, ids, fields and the rule; no values. Other collections stay as they are too."""
    layout = mine()
    set_up(root, layout, {})
    users, orders = named(layout, "users"), named(layout, "orders")
    root[users.database].users.insert_many(
        [user(_id="u1", userId="u1", phoneNumber="0123456789", **keyed("a")), user(_id="u2")]
    )
    root[orders.database].orders.insert_one(order(_id="o1"))
    wanted = mine(
        "users",
        schema={
            **tightened(layout, "users", phoneNumber={"bsonType": "string", "maxLength": 7}),
            "required": ["_id", "nickname"],
        },
    )
    lines = refusal(root, wanted)
    assert lines[0] == "Existing documents are in the way. Nothing was changed."
    assert lines[1] == f"{users.database}.users: 2 documents do not fit the new validator"
    assert lines[2:] == [
        '  u1: nickname is missing; phoneNumber is not {"bsonType": "string", "maxLength": 7}',
        "  u2: nickname is missing",
    ]


def test_a_field_that_is_no_more_is_named(root: MongoClient[Json], mine: Layout) -> None:
    """It is not removed."""
    layout = mine()
    set_up(root, layout, {})
    orders = named(layout, "orders")
    root[orders.database].orders.insert_one(order(_id="o1", userId="u1"))
    schema = tightened(layout, "orders")
    del schema["properties"]["userId"]
    assert refusal(root, mine("orders", schema=schema))[2:] == ["  o1: userId is not a field"]


def test_ten_are_named_and_all_are_counted(root: MongoClient[Json], mine: Layout) -> None:
    """However many there are."""
    layout = mine()
    set_up(root, layout, {})
    contacts = named(layout, "contacts")
    wrong = [{"_id": f"u{n:02}"} for n in range(25)]
    root[contacts.database].command(
        {"insert": "contacts", "documents": wrong, "bypassDocumentValidation": True}
    )
    lines = refusal(root, mine("contacts", schema={**contacts.schema, "title": "new"}))
    assert lines[1] == f"{contacts.database}.contacts: 25 documents do not fit the new validator"
    assert [line.partition(":")[0].strip() for line in lines[2:12]] == [
        f"u{n:02}" for n in range(10)
    ]
    assert lines[12:] == ["  … and 15 more"]


def test_documents_that_share_a_key_of_a_new_unique_index_are_named(
    root: MongoClient[Json], mine: Layout
) -> None:
    """By pairs; a key that one document has twice is no contradiction."""
    set_up(root, mine("users", indexes=()), {})
    users = named(mine(), "users")
    root[users.database].users.insert_many(
        [
            user(_id="u1", **keyed("a", "b")),
            user(_id="u2", **keyed("b", "c")),
            user(_id="u3", **keyed("d", "d")),
            user(_id="u4", **keyed("c")),
        ]
    )
    assert refusal(root, mine())[1:] == [
        f"{users.database}.users: 2 keys do not fit the new unique index on {EMAIL_KEYS}",
        f"  u1, u2: have the same {EMAIL_KEYS}",
        f"  u2, u4: have the same {EMAIL_KEYS}",
    ]


def test_after_the_documents_are_put_right_the_set_up_goes_through(
    root: MongoClient[Json], mine: Layout
) -> None:
    """A refusal is no state: the next set-up begins anew."""
    set_up(root, mine("users", indexes=()), {})
    users = root[named(mine(), "users").database].users
    users.insert_many([user(_id="u1", **keyed("a")), user(_id="u2", **keyed("a"))])
    refusal(root, mine())
    users.update_one({"_id": "u2"}, {"$set": {EMAIL_KEYS: ["b"]}})
    set_up(root, mine(), {})
    assert users.index_information()["email_keys"]["unique"]


def test_an_index_that_changed_is_made_beside_the_old_one(
    root: MongoClient[Json], mine: Layout
) -> None:
    """Nothing is dropped, and a third set-up makes no third index."""
    set_up(root, mine(), {})
    wanted = mine("orders", indexes=(IndexModel([("updatedAt", ASCENDING)], name="pages"),))
    set_up(root, wanted, {})
    set_up(root, wanted, {})
    indexes = root[named(wanted, "orders").database].orders.index_information()
    assert indexes["pages"]["key"] == [("createdAt", 1), ("orderId", 1)]
    assert indexes["pages_2"]["key"] == [("updatedAt", 1)]
    assert "pages_by_orderStatus" in indexes
    assert "pages_3" not in indexes


def test_a_validator_that_was_loosened_by_hand_is_put_back(
    root: MongoClient[Json], mine: Layout
) -> None:
    """What the specs say is what the database refuses, whatever was done in between."""
    layout = mine()
    set_up(root, layout, {})
    database = root[named(layout, "users").database]
    database.command("collMod", "users", validationLevel="off")
    set_up(root, layout, {})
    (found,) = database.list_collections(filter={"name": "users"})
    assert found["options"]["validationLevel"] == "strict"
    assert found["options"]["validator"] == {"$jsonSchema": named(layout, "users").schema}
