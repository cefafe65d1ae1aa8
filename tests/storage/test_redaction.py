"""Errors of a real MongoDB, told without the data that they quote."""

from collections.abc import Callable, Iterator

import pytest
from bson.errors import BSONError
from pymongo import InsertOne, MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from storage.client import Json
from storage.redaction import redacted
from tests.personal_data import personal_data

EMAIL = "planted@example.com"
Act = Callable[[Collection[Json]], object]
REFUSED: dict[str, tuple[Act, str]] = {
    "insert": (
        lambda c: c.insert_one({"_id": "a", "street": EMAIL}),
        "WriteError: 121 DocumentValidationFailure of a",
    ),
    "insert twice": (
        lambda c: c.insert_one({"_id": "a", "email": EMAIL}),
        "DuplicateKeyError: 11000 DuplicateKey on email",
    ),
    "find and update": (
        lambda c: c.find_one_and_update({"_id": "x"}, {"$set": {"street": EMAIL}}),
        "OperationFailure: 121 DocumentValidationFailure of x",
    ),
    "bulk": (
        lambda c: c.bulk_write(
            [
                UpdateOne({"_id": "x"}, {"$set": {"street": EMAIL}}),
                InsertOne({"_id": "b", "email": EMAIL}),
                InsertOne({"_id": "c", "email": EMAIL}),
            ],
            ordered=False,
        ),
        "BulkWriteError: 121 DocumentValidationFailure of x, 2 times 11000 DuplicateKey on email",
    ),
    "filter": (
        lambda c: c.find_one({"street": {"$no": EMAIL}}),
        "OperationFailure: 2 BadValue",
    ),
    "document": (lambda c: c.insert_one({EMAIL: object()}), "InvalidDocument"),
    "size": (lambda c: c.insert_one({EMAIL: "x" * 2**25}), "DocumentTooLarge"),
}


@pytest.fixture
def collection(root: MongoClient[Json]) -> Iterator[Collection[Json]]:
    """With a unique index, a validator and one document."""
    schema = {"properties": {"street": {"maxLength": 3}}}
    made = root["redaction"].create_collection("users", validator={"$jsonSchema": schema})
    made.create_index("email", unique=True)
    made.insert_one({"_id": "x", "email": EMAIL})
    yield made
    made.drop()


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_is_told_by_codes_and_ids_alone(collection: Collection[Json], kind: str) -> None:
    """The library's own words quote what was written."""
    act, told = REFUSED[kind]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - one of pymongo's, or of bson's
        act(collection)
    assert redacted(caught.value) == told


def test_most_of_them_would_quote_it(collection: Collection[Json]) -> None:
    """Or the test above could not fail."""
    quoting = set()
    for kind, (act, _) in REFUSED.items():
        try:
            act(collection)
        except (PyMongoError, BSONError) as error:
            quoting |= {kind} if personal_data(str(error)) else set()
    assert quoting >= {"insert", "insert twice", "find and update", "bulk"}


def test_a_database_that_is_not_there_is_told_with_its_address() -> None:
    """That is what one needs, and nobody's data."""
    client: MongoClient[Json] = MongoClient("127.0.0.1:1", serverSelectionTimeoutMS=10)
    with client, pytest.raises(ServerSelectionTimeoutError) as caught:
        client.admin.command("ping")
    assert redacted(caught.value).startswith("127.0.0.1:1: ")
