"""Does what the last release has stored fit the specs as they are? If not, a migration is due."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from contract.completion import NONE, default_of
from generate.release import released_file, released_migrations
from generate.sources import Sources
from openapi.description import Description
from openapi.reading import load_description
from services.declaration import Collection
from storage.client import Json
from storage.entity import Entity
from storage.evolution.changes import Change, Rewrite, Transform
from storage.evolution.loading import load
from storage.layout import collections
from storage.validators import collection_schema

_NEXT = "`.venv/bin/python -m aware migrate new NAME --collection {}` begins the migration"


def unmigrated(sources: Sources) -> Iterator[str]:
    """A line for each field of which documents may be in the way, and that no migration changes.

    What only adds needs none, nor does a field that is required now and has a default.

    Raises:
        InvalidDocumentError: A release cannot be read.
        MigrationError: A file in `migrations/` is none, or does not fit the specs.
    """
    steps = load(sources.root / "migrations")
    known = released_migrations(sources.root)
    collections(sources.declared, str, steps)  # whether migrations and specs fit each other
    for service, collection, description in sources.stored():
        name = collection.name
        own = [each for each in steps if each.collection == name]
        file = released_file(sources.root, service.api)
        released = load_description(file) if file.exists() else None
        if released is None or collection.schema not in released.schemas:
            continue
        before = _validator(collection, released)
        now = _validator(collection, _without_defaults(description))
        new = [each for each in own if each.name not in known]
        changed = {field for step in new for each in step.changes for field in _fields(each)}
        for field, reason in _differences(before, now):
            if field not in changed:
                yield f"{name}: {field} {reason}: {_NEXT.format(name)}"


def _validator(collection: Collection, description: Description) -> Json:
    return collection_schema(Entity(description, collection.schema), {})


def _fields(change: Change) -> tuple[str, ...]:
    if isinstance(change, Transform):
        return change.fields
    if isinstance(change, Rewrite):
        return change.gone
    return (change.field,)


def _differences(before: Json, now: Json) -> Iterator[tuple[str, str]]:
    one, other = before.get("properties", {}), now.get("properties", {})
    for name in now.get("required", ()):
        if name not in before.get("required", ()):
            yield name, "is required and has no default, and may be missing"
    for name, schema in one.items():
        if name not in other:
            if now.get("additionalProperties") is False:
                yield name, "is no more, and may be there"
        elif not takes_all(other[name], schema):
            yield name, "may hold what does not fit any more"


def takes_all(now: Json, before: Json) -> bool:
    """Whether what fits the `$jsonSchema` `before` fits `now`; no where that is hard to tell."""
    if now == before:
        return True
    if now.get("additionalProperties") is False and not (
        before.get("additionalProperties") is False
        and before.get("properties", {}).keys() <= now.get("properties", {}).keys()
    ):
        return False
    return all(_takes(key, value, before) for key, value in now.items())


def _takes(key: str, now: Any, before: Json) -> bool:  # noqa: ANN401 - any keyword's value
    if key == "additionalProperties" and now is False:
        return True  # looked at with the properties
    if key == "properties":
        known = before.get("properties", {})
        closed = before.get("additionalProperties") is False
        return all(
            takes_all(schema, known[name]) if name in known else closed
            for name, schema in now.items()
        )
    return key in before and _is_wider(key, now, before[key])


def _is_wider(key: str, now: Any, was: Any) -> bool:  # noqa: ANN401
    if key in ("bsonType", "enum"):
        return {*map(str, _listed(was))} <= {*map(str, _listed(now))}
    if key == "items" and isinstance(now, dict) and isinstance(was, dict):
        return takes_all(now, was)
    rules: dict[str, Callable[[], bool]] = {
        "required": lambda: {*now} <= {*was},
        "max": lambda: bool(was <= now),
        "min": lambda: bool(was >= now),
    }
    return rules.get(key if key in rules else key[:3], lambda: bool(now == was))()


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]


def _without_defaults(api: Description) -> Description:
    """The same API, where what has a default need not be there: the set-up fills it in."""
    schemas = api.schemas

    def lenient(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, list):
            return [lenient(each) for each in node]
        if not isinstance(node, dict):
            return node
        found = {key: lenient(value) for key, value in node.items()}
        properties = node.get("properties")
        if isinstance(properties, dict) and isinstance(node.get("required"), list):
            found["required"] = [
                name
                for name in node["required"]
                if default_of(properties.get(name, {}), schemas) is NONE
            ]
        return found

    return replace(api, schemas={name: lenient(each) for name, each in schemas.items()})
