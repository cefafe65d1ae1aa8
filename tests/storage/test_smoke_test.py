"""What the smoke test after a deployment made, and who may remove it."""

from collections.abc import Iterator

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking
from storage.smoke_test import remove
from tests.apis import both_collections
from tests.storage.test_validators import keyed

OWN = "smoke-test.1@example.com"
USERS, ORDERS = "aware_users", "aware_orders"
LAYOUT = both_collections(USERS, ORDERS)


@pytest.fixture
def settings(databases: Stack, mongo: MongoSettings) -> MongoSettings:
    """The login of the smoke test."""
    password = databases.environment("smoke-test")["MONGO_PASSWORD"]
    return MongoSettings(mongo.uri, "smoke-test", password)


@pytest.fixture
def client(settings: MongoSettings) -> Iterator[MongoClient[Json]]:
    """A client with that login."""
    with connect_blocking(settings) as made:
        yield made


@pytest.fixture
def made(root: MongoClient[Json]) -> Iterator[MongoClient[Json]]:
    """A user `s1` of the smoke test with the order `s1`, both made from those of the seed."""
    user: Json = {**(root[USERS]["users"].find_one("u1") or {}), "_id": "s1", "userId": "s1"}
    order: Json = {**(root[ORDERS]["orders"].find_one("o1") or {}), "_id": "s1", "orderId": "s1"}
    root[USERS]["users"].insert_one({**user, "emails": [OWN], **keyed(OWN)})
    root[ORDERS]["orders"].insert_one({**order, "userId": "s1"})
    yield root
    root[USERS]["users"].delete_one({"_id": "s1"})
    root[ORDERS]["orders"].delete_one({"_id": "s1"})


def counts(root: MongoClient[Json]) -> tuple[int, int]:
    """How many users and orders there are."""
    empty: Json = {}
    return root[USERS]["users"].count_documents(empty), root[ORDERS]["orders"].count_documents(
        empty
    )


def test_the_smoke_tests_user_and_order_are_removed(
    made: MongoClient[Json], client: MongoClient[Json]
) -> None:
    """One of each; a second time there is nothing to remove."""
    users, orders = counts(made)
    assert remove(client, LAYOUT, "s1", "s1", ["other@example.com", OWN])
    assert counts(made) == (users - 1, orders - 1)
    assert not remove(client, LAYOUT, "s1", "s1", [OWN])


@pytest.mark.parametrize("user", ["u1", "s1'});db.users.deleteMany({});({a:'", '{"$ne": ""}'])
def test_no_other_user_is_removed_whatever_a_service_answers(
    made: MongoClient[Json], client: MongoClient[Json], user: str
) -> None:
    """A customer's id, a program, an operator: none has the address that was made up."""
    before = counts(made)
    assert not remove(client, LAYOUT, user, "o1", [OWN])
    assert counts(made) == before


def test_no_order_of_another_user_is_removed(
    made: MongoClient[Json], client: MongoClient[Json]
) -> None:
    """Where the order service answers a customer's orderId, that order stays."""
    users, orders = counts(made)
    assert remove(client, LAYOUT, "s1", "o1", [OWN])
    assert counts(made) == (users - 1, orders)


def test_its_login_neither_reads_nor_writes(
    made: MongoClient[Json], client: MongoClient[Json]
) -> None:
    """Nor does it reach anything else."""
    assert made
    users = client[USERS]["users"]
    for refused in (
        users.find_one,
        lambda: users.insert_one({"_id": "x"}),
        lambda: users.update_one({"_id": "s1"}, {"$set": {"firstName": "x"}}),
        lambda: client["admin"]["system.users"].delete_one({"_id": "x"}),
        users.drop,
    ):
        with pytest.raises(OperationFailure, match="not authorized"):
            refused()
