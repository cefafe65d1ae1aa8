"""Removes the user and the order that the smoke test after a deployment has made."""

from collections.abc import Iterable

from pymongo import MongoClient

from contract.formats import email_key
from models.fields.order import Order
from storage.client import Json
from storage.layout import Collection
from storage.system_fields import EMAIL_KEYS


def remove(
    client: MongoClient[Json],
    layout: Iterable[Collection],
    user: str,
    order: str | None,
    emails: Iterable[str],
) -> bool:
    """Remove the user, its order, and what the order database knows of the user's contact data.

    Args:
        client: Logged in as `smoke-test`, which may remove documents, and neither read nor write.
        layout: The collections.
        user: The userId that the user service answered.
        order: The orderId that the order service answered, if it came to that.
        emails: Addresses that the smoke test made up. A user who has none of them is not its own:
            then nothing is removed. An order of another user is not removed either.

    Returns:
        Whether there was such a user.

    Raises:
        PyMongoError: MongoDB failed; a part may have been removed.
    """
    found = {each.name: each for each in layout}

    def removed(name: str, query: Json) -> int:
        wanted = found[name]
        shape = wanted.shape({})  # where nothing is known of migrations it looks everywhere
        query = query if shape is None else shape.query(query)
        return client[wanted.database][name].delete_one(query).deleted_count

    own = {"_id": user, EMAIL_KEYS: {"$in": [email_key(each) for each in emails]}}
    if not removed("users", own):
        return False
    if order is not None:
        removed("orders", {"_id": order, Order.userId: user})
    removed("contacts", {"_id": user})
    return True
