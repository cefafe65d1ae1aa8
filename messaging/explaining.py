"""How far the newest change of a user, or whatever documents copy, has come to what copies it.

Told from what MongoDB and RabbitMQ know; nothing is asked of the processes, and nothing changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from storage.causes import read_cause, read_causes
from storage.client import Json
from storage.origin import Origin
from storage.system_fields import (
    CAUSES,
    CHANGED_AT,
    CONTACT_VERSION,
    OUTBOX,
    PUBLISHED,
    SINCE,
    SYNCED_AT,
    SYSTEM,
    name_of,
)
from tracing.cause import Cause


@dataclass(frozen=True)
class Copied:
    """Documents that copy what others are told of: where both are, and who brings the copies.

    `path` is where a copy has the key of what it copies.
    """

    copies: AsyncCollection[Json]
    path: str
    known: AsyncCollection[Json]
    sources: AsyncCollection[Json]
    relay: str
    consumer: str


@dataclass(frozen=True)
class DeadLetter:
    """A message that waits for a person: its id and why; `key` and `version` are its event's."""

    id: str
    key: str
    version: int
    request_id: str
    reason: str
    since: datetime | None


@dataclass(frozen=True)
class Queues:
    """How many messages are ready in each queue, and the dead letters."""

    updates: Mapping[str, int]
    retries: Mapping[str, int]
    dead: Sequence[DeadLetter]


@dataclass
class Explanation:
    """How far a change has come. A time is None where it has not come so far, or nobody kept it.

    `copy` is the document that was asked about, or else `request` the request. `behind` of `copies`
    do not have the newest change yet, which `cause` made.
    """

    key: str
    version: int
    request: str = ""
    copy: str = ""
    copy_version: int | None = None
    copies: int = 0
    behind: int = 0
    cause: Cause = field(default_factory=Cause)
    merged: int = 0
    changed_at: datetime | None = None
    pending_since: datetime | None = None
    published_at: datetime | None = None
    delivered_at: datetime | None = None
    applied_at: datetime | None = None
    waits_for: str = ""


class NothingKnownError(Exception):
    """Neither a document nor a request has this id."""


async def explain(of: Copied, wanted: str, queues: Queues | None) -> Explanation:
    """How far the newest change has come to a document, or that which a request made.

    Args:
        of: The documents.
        wanted: The id of one that copies, or of a request.
        queues: What RabbitMQ knows; None where it cannot be reached.

    Raises:
        NothingKnownError: There is neither.
    """
    document = await of.copies.find_one({"_id": wanted})
    if document is None:
        key = await _changed_by(of, wanted, queues)
        found = await _of_source(of, key)
        found.request = wanted
    else:
        key = _at(document, of.path)
        if key is None:
            return Explanation("", 0, wanted, waits_for="nothing: it copies nobody")
        found = await _of_source(of, str(key))
        own = document.get(SYSTEM, {})
        found.copy, found.copy_version = wanted, int(own.get(name_of(CONTACT_VERSION), 0))
        if found.copy_version >= found.version:
            found.applied_at = own.get(name_of(SYNCED_AT))
    await _count(of, found)
    found.waits_for = _waits_for(of, found, queues)
    return found


async def _changed_by(of: Copied, request: str, queues: Queues | None) -> str:
    """The key of what a request changed, where that is still known."""
    named = [f"{CAUSES}.requestId", f"{PUBLISHED}.cause.requestId"]
    source = await of.sources.find_one({"$or": [{path: request} for path in named]}, ["_id"])
    if source is None:
        source = await of.known.find_one({f"{SYSTEM}.cause.requestId": request}, ["_id"])
    if source is not None:
        return str(source["_id"])
    for letter in queues.dead if queues else ():
        if letter.request_id == request and letter.key:
            return letter.key
    raise NothingKnownError(wanted_in_words(of, request))


def wanted_in_words(of: Copied, wanted: str) -> str:
    """That nothing has this id, and of what something is known."""
    return (
        f"there is no document {wanted} in {of.copies.name}, and no such request among those that "
        f"changed one of {of.sources.name} last or wait to be published"
    )


async def _of_source(of: Copied, key: str) -> Explanation:
    source = await of.sources.find_one({"_id": key}, [SYSTEM])
    if source is None:
        return Explanation(key, 0, waits_for=f"nothing: there is no {key} in {of.sources.name}")
    own = source.get(SYSTEM, {})
    found = Explanation(key, int(own.get(name_of(CONTACT_VERSION), 0)))
    published, entry = own.get(name_of(PUBLISHED), {}), own.get(name_of(OUTBOX))
    if entry is not None:
        causes, changes = read_causes(entry)
        found.cause, found.merged = causes[-1], changes - 1
        found.changed_at, found.pending_since = entry[name_of(CHANGED_AT)], entry[name_of(SINCE)]
    elif published.get("version") == found.version:
        found.cause = read_cause(published.get("cause"))
        found.changed_at, found.published_at = published["changedAt"], published["at"]
    known = await of.known.find_one({"_id": key})
    if known is not None and int(known["version"]) >= found.version:
        origin = Origin.of_document(known.get(SYSTEM, {}))
        found.cause = found.cause if found.cause.traceparent else origin.cause
        found.changed_at = found.changed_at or origin.changed_at
        # Nearer to the truth than when the entry was removed, which is after the confirm.
        found.published_at = origin.published_at or found.published_at
        found.delivered_at = origin.delivered_at
    return found


async def _count(of: Copied, found: Explanation) -> None:
    mine = {of.path: found.key}
    found.copies = await of.copies.count_documents(mine)
    late = {CONTACT_VERSION: {"$lt": found.version}}
    found.behind = await of.copies.count_documents({**mine, **late})
    if not found.copy and not found.behind:
        last = await of.copies.find_one(mine, [SYNCED_AT], sort=[(SYNCED_AT, -1)])
        found.applied_at = None if last is None else last.get(SYSTEM, {}).get(name_of(SYNCED_AT))


def _waits_for(of: Copied, found: Explanation, queues: Queues | None) -> str:
    if found.waits_for:
        return found.waits_for
    if found.version <= 1 and found.pending_since is None and found.changed_at is None:
        return "nothing: what it copies has not changed since it was made"
    if found.pending_since is not None:
        return f"{of.relay}, to publish version {found.version}"
    has_it = found.behind == 0 if not found.copy else (found.copy_version or 0) >= found.version
    return f"nothing: version {found.version} is there" if has_it else _at_broker(of, found, queues)


def _at_broker(of: Copied, found: Explanation, queues: Queues | None) -> str:
    """What a change waits for that was published."""
    if queues is None:
        return f"{of.consumer}, or a retry, or a person: RabbitMQ cannot be asked"
    for letter in queues.dead:
        if letter.key == found.key and letter.version >= found.version:
            return f"a person, to replay or drop the dead letter {letter.id}: {letter.reason}"
    waiting = [name for name, count in queues.retries.items() if count]
    if waiting:
        return f"its turn in {' or '.join(waiting)}, or {of.consumer}, to take or apply it"
    if found.delivered_at is not None:
        return f"{of.consumer}, which has it, to update the rest: {found.behind} to go"
    return f"{of.consumer}, to take it from {' or '.join(queues.updates)}"


def _at(document: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - of any field
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
