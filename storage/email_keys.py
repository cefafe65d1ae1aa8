"""The keys of the users' e-mail addresses, as an earlier version may have made them."""

import structlog
from pymongo.collection import Collection

from contract.formats import email_key
from models.fields.user import User
from storage.client import Json
from storage.contradictions import ContradictionError
from storage.system_fields import EMAIL_KEYS, value_of

log = structlog.get_logger(__name__)

_NOT_PLAIN: Json = {User.emails: {"$regex": r"[^\x00-\x7f]|xn--", "$options": "i"}}
"""Users with an address whose key was ever made otherwise: one beyond ASCII, in either form."""


def update_email_keys(users: Collection[Json]) -> int:
    """Make the keys of all addresses what `email_key` makes them now; return for how many users.

    A user whose addresses change meanwhile is left alone: whoever changes them writes the keys.

    Raises:
        ContradictionError: Two users have one address by the new keys; then nothing was changed.
        PyMongoError: MongoDB refused or failed.
    """
    fields = {User.emails: 1, EMAIL_KEYS: 1}
    stale = {}
    for user in users.find(_NOT_PLAIN, fields):
        keys = [email_key(each) for each in user[User.emails]]
        if keys != value_of(user, EMAIL_KEYS):
            stale[user["_id"]] = (user[User.emails], keys)
    clashes = [
        f"{users.full_name}: {user_id}, {other['_id']}: have the same e-mail address"
        for user_id, (_, keys) in stale.items()
        for other in users.find({EMAIL_KEYS: {"$in": keys}, "_id": {"$ne": user_id}}, {"_id": 1})
    ]
    if clashes:
        raise ContradictionError(
            clashes, "Next: give one of each two another address.", "No key was changed."
        )
    for user_id, (emails, keys) in stale.items():
        users.update_one({"_id": user_id, User.emails: emails}, {"$set": {EMAIL_KEYS: keys}})
    log.info("email_keys_ready", updated=len(stale))
    return len(stale)
