"""Whether a login still has the rights that the set-up gave it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from health.problems import Problem
from storage.client import Json


async def missing_rights(
    database: AsyncDatabase[Json], needed: Mapping[str, Collection[str]]
) -> Problem | None:
    """The first right that is missing, if one is.

    Args:
        database: As the process is logged in.
        needed: By the name of a collection, what is to be done with it, such as `find`.

    Raises:
        PyMongoError: MongoDB does not answer.
    """
    answer = await database.command("connectionStatus", showPrivileges=True)
    has: list[Json] = answer["authInfo"]["authenticatedUserPrivileges"]
    for collection, actions in needed.items():
        missing = {*actions} - {*_allowed(has, database.name, collection)}
        if missing:
            return Problem(
                f"MONGO_USERNAME lacks the right to {', '.join(sorted(missing))} in "
                f"{database.name}.{collection} of MongoDB.",
                "Give it back: `python -m aware setup mongodb`.",
            )
    return None


def _allowed(privileges: list[Json], database: str, collection: str) -> Iterator[str]:
    for each in privileges:
        resource: Mapping[str, Any] = each["resource"]
        if resource.get("anyResource") or (
            resource.get("db") in ("", database) and resource.get("collection") in ("", collection)
        ):
            yield from each["actions"]
