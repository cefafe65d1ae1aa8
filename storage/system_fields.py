"""The names under which storage keeps what is its own in a document.

`_id` is MongoDB's. Everything else stands in one object, `_system`, so that a property of a spec
may have any other name.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from storage.client import Json

SYSTEM = "_system"

OWN = ("_id", SYSTEM)
"""The names at the top that no property is stored under."""

PUBLIC = dict.fromkeys(OWN, 0)
"""The projection to what is on the wire."""

REVISION = f"{SYSTEM}.revision"
"""How often an object was written by its service; 0 where it is missing."""

CREATION = f"{SYSTEM}.creation"
"""The request that made the object, if it had a key: digests of both."""

REQUESTS = f"{SYSTEM}.requests"
"""The last requests with a key that changed the object: the same of each."""

EMAIL_KEYS = f"{SYSTEM}.emailKeys"
"""Of a user: one spelling of each address, under a unique index."""

CONTACT_VERSION = f"{SYSTEM}.contactVersion"
"""Of what events tell of, such as a user: counts the changes that they tell, from 1. Of what copies
them, such as an order: the newest change that it knows; 0 where there was none."""

OCCURRENCES = f"{SYSTEM}.occurrences"
"""Of what events of the kind *each* tell of: those that have not been published."""

OCCURRED_AT = f"{OCCURRENCES}.at"
"""When each of them was."""

OUTBOX = f"{SYSTEM}.outbox"
"""Of what an event of the kind *state* tells of, such as a user: the pending outbox entry, there
while the newest change has not been published."""

SINCE = f"{OUTBOX}.since"
"""When the oldest change was that has not been published."""

CHANGED_AT = f"{OUTBOX}.changedAt"
"""When the newest one was."""

BUILD = f"{OUTBOX}.build"
"""Which version of the service wrote the newest one."""

CAUSES = f"{OUTBOX}.causes"
"""The last requests that made changes which have not been published, the newest last."""

CHANGES = f"{OUTBOX}.changes"
"""How many changes there were since something was published."""

PUBLISHED = f"{SYSTEM}.published"
"""What was published last: its version, when it was changed and published, and the request."""

SYNCED_AT = f"{SYSTEM}.syncedAt"
"""Of what copies: when it last took over what an event told of."""

WITH_COUNTERS = dict.fromkeys(
    (EMAIL_KEYS, CREATION, REQUESTS, OUTBOX, PUBLISHED, SYNCED_AT, OCCURRENCES), 0
)
"""The projection to what is on the wire, and the counters of an ETag."""


def name_of(path: str) -> str:
    """The last name of a path."""
    return path.rpartition(".")[2]


def value_of(document: Json, path: str) -> Any:  # noqa: ANN401 - of any field
    """What a document has at a path that is there."""
    return reduce(lambda found, name: found[name], path.split("."), document)


def system(fields: Mapping[str, Any]) -> Json:
    """The part of a document that has these fields right below `_system`, given by their paths."""
    return {SYSTEM: {name_of(path): value for path, value in fields.items()}}
