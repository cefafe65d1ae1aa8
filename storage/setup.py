"""Makes both databases what the specs and the processes need; any number of times."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

import structlog
from pymongo import IndexModel, MongoClient
from pymongo.database import Database

from storage.client import Json
from storage.contradictions import ContradictionError, duplicates, misfits
from storage.layout import Collection

log = structlog.get_logger(__name__)


def set_up(
    client: MongoClient[Json], layout: Iterable[Collection], passwords: Mapping[str, str]
) -> None:
    """Create what is missing and bring validators, indexes and logins up to date.

    Nothing is dropped: an index that is no longer asked for stays.

    Args:
        client: Logged in as one who may create users; large collections take it long to look
            through.
        layout: The collections.
        passwords: By login.

    Raises:
        ContradictionError: Existing documents are in the way; then nothing was changed.
        PyMongoError: MongoDB refused or failed.
    """
    collections = list(layout)
    found = [line for each in collections for line in _contradictions(client, each)]
    if found:
        raise ContradictionError(found)
    for collection in collections:
        _collection(client[collection.database], collection)
    admin = client["admin"]
    for login, password in passwords.items():
        _role(admin, login, collections)
        _login(admin, login, password)
        log.info("login_ready", login=login)


def _contradictions(client: MongoClient[Json], wanted: Collection) -> Iterator[str]:
    """Lines about documents that contradict what is new in `wanted`; the rest they obey already."""
    database = client[wanted.database]
    collection = database[wanted.name]
    options = _options(database, wanted.name)
    if options is None:
        return
    if not _is_enforced(options, wanted):
        yield from misfits(collection, wanted.schema)
    for index in _missing(database, wanted):
        if index.document.get("unique"):
            yield from duplicates(collection, index)


def _collection(database: Database[Json], wanted: Collection) -> None:
    options = _options(database, wanted.name)
    if options is None:
        database.create_collection(wanted.name, validator=_validator(wanted))
    elif not _is_enforced(options, wanted):
        database.command(
            "collMod",
            wanted.name,
            validator=_validator(wanted),
            validationLevel="strict",
            validationAction="error",
        )
    missing = _missing(database, wanted)
    if missing:
        database[wanted.name].create_indexes(missing)
    log.info(
        "collection_ready",
        database=wanted.database,
        collection=wanted.name,
        new_indexes=[each.document["name"] for each in missing],
    )


def _options(database: Database[Json], name: str) -> Json | None:
    """The options of a collection, or None where there is no such collection."""
    for each in database.list_collections(filter={"name": name}):
        options: Json = each["options"]
        return options
    return None


def _validator(wanted: Collection) -> Json:
    return {"$jsonSchema": wanted.schema}


def _is_enforced(options: Json, wanted: Collection) -> bool:
    return (
        options.get("validator") == _validator(wanted)
        and options.get("validationLevel", "strict") == "strict"
        and options.get("validationAction", "error") == "error"
    )


def _missing(database: Database[Json], wanted: Collection) -> list[IndexModel]:
    """The indexes to make.

    They are compared by what they do. Where another index has the name already, the new one gets
    a number too, and the old one stays for a person to drop.
    """
    existing = [*database[wanted.name].list_indexes()]
    there = [_definition(each) for each in existing]
    taken = {each["name"] for each in existing}
    return [
        _named(index, taken) for index in wanted.indexes if _definition(index.document) not in there
    ]


def _definition(index: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an index does, of those things that our indexes ask for."""
    return (
        [*index["key"].items()],
        bool(index.get("unique")),
        index.get("partialFilterExpression"),
    )


def _named(index: IndexModel, taken: set[str]) -> IndexModel:
    name = index.document["name"]
    free = next(
        each for each in chain([name], (f"{name}_{n}" for n in count(2))) if each not in taken
    )
    if free != name:
        log.warning("index_superseded", index=name, by=free)
    rest = {key: value for key, value in index.document.items() if key not in ("key", "name")}
    return IndexModel([*index.document["key"].items()], name=free, **rest)


def _role(admin: Database[Json], login: str, collections: Iterable[Collection]) -> None:
    privileges = [
        {
            "resource": {"db": each.database, "collection": each.name},
            "actions": list(each.access[login]),
        }
        for each in collections
        if login in each.access
    ]
    known = admin.command("rolesInfo", login)["roles"]
    verb = "updateRole" if known else "createRole"
    admin.command(verb, login, privileges=privileges, roles=[])


def _login(admin: Database[Json], login: str, password: str) -> None:
    roles: list[Any] = [{"role": login, "db": "admin"}]
    known = admin.command("usersInfo", login)["users"]
    verb = "updateUser" if known else "createUser"
    admin.command(verb, login, pwd=password, roles=roles)
