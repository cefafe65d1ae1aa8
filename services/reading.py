"""From `services.yaml` to its rows. What is wrong is refused with its line, all at once."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from keyword import iskeyword
from pathlib import Path
from typing import Any

import jsonschema_rs

from openapi.errors import Violation, refuse
from openapi.explain import explain
from openapi.files import SpecFile, shown
from openapi.pointers import pointer_of
from services.declaration import (
    Collection,
    Event,
    Kind,
    Relay,
    Service,
    Subscriber,
    System,
    Version,
)
from services.ports import FixedPorts, purposes

ROOT = Path(__file__).parent.parent
FILE = "services.yaml"
SPECS = "specs"
"""The folder of all specs; `released/` in it is their last release."""

OTHER_NAMES = frozenset(
    {
        *("mongodb", "mongodb-setup", "rabbitmq", "rabbitmq-setup", "epmd", "kong"),
        *("operator", "backup", "backup-reader", "smoke-test", "root", "administrator"),
        *(name.replace("_", "-") for name in purposes()),
    }
)
"""Names of parts, logins and ports that are no service's."""

OTHERS = {
    "spec": ("__init__", "fields"),
    "handlers": ("__init__", "answers", "pages", "signatures", "times"),
    "collection": ("migrations", "processes", "contacts", "ledger"),
}
"""Names of modules beside the services' models and handlers, and of collections beside theirs."""

Json = Mapping[str, Any]


@cache
def declared() -> System:
    """The services of this repository, read once; raises as `read` does."""
    return read(ROOT)


def read(root: Path) -> System:
    """The services of the repository `root`.

    Raises:
        InvalidDocumentError: The file cannot be read, a row says what no row may, or two rows
            claim one name, port, spec, module, database or package.
    """
    file = SpecFile(root / FILE)

    def place(pointer: str) -> str:
        return f"{shown(file.path)}:{file.line(pointer)}"

    refuse(_misfits(file.value), place)
    refuse(_contradictions(file.value, root), place)
    rows = file.value["services"].items()
    events = file.value.get("events")
    services = tuple(_service(root, *row) for row in rows)
    return System(root, services, events and root / events, place)


def _service(root: Path, name: str, row: Json) -> Service:
    return Service(
        name,
        spec=root / row["spec"],
        handlers=_module(row["handlers"]),
        versions=tuple(_versions(root, name, row)),
        clients=row.get("clients", ""),
        split=row.get("split", ""),
        database=row.get("database", ""),
        collections=tuple(_collections(row.get("collections", {}))),
        composition=_module(row["composition"]) if "composition" in row else "",
        publishes=_relay(row["publishes"], row) if "publishes" in row else None,
        follows=_subscriber(row["follows"]) if "follows" in row else None,
        house_rules=row.get("house_rules", True),
        enforced_elsewhere=row.get("enforced_elsewhere", {}),
        anonymous=row.get("anonymous", False),
    )


def _versions(root: Path, name: str, row: Json) -> Iterator[Version]:
    if "port" in row:
        yield Version("", name, row["port"])
    for version, said in row.get("versions", {}).items():
        overlay = root / said["overlay"] if "overlay" in said else None
        yield Version(version, f"{name}-{version}", said["port"], overlay)


def _collections(rows: Json) -> Iterator[Collection]:
    for name, row in rows.items():
        key, order = row["key"], tuple(row.get("order", ()))
        yield Collection(
            name,
            row["schema"],
            key,
            tuple(row.get("unique", ())),
            (*order, key) if order and key not in order else order,
            tuple(row.get("filters", ())),
        )


def _relay(said: Json, row: Json) -> Relay:
    of = said.get("of") or next(iter(row["collections"]))
    events = tuple(
        Event(
            name,
            Kind(each["kind"]),
            of,
            "creation" in each["on"],
            "change" in each["on"],
            each.get("fields", {}),
        )
        for name, each in said["events"].items()
    )
    return Relay(said["process"], said["port"], events)


def _subscriber(said: Json) -> Subscriber:
    return Subscriber(
        said["process"],
        said["port"],
        tuple(said["events"]),
        _module(said.get("handlers", "")),
        said.get("queue", ""),
        next(iter(said.get("copies", {}).items()), None),
    )


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _stem(path: str) -> str:
    return Path(path).stem.replace("-", "_")


def _misfits(value: Any) -> Iterator[Violation]:  # noqa: ANN401 - it is what is checked
    schema = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
    validator = jsonschema_rs.Draft202012Validator(schema)
    for keys, why in explain(validator.iter_errors(value), schema):
        what = ".".join(map(str, keys[1:])) or "the file"
        yield pointer_of(*map(str, keys)), f"{what}: {why}: docs/services.md says what may be there"


def _contradictions(value: Json, root: Path) -> Iterator[Violation]:
    """What two rows claim, and files that are not there."""
    holders: dict[tuple[str, object], str] = {
        **{("port", getattr(FixedPorts(), name)): whose for name, whose in purposes().items()},
        **{("name", name): "the system itself" for name in OTHER_NAMES},
        **{(k, name): "the system itself" for k, names in OTHERS.items() for name in names},
    }
    for kind, claimed, pointer in _claims(value):
        holder = holders.setdefault((kind, claimed), pointer)
        if holder != pointer:
            whose = holder if holder[0] != "/" else f"another row ({holder})"
            yield pointer, f"the {kind} {claimed} belongs to {whose}: choose another"
        if kind in ("spec", "handlers") and iskeyword(str(claimed)):
            yield pointer, f"the {kind} {claimed} is a word of Python's: choose another"
    yield from _events_of_nobody(value)
    for path, pointer in _paths(value):
        if not (root / path).is_file():
            yield pointer, f"there is no file {path}: write it, or name another"


def _events_of_nobody(value: Json) -> Iterator[Violation]:
    rows = value["services"]
    published = {name for row in rows.values() for name in _published(row)}
    for name, row in rows.items():
        here = pointer_of("services", name)
        for kind in (each for each in ("publishes", "follows") if each in row):
            if "events" not in value:
                what = "there is no spec of events: write `events: specs/FILE` at the top"
                yield f"{here}/{kind}", what
        for index, event in enumerate(row.get("follows", {}).get("events", ())):
            if event not in published:
                what = f"nobody publishes {event}: follow another, or have a row publish it"
                yield f"{here}/follows/events/{index}", what
        yield from _of_no_collection(row, here)


def _of_no_collection(row: Json, here: str) -> Iterator[Violation]:
    known = [*row.get("collections", {})]
    said = row.get("publishes", {})
    if "of" in said and said["of"] not in known:
        yield f"{here}/publishes/of", f"the row has no collection {said['of']}: declare it"
    elif said and "of" not in said and len(known) != 1:
        what = f"write `of:` with one of {', '.join(known)}" if known else "declare what it stores"
        yield f"{here}/publishes", f"the row has {len(known)} collections: {what}"
    for name in row.get("follows", {}).get("copies", {}):
        if name not in known:
            place = f"{here}/follows/copies{pointer_of(name)}"
            yield place, f"the row has no collection {name}: declare it, or another"
    if "follows" in row and "database" not in row:
        yield f"{here}/follows", "what was applied is kept in a database: add `database: NAME`"


def _published(row: Json) -> Json:
    found: Json = row.get("publishes", {}).get("events", {})
    return found


def _claims(value: Json) -> Iterator[tuple[str, object, str]]:
    """What only one row may have: kind, what, and the pointer to where it says so.

    Specs and handlers are told apart by the modules that they are, or become.
    """
    if "events" in value:
        yield "spec", _stem(value["events"]), "/events"
    for name, row in value["services"].items():
        here = pointer_of("services", name)
        yield "name", name, here
        for kind in ("spec", "handlers"):
            yield kind, _stem(row[kind]), f"{here}/{kind}"
        for kind in ("clients", "port", "split", "database", "composition"):
            if kind in row:
                yield kind, row[kind], f"{here}/{kind}"
        for collection in row.get("collections", {}):
            yield "collection", collection, f"{here}{pointer_of('collections', collection)}"
        yield from _process_claims(name, row, here)


def _process_claims(name: str, row: Json, here: str) -> Iterator[tuple[str, object, str]]:
    for version, said in row.get("versions", {}).items():
        place = f"{here}{pointer_of('versions', version)}"
        yield "name", f"{name}-{version}", place
        yield "port", said["port"], f"{place}/port"
        if "overlay" in said:
            yield "spec", _stem(said["overlay"]), f"{place}/overlay"
    for kind in (each for each in ("publishes", "follows") if each in row):
        yield "name", row[kind]["process"], f"{here}/{kind}/process"
        yield "port", row[kind]["port"], f"{here}/{kind}/port"
    for event in _published(row):
        yield "event", event, f"{here}/publishes/events{pointer_of(event)}"
    if "handlers" in row.get("follows", {}):
        yield "handlers", _stem(row["follows"]["handlers"]), f"{here}/follows/handlers"
    if "queue" in row.get("follows", {}):
        yield "queue", row["follows"]["queue"], f"{here}/follows/queue"


def _paths(value: Json) -> Iterator[tuple[str, str]]:
    """The files that are named and are to be there, with the pointers to where."""
    if "events" in value:
        yield value["events"], "/events"
    for name, row in value["services"].items():
        here = pointer_of("services", name)
        yield row["spec"], f"{here}/spec"
        if "composition" in row:
            yield row["composition"], f"{here}/composition"
        for version, said in row.get("versions", {}).items():
            if "overlay" in said:
                yield said["overlay"], f"{here}{pointer_of('versions', version)}/overlay"
