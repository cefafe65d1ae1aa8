"""Removes the user and the order that the smoke test after a deployment has made."""

from collections.abc import Iterable

from pymongo import MongoClient

from contract.formats import email_key
from storage.client import Json, MongoSettings


def remove(
    client: MongoClient[Json],
    settings: MongoSettings,
    user: str,
    order: str | None,
    emails: Iterable[str],
) -> bool:
    """Remove the user, its order, and what the order database knows of the user's contact data.

    Args:
        client: Logged in as `smoke-test`, which may remove documents, and neither read nor write.
        settings: The names of the databases.
        user: The userId that the user service answered.
        order: The orderId that the order service answered, if it came to that.
        emails: Addresses that the smoke test made up. A user who has none of them is not its own:
            then nothing is removed. An order of another user is not removed either.

    Returns:
        Whether there was such a user.

    Raises:
        PyMongoError: MongoDB failed; a part may have been removed.
    """
    own: Json = {"_id": user, "emailKeys": {"$in": [email_key(each) for each in emails]}}
    if not client[settings.users]["users"].delete_one(own).deleted_count:
        return False
    orders = client[settings.orders]
    if order is not None:
        orders["orders"].delete_one({"_id": order, "userId": user})
    orders["contacts"].delete_one({"_id": user})
    return True
