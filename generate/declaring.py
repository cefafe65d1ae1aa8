"""A service that is new: its row, what of that follows from its spec, and what is made of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from contract.bindable import load_api
from generate.artefacts import ARTEFACTS
from generate.security import enforced
from generate.sources import read_sources
from generate.starter import begin, has_paths, key_of
from generate.writing import Outcome, compare, write
from openapi.description import Description, name_of
from openapi.errors import InvalidDocumentError
from openapi.names import class_name
from openapi.views import properties_of
from services.declaration import System
from services.ports import FixedPorts, purposes
from services.reading import FILE, SPECS, read
from services.rows import RowError, with_row

_FIRST_PORT = 5001
_JSON = "application/json"


@dataclass(frozen=True)
class Wish:
    """What somebody says of a new service.

    `spec` is its file in the repository. It stores documents of each of `schemas`, whose ids are in
    the property out of `keys`; where these are empty, they are looked for in the spec. Where it
    `stores_nothing` there are none. `enforcer` is who enforces the security that the gateway does
    not. `clients` and `house_rules` are as in a row.
    """

    name: str
    spec: str
    schemas: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    stores_nothing: bool = False
    enforcer: str = ""
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
    if spec is None and file.parent != root / SPECS:
        raise RowError(f"{wish.spec} is no file in {SPECS}/: name it {SPECS}/{file.name}")
    try:
        if not has_paths(file):
            begin(file, wish.api, "".join(wish.schemas[:1]), "".join(wish.keys[:1]))
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
    schemes = load_api(spec).security_schemes if wish.enforcer else {}
    if others := [name for name, scheme in schemes.items() if enforced(scheme) is None]:
        yield "enforced_elsewhere:"
        yield from (f"  {name}: {json.dumps(wish.enforcer)}" for name in others)
    if not wish.stores_nothing:
        yield f"database: {wish.api}"
        yield "collections:"
        for collection, schema, key in _stored(spec, wish):
            yield from (f"  {collection}:", f"    schema: {schema}", f"    key: {key}")


def _free_port(system: System) -> int:
    """The first port that nothing of the system has."""
    taken = {*system.ports.values(), *(getattr(FixedPorts(), name) for name in purposes())}
    return next(port for port in range(_FIRST_PORT, 2**16) if port not in taken)


def _stored(spec: Path, wish: Wish) -> Iterator[tuple[str, str, str]]:
    """Collections, schemas and keys: of what is said, or else of all that is got by an id."""
    description = load_api(spec)
    found = {schema: (name, key) for name, schema, key in reversed([*_resources(description)])}
    schemas = wish.schemas or tuple(each for each in description.schemas if each in found)
    if not schemas or not {*schemas} <= description.schemas.keys():
        got = ", ".join(found) or "nothing is got by an id"
        raise RowError(
            f"what {wish.spec} stores is not plain to see ({got}): add `--schema SCHEMA`, and "
            "`--key PROPERTY`, or `--stores-nothing`"
        )
    names: set[str] = set()
    for schema, key in zip_longest(schemas, wish.keys[: len(schemas)]):
        model = class_name(schema)
        own = f"{model[:1].lower()}{model[1:]}"
        name, parameter = found.get(schema, (own, "id"))
        name = own if name in names else name
        names.add(name)
        yield name, schema, key or key_of(properties_of(description, schema), schema, parameter)


def _resources(description: Description) -> Iterator[tuple[str, str, str]]:
    """What is got one by one: the last word of its path, its schema, and the id's parameter."""
    for each in description.operations:
        *_, before, last = ("", *each.template.rstrip("/").split("/"))
        response = each.responses.get("200")
        content = response.content.get(_JSON) if response else None
        schema = {} if content is None else content.schema
        if each.method == "GET" and last.startswith("{") and [*schema] == ["$ref"]:
            yield before.replace("-", "_"), name_of(schema["$ref"]), last.strip("{}")
