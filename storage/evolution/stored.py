"""From what the specs say to what is in the database: schemas and indexes under stored names."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from pymongo import IndexModel

from storage.client import Json
from storage.evolution.changes import Change, Drop, Rename, Rewrite, Split
from storage.evolution.errors import MigrationError
from storage.evolution.paths import below
from storage.evolution.steps import Step


def stored_schema(schema: Json, steps: Iterable[Step]) -> Json:
    """The `$jsonSchema` of a collection after its migrations.

    Raises:
        MigrationError: A migration is about a field that the collection does not have.
    """
    steps = [*steps]
    dropped = {
        change.field for step in steps for change in step.changes if isinstance(change, Drop)
    }
    for step in steps:
        for change in step.changes:
            if not _moves(change):
                continue
            if change.field in schema.get("properties", {}):
                schema = _moved(schema, change)
            elif not dropped & {change.field, *_places(change)}:
                raise MigrationError(
                    f"migrations/{step.name}.py: {step.collection} has no field {change.field}"
                )
    return schema


def stored_index(index: IndexModel, steps: Iterable[Step], ordered: Iterable[str]) -> IndexModel:
    """An index after the migrations.

    Raises:
        MigrationError: A field is sorted by (`ordered`) or split, and cannot be moved.
    """
    keys, options = [*index.document["key"].items()], dict(index.document)
    del options["key"]
    for step in steps:
        for change in step.changes:
            if not _moves(change):
                continue
            where = f"migrations/{step.name}.py"
            if change.field in ordered:
                raise MigrationError(
                    f"{where}: {step.collection} are sorted by {change.field}, and must have it in "
                    "one place at any time: it keeps its name"
                )
            if options.get("unique") and any(
                below(key, change.field) is not None for key, _ in keys
            ):
                raise MigrationError(
                    f"{where}: {change.field} is unique, and a unique index has it in one place: "
                    "it keeps its name"
                )
            if isinstance(change, Split):
                if any(below(key, change.field) is not None for key, _ in keys):
                    raise MigrationError(
                        f"{where}: {change.field} is in the index {options['name']}, and cannot be "
                        "split: rename or transform it instead"
                    )
                continue
            keys = [(_renamed(key, change), way) for key, way in keys]
            if "partialFilterExpression" in options:
                options["partialFilterExpression"] = {
                    _renamed(key, change): value
                    for key, value in options["partialFilterExpression"].items()
                }
    return IndexModel(keys, **options)


def retired(steps: Iterable[Step]) -> set[str]:
    """The fields that no document has any more, once all is done."""
    gone: set[str] = set()
    for step in steps:
        for change in step.changes:
            gone -= {*_places(change)}
            if isinstance(change, Rename | Split | Drop):
                gone.add(change.field)
            if isinstance(change, Rewrite):
                gone |= {*change.gone}
    return gone


def _moves(change: Change) -> TypeGuard[Rename | Split]:
    """Whether storage knows the field by its old name."""
    return isinstance(change, Rename | Split)


def _places(change: Change) -> tuple[str, ...]:
    if isinstance(change, Rename):
        return (change.to,)
    return (*change.into,) if isinstance(change, Split) else ()


def _renamed(path: str, change: Rename) -> str:
    rest = below(path, change.field)
    return path if rest is None else f"{change.to}{rest}"


def _moved(schema: Json, change: Rename | Split) -> Json:
    properties = dict(schema["properties"])
    moved = properties.pop(change.field)
    required = change.field in schema.get("required", ())
    schema = {
        **schema,
        "properties": properties,
        "required": [each for each in schema.get("required", ()) if each != change.field],
    }
    parts: Mapping[str, Mapping[str, Any]] = (
        {change.to: moved} if isinstance(change, Rename) else change.into
    )
    for path, part in parts.items():
        schema = _with(schema, path, dict(part), required=required)
    return schema


def _with(schema: Json, path: str, part: Json, *, required: bool) -> Json:
    name, _, rest = path.partition(".")
    properties = schema.get("properties", {})
    if rest:
        inner = properties.get(name, {"bsonType": "object", "additionalProperties": False})
        part = _with(inner, rest, part, required=required)
    names = [*schema.get("required", ())]
    if required and name not in names:
        names.append(name)
    found = {**schema, "properties": {**properties, name: part}}
    return {**found, "required": names} if names else found
