"""Inserts the paper's sample data: users u1 to u5 and orders o1 to o15, the same every time."""

from collections.abc import Callable, Iterable
from functools import partial

from bson import Int64
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from models.fields.order import Order
from models.fields.user import User
from openapi.description import Description
from storage.client import Json
from storage.orders import order_codec
from storage.sample_data import sample_orders, sample_users
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, system
from storage.users import email_keys, user_codec


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
        apis: What users fit, and what orders fit.
        one_more: Called after each of the `USERS` and `ORDERS`.
        stored: What is stored of a document, by the name of its collection.

    Returns:
        How many users and how many orders were inserted.

    Raises:
        InvalidDocumentError: A spec requires what the sample data cannot have.
    """
    people = sample_users(apis[0])
    bought = sample_orders(apis[1], people)
    found = map(partial(stored, "users"), _user_documents(people, apis[0]))
    made = _insert(client[users]["users"], found, one_more)
    documents = map(partial(stored, "orders"), _order_documents(bought, apis[1]))
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


def _own(user: Json) -> Json:
    """What storage keeps for itself of a user who has just been made."""
    return system({EMAIL_KEYS: email_keys(user[User.emails]), CONTACT_VERSION: Int64(1)})


def _user_documents(users: Iterable[Json], api: Description) -> Iterable[Json]:
    codec = user_codec(api)
    for user in users:
        own = {"_id": user[User.userId], **_own(user)}
        yield {**codec.to_database(user), **own}


def _order_documents(orders: Iterable[Json], api: Description) -> Iterable[Json]:
    codec = order_codec(api)
    for order in orders:
        own = {"_id": order[Order.orderId], **system({CONTACT_VERSION: Int64(0)})}
        yield {**codec.to_database(order), **own}
