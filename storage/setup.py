"""Makes both databases what the specs and the processes need; any number of times."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, count
from operator import attrgetter
from typing import Any

import structlog
from pymongo import IndexModel, MongoClient
from pymongo.database import Database

from storage.client import Json
from storage.contradictions import ContradictionError, duplicates
from storage.evolution.plan import Plan, plan
from storage.evolution.reserve import require_quiet
from storage.evolution.transition import Transition
from storage.evolution.union import union
from storage.evolution.words import PENDING, TASK, WAITING
from storage.layout import Collection, records

log = structlog.get_logger(__name__)

Say = Callable[[str], None]
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given a task and its number of steps, what is told of so many steps more."""


def set_up(
    client: MongoClient[Json],
    layout: Iterable[Collection],
    passwords: Mapping[str, str],
    *,
    say: Say = lambda _: None,
    progress: Progress = lambda _, __: nullcontext(lambda _: None),
    alone: bool = False,
    wait: float = 0,
) -> bool:
    """Create what is missing and bring validators, indexes, logins and documents up to date.

    As long as processes of another version run, the validators let in what either version writes,
    and no document is changed; that is left to a later set-up, when they have ended.

    Args:
        client: Logged in as one who may create users; large collections take it long to look
            through.
        layout: The collections.
        passwords: By login.
        say: Told what is going to be done before it is, and what is left.
        progress: Shows how far a migration is.
        alone: The caller knows that no process runs.
        wait: So many seconds processes of another version are given to end.

    Returns:
        Whether all is done.

    Raises:
        ContradictionError: Existing documents are in the way; then nothing was changed.
        MigrationError: A migration cannot be applied; then nothing was changed.
        PyMongoError: MongoDB refused or failed; the next set-up goes on from there.
    """
    collections = list(layout)
    transition = Transition(client, collections)
    transition.refuse_newer()
    if alone:
        transition.forget_processes()
    plans = {each.name: plan_ for each in collections if (plan_ := _plan(client, each, transition))}
    quiet = [each for each in collections if each.name in plans and plans[each.name].needs_quiet]
    if quiet:
        require_quiet(client, _writers(collections))
        transition.forget_processes()
    for line in chain.from_iterable(each.lines() for each in plans.values()):
        say(f"{PENDING}{line}")
    for collection in quiet:
        with progress(f"{TASK}{collection.name}", plans[collection.name].total) as step:
            transition.contract(collection, step, attrgetter("needs_quiet"))
    for collection in (*records(collections), *collections):
        _collection(client[collection.database], collection)
    _logins(client["admin"], [*collections, *records(collections)], passwords)
    transition.expand()
    others = transition.others(wait)
    if others:
        say(
            f"{WAITING}{', '.join(others)} of another version still run: until they have ended, "
            "what they write is let in, and documents stay as they are. Then set up once more."
        )
        return False
    for collection in collections:
        found = plans.get(collection.name)
        if found is None:  # a new collection, or nothing to do: its migrations are done at once
            transition.contract(collection, lambda _: None)
        else:
            if found.completed or transition.pending(collection):
                with progress(f"{TASK}{collection.name}", found.total) as step:
                    transition.contract(collection, step)
                    transition.complete(collection, step)
            _require_fit(client[collection.database], collection)
        _enforce(client[collection.database], collection)
    transition.settle()
    return True


def _writers(collections: Iterable[Collection]) -> set[str]:
    """The logins of the processes that write."""
    return {
        login
        for each in collections
        for login, actions in each.access.items()
        if {"insert", "update"} & {*actions}
    }


def _plan(client: MongoClient[Json], wanted: Collection, transition: Transition) -> Plan | None:
    """What is to be done with the documents of a collection; None where that is nothing.

    Raises:
        ContradictionError: Some contradict what is new; what is enforced they obey already.
    """
    database = client[wanted.database]
    collection = database[wanted.name]
    options = _options(database, wanted.name)
    if options is None:
        return None
    steps = transition.pending(wanted)
    lines: list[str] = []
    found: Plan | None = None
    if transition.begun(wanted):
        found = Plan(collection, steps, collection.estimated_document_count(), begun=True)
    elif not steps and _is_enforced(options, wanted.schema):
        pass
    else:
        found, misfits = plan(collection, wanted.schema, steps, wanted.complete)
        lines = [*misfits.lines()]
    for index in _missing(database, wanted):
        if index.document.get("unique") and not (found and found.needs_quiet):
            lines += duplicates(collection, index)
    if lines:
        raise ContradictionError(lines)
    return found


def _collection(database: Database[Json], wanted: Collection) -> None:
    """Have the collection with its indexes; it lets in what it did, and what is wanted."""
    options = _options(database, wanted.name)
    if options is None:
        database.create_collection(wanted.name, validator=_validator(wanted.schema))
    else:
        enforced = options.get("validator", {}).get("$jsonSchema")
        both = union(enforced, wanted.schema) if enforced else wanted.schema
        if not _is_enforced(options, both):
            _modify(database, wanted.name, both)
    missing = _missing(database, wanted)
    if missing:
        database[wanted.name].create_indexes(missing)
    log.info(
        "collection_ready",
        database=wanted.database,
        collection=wanted.name,
        new_indexes=[each.document["name"] for each in missing],
    )


def _require_fit(database: Database[Json], wanted: Collection) -> None:
    """Raise ContradictionError where documents of the last version came that do not fit."""
    _, misfits = plan(database[wanted.name], wanted.schema, (), None)
    if misfits.count:
        raise ContradictionError([*misfits.lines()], done="Migrations were applied.")


def _enforce(database: Database[Json], wanted: Collection) -> None:
    """Let in only what is wanted."""
    options = _options(database, wanted.name)
    if options is not None and not _is_enforced(options, wanted.schema):
        _modify(database, wanted.name, wanted.schema)


def _modify(database: Database[Json], name: str, schema: Json) -> None:
    database.command(
        "collMod",
        name,
        validator=_validator(schema),
        validationLevel="strict",
        validationAction="error",
    )


def _options(database: Database[Json], name: str) -> Json | None:
    """The options of a collection, or None where there is no such collection."""
    for each in database.list_collections(filter={"name": name}):
        options: Json = each["options"]
        return options
    return None


def _validator(schema: Json) -> Json:
    return {"$jsonSchema": schema}


def _is_enforced(options: Json, schema: Json) -> bool:
    return (
        options.get("validator") == _validator(schema)
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


def _logins(
    admin: Database[Json], collections: list[Collection], passwords: Mapping[str, str]
) -> None:
    for login, password in passwords.items():
        _role(admin, login, collections)
        _login(admin, login, password)
        log.info("login_ready", login=login)


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
