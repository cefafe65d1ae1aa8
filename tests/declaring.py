"""What is declared, to be changed: a copy of the rows and of the files that they name."""

import shutil
from pathlib import Path

from services.declaration import Collection, Service, System, Version
from services.reading import FILE, ROOT, declared

WITH_BLOCKS = (
    "kong/kong.yml.template",
    "docker-compose.yml",
    "docker-compose.debug.yml",
    "deploy/observability/rules.yml",
    ".env.example",
)
"""Files by hand, of which parts are made from the declared services."""


def copy_declared(target: Path) -> Path:
    """Copy `services.yaml`, the specs and the compositions into a folder."""
    shutil.copytree(ROOT / "specs", target / "specs")
    shutil.copy2(ROOT / FILE, target)
    for each in filter(None, (each.composition for each in declared())):
        file = Path(f"{each.replace('.', '/')}.py")
        (target / file).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / file, target / file)
    return target


def alone(root: Path, name: str, schema: str = "", **more: object) -> System:
    """A system of one service, that stores objects of one schema if any; it has no file."""
    collections = (Collection(name, schema, "id"),) if schema else ()
    row = Service(
        name,
        root / "specs" / f"{name}.yaml",
        f"handlers.{name}_handlers",
        (Version("", name, 1),),
        collections=collections,
        **more,  # type: ignore[arg-type]
    )
    return System(root, (row,))
