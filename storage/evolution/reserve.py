"""Storage's own fields, which once stood at the top of documents, are brought into `_system`.

The first migration of every database. What a spec calls like one of them was stored under another
name, and is under its own after that; what it calls `_system` the other way about. No process can
read both shapes, so none may be connected meanwhile.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import MongoClient

from storage.client import Json
from storage.evolution.changes import Rewrite
from storage.evolution.errors import MigrationError
from storage.evolution.steps import FIRST, Step
from storage.property_names import TopNames
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, OUTBOX, OWN, SYSTEM, name_of

NAME = f"{FIRST}_system_fields"

_MOVED = (EMAIL_KEYS, CONTACT_VERSION, OUTBOX)
"""What stood at the top; every document that had any had a version, as a long."""

_LONG = name_of(CONTACT_VERSION)
_IS_OLD = {"$eq": [{"$type": f"${_LONG}"}, "long"]}
_HAS_NONE = {"$eq": [{"$type": f"${SYSTEM}"}, "missing"]}


def reserving(collection: str, schema: Json) -> tuple[Step, ...]:
    """The step of a collection with this `$jsonSchema`, if its documents ever were otherwise."""
    known = schema["properties"].get(SYSTEM, {}).get("properties", {})
    names = [name for name in map(name_of, _MOVED) if name in known]
    if _LONG not in known:
        return ()
    return (Step(NAME, collection, (_making_room(), _moving(names))),)


def _making_room() -> Rewrite:
    """Of a spec's property `_system`; after that, the name tells which documents are moved."""
    there = {SYSTEM: {"$exists": True}, _LONG: {"$type": "long"}}
    becomes = _document({SYSTEM: TopNames(OWN).stored(SYSTEM)})
    is_concerned = {"$and": [_IS_OLD, {"$not": [_HAS_NONE]}]}
    return Rewrite(f"make room for {SYSTEM}", there, {"$cond": [is_concerned, becomes, "$$ROOT"]})


def _moving(names: list[str]) -> Rewrite:
    there = {SYSTEM: {"$exists": False}, _LONG: {"$type": "long"}}
    others = _document({TopNames(names).stored(each): each for each in names}, without=names)
    moved = {SYSTEM: {each: f"${each}" for each in names}}
    becomes = {"$mergeObjects": [others, moved]}
    is_concerned = {"$and": [_IS_OLD, _HAS_NONE]}
    return Rewrite(
        f"move {', '.join(names)} into {SYSTEM}",
        there,
        {"$cond": [is_concerned, becomes, "$$ROOT"]},
        gone=tuple(names),
    )


def _document(renamed: Mapping[str, str], without: Iterable[str] = ()) -> dict[str, Any]:
    """The expression for a document with other names at its top."""
    kept = {
        "$filter": {
            "input": {"$objectToArray": "$$ROOT"},
            "cond": {"$not": [{"$in": ["$$this.k", [*without]]}]},
        }
    }
    branches = [{"case": {"$eq": ["$$this.k", old]}, "then": new} for old, new in renamed.items()]
    name = {"$switch": {"branches": branches, "default": "$$this.k"}}
    return {"$arrayToObject": {"$map": {"input": kept, "in": {"k": name, "v": "$$this.v"}}}}


def require_quiet(client: MongoClient[Json], logins: Iterable[str]) -> None:
    """Raise MigrationError where somebody is connected with one of these logins."""
    everybody: Json = {"$currentOp": {"allUsers": True, "idleConnections": True}}
    found = client["admin"].aggregate([everybody, {"$project": {"effectiveUsers.user": 1}}])
    users = {user["user"] for each in found for user in each.get("effectiveUsers", ())}
    if connected := sorted(users & {*logins}):
        raise MigrationError(
            f"{', '.join(connected)} are connected, and {NAME} changes documents in a way that no "
            "running process can follow. Nothing was changed.\n"
            "Next: stop these processes, then set up once more."
        )
