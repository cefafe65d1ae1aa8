"""Requests that come again: what is kept of one in what it writes, and how it is known again.

Kept are two digests, of its key and of what it asks for: nothing of its body, and nothing of what
it was answered. It is answered again with the thing as it is then.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract.conditions import Conditions, Repeatable
from storage.client import Json
from storage.errors import KeyReusedError
from storage.system_fields import CREATION, REQUESTS, SYSTEM, name_of

KEPT = 16
"""So many changes with keys are known of a document, the last ones; its creation always is."""

_KEY, _FINGERPRINT = "key", "request"

RECORD_SCHEMA: Json = {
    "bsonType": "object",
    "required": [_KEY, _FINGERPRINT],
    "properties": {_KEY: {"bsonType": "binData"}, _FINGERPRINT: {"bsonType": "binData"}},
    "additionalProperties": False,
}
"""Of what is kept of a request."""


def of_creation(demanded: Conditions) -> Json:
    """Storage's own fields, by their paths, of a document that a request makes."""
    return {} if demanded.request is None else {CREATION: _record(demanded.request)}


def kept(own: Mapping[str, Any], demanded: Conditions) -> Json:
    """The same of a document that it replaces, which had `own` below `_system`."""
    found = {path: own[name_of(path)] for path in (CREATION, REQUESTS) if name_of(path) in own}
    if demanded.request is not None:
        found[REQUESTS] = [*found.get(REQUESTS, ()), _record(demanded.request)][-KEPT:]
    return found


def pushed(demanded: Conditions) -> Json:
    """The update operators of one that changes a document."""
    if demanded.request is None:
        return {}
    return {"$push": {REQUESTS: {"$each": [_record(demanded.request)], "$slice": -KEPT}}}


def stage(demanded: Conditions) -> Json:
    """The same as fields of a `$set` stage."""
    if demanded.request is None:
        return {}
    before = {"$ifNull": [f"${REQUESTS}", []]}
    record = {"$literal": [_record(demanded.request)]}
    return {REQUESTS: {"$slice": [{"$concatArrays": [before, record]}, -KEPT]}}


def unknown(demanded: Conditions) -> Json:
    """The query for documents on which a request was not carried out yet."""
    if demanded.request is None:
        return {}
    key = {"$ne": demanded.request.key}
    return {f"{CREATION}.{_KEY}": key, f"{REQUESTS}.{_KEY}": key}


def is_repeated(document: Json, demanded: Conditions) -> bool:
    """Whether a request was carried out on a document.

    Raises:
        KeyReusedError: Another one with its key was.
    """
    return is_among(_known(document), demanded)


def is_new(document: Json, demanded: Conditions) -> bool:
    """Whether nothing is known of a request in a document."""
    request = demanded.request
    return request is None or all(each[_KEY] != request.key for each in _known(document))


def require_unused(document: Json, demanded: Conditions) -> None:
    """Raise KeyReusedError where any request with the key was carried out on a document."""
    if not is_new(document, demanded):
        raise KeyReusedError


def records(document: Json, demanded: Conditions) -> list[Json]:
    """What a tombstone keeps: of the document's requests, and of the one that removes it."""
    last = [] if demanded.request is None else [_record(demanded.request)]
    return [*_known(document), *last]


def is_among(records: Iterable[Mapping[str, bytes]], demanded: Conditions) -> bool:
    """Whether a request is one of those that were kept; raises as `is_repeated` does."""
    request = demanded.request
    if request is None:
        return False
    for each in records:
        if each[_KEY] == request.key:
            if each[_FINGERPRINT] != request.fingerprint.digest():
                raise KeyReusedError
            return True
    return False


def _known(document: Json) -> list[Json]:
    own = document.get(SYSTEM, {})
    creation = own.get(name_of(CREATION))
    return [*([] if creation is None else [creation]), *own.get(name_of(REQUESTS), ())]


def _record(request: Repeatable) -> Json:
    return {_KEY: request.key, _FINGERPRINT: request.fingerprint.digest()}
