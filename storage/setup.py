"""Makes both databases what the specs and the processes need; any number of times."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from pymongo import MongoClient
from pymongo.database import Database

from storage.client import Json
from storage.layout import Collection

log = structlog.get_logger(__name__)


def set_up(
    client: MongoClient[Json], layout: Iterable[Collection], passwords: Mapping[str, str]
) -> None:
    """Create what is missing and bring validators, indexes and logins up to date.

    Nothing is dropped.

    Args:
        client: Logged in as one who may create users.
        layout: The collections.
        passwords: By login.

    Raises:
        PyMongoError: MongoDB refused or failed.
    """
    collections = list(layout)
    for collection in collections:
        _collection(client[collection.database], collection)
    admin = client["admin"]
    for login, password in passwords.items():
        _role(admin, login, collections)
        _login(admin, login, password)
        log.info("login_ready", login=login)


def _collection(database: Database[Json], wanted: Collection) -> None:
    validator = {"$jsonSchema": wanted.schema}
    if wanted.name in database.list_collection_names():
        database.command("collMod", wanted.name, validator=validator, validationLevel="strict")
    else:
        database.create_collection(wanted.name, validator=validator)
    if wanted.indexes:
        database[wanted.name].create_indexes(list(wanted.indexes))
    log.info("collection_ready", database=wanted.database, collection=wanted.name)


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
