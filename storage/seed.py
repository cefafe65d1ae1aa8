"""The paper's sample data: users u1 to u5 and orders o1 to o15, the same every time."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from bson import Int64
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from contract.formats import email_key, instant_text
from openapi.description import Description
from storage.client import Json
from storage.codec import Codec
from storage.orders import order_codec
from storage.users import user_codec

_EPOCH = datetime(2024, 12, 3, 9, tzinfo=UTC)
_PEOPLE = (
    ("Alice", "Johnson", "12 Maple Street", "Springfield", "IL", "62701", "USA"),
    ("Bilal", "Haddad", "980 Rue Sherbrooke", "Montreal", "QC", "H3A 2R7", "Canada"),
    ("Chiara", "Rossi", "7 Via Garibaldi", "Torino", "TO", "10122", "Italy"),
    ("Daniel", "Kim", "55 Teheran-ro", "Seoul", "Gangnam", "06134", "South Korea"),
    ("Eva", "Lindqvist", "3 Storgatan", "Uppsala", "Uppsala", "753 10", "Sweden"),
)


TIMES = ("createdAt", "updatedAt")
USERS = 5
ORDERS = 15


def seed(
    client: MongoClient[Json],
    users: str,
    orders: str,
    apis: tuple[Description, Description],
    one_more: Callable[[], None],
    *,
    stored: Callable[[str, Json], Json] = lambda _, document: document,
) -> tuple[int, int]:
    """Insert the users and orders that are not there yet; change none that is.

    Args:
        client: One who may insert.
        users: The name of the user database.
        orders: The name of the order database.
        apis: What users fit, and what orders fit, whose statuses they take in turn.
        one_more: Called after each of the `USERS` and `ORDERS`.
        stored: What is stored of a document, by the name of its collection.

    Returns:
        How many users and how many orders were inserted.
    """
    people, codec = list(_users()), user_codec(apis[0])
    found = [_user_document(each, codec) for each in people]
    made = _insert(client[users]["users"], map(partial(stored, "users"), found), one_more)
    documents = map(partial(stored, "orders"), _orders(people, apis[1]))
    return made, _insert(client[orders]["orders"], documents, one_more)


def _insert(
    collection: Collection[Json], documents: Iterable[Json], one_more: Callable[[], None]
) -> int:
    made = 0
    for document in documents:
        try:
            collection.insert_one(document)
            made += 1
        except DuplicateKeyError:
            pass
        one_more()
    return made


def _users() -> Iterator[Json]:
    for number, (first, last, street, city, state, code, country) in enumerate(_PEOPLE, 1):
        emails = [f"{first}.{last}@example.com".lower(), f"{first}@home.example.com".lower()]
        yield {
            "userId": f"u{number}",
            "firstName": first,
            "lastName": last,
            "emails": emails,
            "deliveryAddress": {
                "street": street,
                "city": city,
                "state": state,
                "postalCode": code,
                "country": country,
            },
            "phoneNumber": f"1514555{number:04}",
            **dict.fromkeys(TIMES, instant_text(_EPOCH + timedelta(days=number))),
        }


def _user_document(user: Json, codec: Codec) -> Json:
    keys = [email_key(each) for each in user["emails"]]
    own = {"_id": user["userId"], "emailKeys": keys, "contactVersion": Int64(1)}
    return {**codec.to_database(user), **own}


def _orders(users: list[Json], api: Description) -> Iterator[Json]:
    chance = random.Random(2024)  # noqa: S311 - the same orders every time
    codec, statuses = order_codec(api), api.schemas["OrderStatus"]["enum"]
    for number in range(1, ORDERS + 1):
        user = users[(number - 1) % len(users)]
        moment = _EPOCH + timedelta(days=10, hours=number)
        order = {
            "orderId": f"o{number}",
            "userId": user["userId"],
            "items": [
                {
                    "itemId": f"item{chance.randrange(1, 100):03}",
                    "quantity": chance.randrange(1, 5),
                    "price": chance.randrange(100, 10000) / 100,
                }
                for _ in range(chance.randrange(1, 4))
            ],
            "userEmails": user["emails"],
            "deliveryAddress": user["deliveryAddress"],
            "orderStatus": statuses[(number - 1) % len(statuses)],
            **dict.fromkeys(TIMES, instant_text(moment)),
        }
        own = {"_id": order["orderId"], "contactVersion": Int64(0)}
        yield {**codec.to_database(order), **own}
