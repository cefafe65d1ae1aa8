"""The keys of e-mail addresses, as an earlier version may have made them."""

import structlog
from pymongo.collection import Collection

from storage.client import Json
from storage.contradictions import ContradictionError
from storage.property_names import stored_paths
from storage.system_fields import EMAIL_KEYS, value_of
from storage.uniqueness import Uniqueness

log = structlog.get_logger(__name__)

_NOT_PLAIN = {"$regex": r"[^\x00-\x7f]|xn--", "$options": "i"}
"""An address whose key was ever made otherwise: one beyond ASCII, in either form."""


def update_email_keys(documents: Collection[Json], unique: Uniqueness) -> int:
    """Make the keys of all addresses what `email_key` makes them now; return how many were not.

    A document whose addresses change meanwhile is left alone: whoever changes them writes the keys.

    Args:
        documents: The collection.
        unique: What is unique in it.

    Raises:
        ContradictionError: Two have one address by the new keys; then nothing was changed.
        PyMongoError: MongoDB refused or failed.
    """
    fields = dict(zip(unique.emails, stored_paths(unique.emails), strict=True))
    concerned = {"$or": [{path: _NOT_PLAIN} for path in fields.values()]}
    stale = {}
    for found in documents.find(concerned, [*fields.values(), EMAIL_KEYS]):
        keys = unique.email_keys({name: found.get(path) for name, path in fields.items()})
        if keys != value_of(found, EMAIL_KEYS):
            held = {path: found[path] for path in fields.values() if path in found}
            stale[found["_id"]] = (held, keys)
    clashes = [
        f"{documents.full_name}: {one}, {other['_id']}: have the same e-mail address"
        for one, (_, keys) in stale.items()
        for other in documents.find({EMAIL_KEYS: {"$in": keys}, "_id": {"$ne": one}}, {"_id": 1})
    ]
    if clashes:
        raise ContradictionError(
            clashes, "Next: give one of each two another address.", "No key was changed."
        )
    for one, (held, keys) in stale.items():
        documents.update_one({"_id": one, **held}, {"$set": {EMAIL_KEYS: keys}})
    log.info("email_keys_ready", updated=len(stale))
    return len(stale)
