"""A service that is new: its row, what of that follows from its spec, and what is made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contract.bindable import load_api
from generate.artefacts import ARTEFACTS
from generate.sources import read_sources
from generate.starter import begin, has_paths, key_of
from generate.writing import Outcome, compare, write
from openapi.description import Description, name_of
from openapi.errors import InvalidDocumentError
from openapi.names import class_name
from openapi.views import properties_of
from services.declaration import System
from services.ports import FixedPorts, purposes
from services.reading import FILE, read
from services.rows import RowError, with_row

_FIRST_PORT = 5001
_JSON = "application/json"


@dataclass(frozen=True)
class Wish:
    """What somebody says of a new service.

    `spec` is its file in the repository. It stores documents of `schema`, whose ids are in the
    property `key`; where these are empty, they are looked for in the spec. Where it
    `stores_nothing` there are none. `clients` and `house_rules` are as in a row.
    """

    name: str
    spec: str
    schema: str = ""
    key: str = ""
    stores_nothing: bool = False
    clients: str = ""
    house_rules: bool = True

    @property
    def api(self) -> str:
        """What the API is called in the code."""
        return Path(self.spec).stem.replace("-", "_")


def declare(root: Path, wish: Wish) -> list[Outcome]:
    """Write the row, the spec's paths where it has none, and all that is made of them, or nothing.

    Returns:
        What was made of the specs.

    Raises:
        RowError: The row cannot be written, or needs to be told more.
        InvalidDocumentError: It cannot be used, or the spec cannot.
    """
    system, file, rows = read(root), root / wish.spec, root / FILE
    before, spec = rows.read_text("utf-8"), file.read_text("utf-8") if file.exists() else None
    if wish.name in system.by_name:
        raise RowError(f"{FILE} has a service {wish.name}: choose another name")
    if spec is None and file.parent != root / "specs":
        raise RowError(f"{wish.spec} is no file in specs/: name it specs/{file.name}")
    try:
        if not has_paths(file):
            begin(file, wish.api, wish.schema, wish.key)
        rows.write_text(with_row(root, wish.name, tuple(_lines(system, file, wish))), "utf-8")
        sources = read_sources(root)
        outcomes = compare(sources, ARTEFACTS)
        write(root, outcomes)
    except (RowError, InvalidDocumentError):
        rows.write_text(before, "utf-8")
        if spec is not None:
            file.write_text(spec, "utf-8")
        else:
            file.unlink(missing_ok=True)
        raise
    return outcomes


def _lines(system: System, spec: Path, wish: Wish) -> Iterator[str]:
    yield f"spec: {wish.spec}"
    yield f"handlers: handlers/{wish.api}.py"
    if wish.clients:
        yield f"clients: {wish.clients}"
    if not wish.house_rules:
        yield "house_rules: false"
    yield f"port: {_free_port(system)}"
    if not wish.stores_nothing:
        collection, schema, key = _stored(spec, wish)
        yield f"database: {wish.api}"
        yield from ("collections:", f"  {collection}:", f"    schema: {schema}", f"    key: {key}")


def _free_port(system: System) -> int:
    """The first port that nothing of the system has."""
    taken = {*system.ports.values(), *(getattr(FixedPorts(), name) for name in purposes())}
    return next(port for port in range(_FIRST_PORT, 2**16) if port not in taken)


def _stored(spec: Path, wish: Wish) -> tuple[str, str, str]:
    """Collection, schema and key: what the service gets, one by one, by an id."""
    description = load_api(spec)
    known = partial(properties_of, description)
    found = {(name, schema): key for name, schema, key in _resources(description)}
    chosen = [each for each in found if wish.schema in ("", each[1])]
    if len(chosen) == 1:
        name, schema = chosen[0]
        return name, schema, wish.key or key_of(known(schema), schema, found[name, schema])
    if wish.schema in description.schemas and not chosen:
        collection = class_name(wish.schema)
        collection = f"{collection[:1].lower()}{collection[1:]}"
        return collection, wish.schema, wish.key or key_of(known(wish.schema), wish.schema, "id")
    got = ", ".join(dict.fromkeys(schema for _, schema in chosen)) or "nothing is got by an id"
    raise RowError(
        f"what {wish.spec} stores is not plain to see ({got}): add `--schema SCHEMA`, and "
        "`--key PROPERTY`, or `--stores-nothing`"
    )


def _resources(description: Description) -> Iterator[tuple[str, str, str]]:
    """What is got one by one: the last word of its path, its schema, and the id's parameter."""
    for each in description.operations:
        *_, before, last = ("", *each.template.rstrip("/").split("/"))
        response = each.responses.get("200")
        content = response.content.get(_JSON) if response else None
        schema = {} if content is None else content.schema
        if each.method == "GET" and last.startswith("{") and [*schema] == ["$ref"]:
            yield before.replace("-", "_"), name_of(schema["$ref"]), last.strip("{}")
