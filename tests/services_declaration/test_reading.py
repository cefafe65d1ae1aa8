"""`services.yaml`: what a row may say, and how what it may not say is refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generate.sources import read_sources
from openapi.errors import InvalidDocumentError
from services.reading import ROOT, declared, read
from tests.declaring import copy_declared
from tests.generate.conftest import replace_in

FILE = "services.yaml"
GIZMOS = """
  gizmo-service:
    spec: specs/gizmo.yaml
    handlers: handlers/gizmos.py
    port: 5998
    database: gizmos
    collections:
      gizmos: {schema: Gizmo, key: gizmoId}
"""
GIZMO = """
openapi: 3.0.3
info: {title: Gizmos, version: 1.0.0}
paths:
  /gizmos/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: There is one.}}
components:
  schemas:
    Gizmo: {type: object, properties: {gizmoId: {type: string}, size: {type: number}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is declared, and a third service, in the working directory."""
    copy_declared(tmp_path)
    (tmp_path / "specs" / "gizmo.yaml").write_text(GIZMO)
    with (tmp_path / FILE).open("a") as file:
        file.write(GIZMOS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_third_row_is_a_service_like_the_others(folder: Path) -> None:
    """Every name that follows from it does."""
    system = read(folder)
    service = system.by_name["gizmo-service"]
    assert [*system][-1] is service is system.by_api["gizmo"]
    assert service.handlers_file == "handlers/gizmos.py"
    assert service.processes == ("gizmo-service",)
    assert system.ports["gizmo-service"] == 5998
    assert service not in system.with_clients
    assert read_sources(folder).apis["gizmo"].operations[0].template == "/gizmos/{id}"


def test_the_name_of_a_spec_is_one_in_python(folder: Path) -> None:
    """With a hyphen it would be no module."""
    (folder / "specs" / "gizmo.yaml").rename(folder / "specs" / "new-gizmo.json")
    replace_in(folder / FILE, "spec: specs/gizmo.yaml", "spec: specs/new-gizmo.json")
    assert read(folder).by_name["gizmo-service"].api == "new_gizmo"


ROW = "/services/gizmo-service"
SPLIT = """\
    versions:
      v1: {port: 5002}
      v2: {port: 5003, overlay: specs/user-v2.yaml}
    split: P_VALUE
"""
FOLLOWING = "{process: seller, port: 5997, events: [Sold], handlers: handlers/seller.py}"
PUBLISHING = "{{process: seller, port: 5997, events: {{{}: {{kind: each, on: [creation]}}}}}}"
COPYING = "{process: a, port: 5997, events: [UserCreated], copies: {things: userId}}"
REFUSED: dict[str, tuple[str, str, str]] = {
    "word": ("port: 5998", "prot: 5998", "gizmo-service.prot: is not a property here: docs"),
    "neither-port-nor-versions": ("    port: 5998\n", "", '"port" is a required property'),
    "name": ("  gizmo-service:", "  Gizmo:", "docs/services.md says what may be there"),
    "no-spec": ("    spec: specs/gizmo.yaml\n", "", "docs/services.md says what may be there"),
    "spec-elsewhere": ("specs/gizmo.yaml", "item.yaml", "docs/services.md says what may be there"),
    "collections-without-database": ("    database: gizmos\n", "", "docs/services.md says"),
    "split-of-one": ("port: 5998", "port: 5998\n    split: GIZMO_P", "docs/services.md says"),
    "taken-port": ("5998", "5001", "the port 5001 belongs to another row (/services/order-"),
    "fixed-port": ("port: 5998", "port: 27017", "the port 27017 belongs to MongoDB: choose"),
    "taken-spec": ("specs/gizmo.yaml", "specs/user.yaml", "the spec user belongs to another row"),
    "spec-of-events": (
        "specs/gizmo.yaml",
        "specs/events.yaml",
        "the spec events belongs to",
    ),
    "own-module": (
        "specs/gizmo.yaml",
        "specs/fields.yaml",
        "the spec fields belongs to the",
    ),
    "keyword": (
        "handlers/gizmos.py",
        "handlers/class.py",
        "the handlers class is a word",
    ),
    "taken-handlers": ("handlers/gizmos.py", "handlers/users.py", "the handlers users belongs to"),
    "own-handlers": (
        "handlers/gizmos.py",
        "handlers/times.py",
        "the handlers times belongs to",
    ),
    "taken-database": ("database: gizmos", "database: users", "the database users belongs to"),
    "taken-collection": ("      gizmos: {", "      users: {", "the collection users belongs to"),
    "own-collection": ("      gizmos: {", "      processes: {", "the collection processes belongs"),
    "own-name": ("  gizmo-service:", "  mongodb:", "the name mongodb belongs to the system itself"),
    "name-of-a-process": ("  gizmo-service:", "  user-relay:", "the name user-relay belongs to"),
    "taken-package": (
        "    port: 5998",
        "    clients: aware-users\n    port: 5998",
        "the clients aware-users belongs to another row (/services/user-service/clients)",
    ),
    "no-file": ("specs/gizmo.yaml", "specs/thing.yaml", "there is no file specs/thing.yaml: write"),
    "no-composition": (
        "port: 5998",
        "port: 5998\n    composition: processes/gizmos.py",
        "there is no file processes/gizmos.py: write it, or name another",
    ),
    "no-overlay": (
        "port: 5998",
        "split: P_VALUE\n    versions: {a: {port: 1}, b: {port: 2, overlay: specs/gone.yaml}}",
        "there is no file specs/gone.yaml",
    ),
    "second-split": (
        "port: 5998",
        "split: P_VALUE\n    versions: {a: {port: 1}, b: {port: 2}}",
        "the split P_VALUE belongs to another row (/services/user-service/split): choose another",
    ),
    "versions-without-split": ("    split: P_VALUE\n", "", '"split" is a required property'),
    "split-by-another-name": (
        "port: 5998",
        "split: SHARE\n    versions: {a: {port: 1}, b: {port: 2}}",
        "docs/services.md says what may be there",
    ),
    "event-of-nobody": (
        "port: 5998",
        f"port: 5998\n    follows: {FOLLOWING}",
        "nobody publishes Sold: follow another, or have a row publish it",
    ),
    "event-of-two": (
        "port: 5998",
        f"port: 5998\n    publishes: {PUBLISHING.format('UserCreated')}",
        "the event UserCreated belongs to another row",
    ),
    "two-of-one-queue": (
        "port: 5998",
        f"port: 5998\n    follows: {FOLLOWING[:-1]}, queue: RABBITMQ_QUEUE_NAME}}",
        "the queue RABBITMQ_QUEUE_NAME belongs to another row",
    ),
    "follows-without-handlers": (
        "port: 5998",
        "port: 5998\n    follows: {process: seller, port: 5997, events: [UserCreated]}",
        "follows",
    ),
    "copies-of-no-collection": (
        "port: 5998",
        f"port: 5998\n    follows: {COPYING}",
        "the row has no collection things: declare it, or another",
    ),
    "no-spec-of-events": (
        "events: specs/events.yaml\n",
        "",
        "there is no spec of events: write `events: specs/FILE` at the top",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_row_may_say_is_refused_with_its_line(folder: Path, case: str) -> None:
    """And with what to write instead."""
    old, new, reason = REFUSED[case]
    replace_in(folder / FILE, old, new)
    with pytest.raises(InvalidDocumentError) as caught:
        read(folder)
    (line, *_) = [each for each in str(caught.value).splitlines() if reason in each] or [""]
    assert re.match(r"services\.yaml:\d+: ", line), str(caught.value)


LACKING: dict[str, tuple[str, str, str]] = {
    "schema": (
        "schema: Gizmo",
        "schema: Thing",
        "specs/gizmo.yaml has no schema Thing: write it there, or name another of Gizmo",
    ),
    "key": (
        "key: gizmoId",
        "key: itemId",
        "Gizmo in specs/gizmo.yaml has no property itemId: write it there, or name another of",
    ),
    "key-of-another-type": (
        "key: gizmoId",
        "key: size",
        "size is the id of documents: make it a string or an integer in specs/gizmo.yaml",
    ),
    "unique": (
        "key: gizmoId",
        "key: gizmoId, unique: [code]",
        "Gizmo in specs/gizmo.yaml has no property c",
    ),
    "order": (
        "key: gizmoId",
        "key: gizmoId, order: [when]",
        "Gizmo in specs/gizmo.yaml has no property wh",
    ),
    "filters": (
        "key: gizmoId",
        "key: gizmoId, filters: [tag]",
        "Gizmo in specs/gizmo.yaml has no property t",
    ),
    "event": (
        "port: 5998",
        f"port: 5998\n    publishes: {PUBLISHING.format('Sold')}",
        "Sold is no schema of specs/events.yaml: write it there",
    ),
    "event-without-its-key": (
        "port: 5998",
        f"port: 5998\n    publishes: {PUBLISHING.format('DeliveryAddress')}",
        "DeliveryAddress has no property gizmoId, the id of what it tells of: add it to the schema",
    ),
    "copied-properties": (
        "port: 5998",
        f"port: 5998\n    follows: {COPYING.replace('things', 'gizmos')}",
        "Gizmo in specs/gizmo.yaml has no property userId: write it there, or name another of",
    ),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_the_spec_lacks_is_refused_with_the_line_of_the_row(folder: Path, case: str) -> None:
    """Once, in the words of whoever wrote the row."""
    old, new, reason = LACKING[case]
    replace_in(folder / FILE, old, new)
    with pytest.raises(InvalidDocumentError) as caught:
        read_sources(folder)
    line, *_ = str(caught.value).splitlines()
    where, _, why = line.partition(": ")
    assert why.startswith(reason)
    text = (folder / FILE).read_text().splitlines()[int(where.removeprefix("services.yaml:")) - 1]
    assert new.splitlines()[-1].strip() in text


def test_two_services_with_one_path_are_refused(folder: Path) -> None:
    """Whatever its parameters are called; behind one gateway only one would be reached."""
    spec = folder / "specs" / "gizmo.yaml"
    spec.write_text(
        GIZMO.replace("/gizmos/{id}", "/orders/{number}/").replace("name: id", "name: number")
    )
    with pytest.raises(InvalidDocumentError) as caught:
        read_sources(folder)
    assert re.fullmatch(
        r"services\.yaml:\d+: GET /orders/\{number\}/ \(specs/gizmo\.yaml:\d+\) is an operation of "
        r"order-service too \(specs/order\.yaml:\d+\): give one of them another path, or make it "
        "`x-internal`",
        str(caught.value),
    )
    replace_in(spec, "    get:\n", "    get:\n      x-internal: true\n")
    read_sources(folder)


def test_a_spec_that_no_row_names_is_told_with_the_command(folder: Path) -> None:
    """That makes a service of it."""
    (folder / "specs" / "more.yaml").write_text(GIZMO)
    with pytest.raises(InvalidDocumentError, match=r"specs/more\.yaml: nothing refers to it"):
        read_sources(folder)


def test_each_word_of_a_row_is_explained() -> None:
    """docs/services.md has a line for each, and for no other."""
    schema: Any = json.loads((ROOT / "services" / "schema.json").read_text("utf-8"))
    words = dict(_words(schema["$defs"]["service"]["properties"], schema["$defs"], ""))
    page = (ROOT / "docs" / "services.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)) == words.keys()


def _words(properties: Any, defs: Any, above: str) -> Any:  # noqa: ANN401 - JSON is anything
    for name, said in properties.items():
        yield f"{above}{name}", said
        inner = _resolved(said, defs)
        if isinstance(inner.get("additionalProperties"), dict):
            inner = _resolved(inner["additionalProperties"], defs)
        yield from _words(inner.get("properties", {}), defs, f"{above}{name}.")


def _resolved(said: Any, defs: Any) -> Any:  # noqa: ANN401 - JSON is anything
    return defs[said["$ref"].rpartition("/")[2]] if "$ref" in said else said


def test_every_service_of_this_repository_is_read_once() -> None:
    """However often it is asked for."""
    assert declared() is declared()
