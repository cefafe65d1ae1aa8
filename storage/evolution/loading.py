"""Reads `migrations/`."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from typing import Any

from storage.evolution.changes import Drop, Migration, Rename, Split, Transform
from storage.evolution.errors import MigrationError
from storage.evolution.steps import FIRST, Step
from storage.system_fields import OWN

FOLDER = Path(__file__).parents[2] / "migrations"

NAME = re.compile(r"[0-9]{4}_[a-z0-9_]{1,60}")
_KINDS = (Rename, Split, Drop, Transform)


def load(folder: Path = FOLDER) -> list[Step]:
    """All migrations, in their order.

    Raises:
        MigrationError: A file is none, or two have one number.
    """
    found = [_step(file) for file in sorted(folder.glob("*.py")) if file.stem != "__init__"]
    numbers = [each.name[:4] for each in found]
    for one, other in pairwise(found):
        if one.name[:4] == other.name[:4]:
            raise MigrationError(
                f"migrations/{other.name}.py: {one.name} has this number too: call it "
                f"{int(numbers[-1]) + 1:04}{other.name[4:]}"
            )
    return found


def _step(file: Path) -> Step:
    where = f"migrations/{file.name}"
    if not NAME.fullmatch(file.stem):
        raise MigrationError(f"{where}: call it NNNN_name.py, such as 0001_rename_status.py")
    if file.stem.startswith(FIRST):
        raise MigrationError(f"{where}: {FIRST} is storage's own: begin with 0001")
    spec = spec_from_file_location(f"migrations.{file.stem}", file)
    assert spec is not None  # noqa: S101 - it ends with .py
    assert spec.loader is not None  # noqa: S101
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever is wrong in it
        raise MigrationError(f"{where}: it cannot be loaded: {error!r}") from error
    migration = getattr(module, "MIGRATION", None)
    if not isinstance(migration, Migration):
        raise MigrationError(f"{where}: it has no MIGRATION = Migration(COLLECTION, (CHANGE, …))")
    for reason in _wrong(migration):
        raise MigrationError(f"{where}: {reason}")
    return Step(file.stem, migration.collection, migration.changes)


def _wrong(migration: Migration) -> Iterator[str]:
    if not migration.changes:
        yield "it declares no change: Rename, Split, Drop or Transform"
    changes: tuple[Any, ...] = migration.changes
    for change in changes:
        if not isinstance(change, _KINDS):
            yield f"{change!r} is no Rename, Split, Drop or Transform"
            continue
        named = change.fields if isinstance(change, Transform) else (change.field,)
        for name in named:
            if name.partition(".")[0] in OWN:
                yield f"{name} stays as it is: it is storage's own"
