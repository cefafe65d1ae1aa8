"""Every generator, on specs that have nothing to do with ours: hostile names and texts included."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contract.bindable import load_api
from contract.samples import NoSampleError, Samples
from contract.schema import Schema
from generate.artefacts import ARTEFACTS
from generate.asyncapi import PATH as ASYNCAPI
from generate.asyncapi import asyncapi
from generate.examples import broken_links, misfits, missing
from generate.fields import fields
from generate.gates import events
from generate.insomnia import PATH as INSOMNIA
from generate.json_schemas import draft_07
from generate.node import install_packages
from generate.pages import build_pages
from generate.published import published
from generate.sources import Sources
from generate.unenforced import unenforced
from openapi.description import Description
from openapi.grammar import version_of
from openapi.views import View
from tests.declaring import WITH_BLOCKS, alone
from tests.describing import described
from tests.generate.copying import ROOT
from tests.generate.values import Values

GOOD = ROOT / "tests" / "openapi" / "good"
HOSTILE = ROOT / "tests" / "generate" / "hostile.yaml"
SPECS = {"hostile": HOSTILE} | {
    f"{file.parent.name}_{file.stem}": file for file in sorted(GOOD.glob("v3?/api.yaml"))
}
ENTITIES = {"hostile": "Closed", "v30_api": "Defaults", "v31_api": "If"}


@pytest.fixture(scope="module", params=SPECS)
def api(request: pytest.FixtureRequest) -> tuple[str, Description]:
    """The name of a spec, and what it describes."""
    return request.param, load_api(SPECS[request.param])


@pytest.fixture
def others(api: tuple[str, Description], sources: Sources, tmp_path: Path) -> Sources:
    """A repository with this API alone."""
    name, description = api
    install_packages(ROOT)  # before it is linked
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    shutil.copy2(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for package in ("models", "handlers"):  # to the linter they are ours
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for file in WITH_BLOCKS:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tmp_path / file)
    entity = ENTITIES.get(name, next(iter(description.schemas)))
    declared = alone(tmp_path, name, entity, house_rules=False)
    return replace(sources, root=tmp_path, apis={name: description}, versions={}, declared=declared)


def _write(sources: Sources) -> dict[str, str]:
    files: dict[str, str] = {}
    for artefact in ARTEFACTS:
        files |= artefact.make(sources)
    for path, text in files.items():
        (sources.root / path).parent.mkdir(parents=True, exist_ok=True)
        (sources.root / path).write_text(text, "utf-8")
    return files


def _run(sources: Sources, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=sources.root,
        env={**os.environ, "MYPYPATH": str(ROOT)},  # whose modules are imported, and not checked
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_all_is_made_typed_and_formatted(others: Sources) -> None:
    """Models, stubs and signatures."""
    files = _write(others)
    (name,) = others.apis
    assert {f"models/{name}.py", f"handlers/{name}_handlers.py"} <= files.keys()
    found = _run(others, "mypy", "--strict", "--follow-imports=silent", "handlers", "models")
    errors = [line for line in found.splitlines() if ": error: " in line]
    assert errors == [], found
    stubs = files[f"handlers/{name}_handlers.py"].count("async def ")
    assert stubs == len(others.apis[name].operations)
    written = [path for path in files if path.endswith(".py")]
    assert "would reformat" not in _run(others, "ruff", "format", "--check", *written)
    stubs_file = f"handlers/{name}_handlers.py"  # whose names and texts are the spec's own
    linted = _run(others, "ruff", "check", "--select=E,F,I,ANN", "--ignore=E501", stubs_file)
    assert "All checks passed" in linted, linted


def test_a_constant_of_a_property_is_its_name(sources: Sources) -> None:
    """Whatever the name; two that would be one are told apart."""
    declared = alone(ROOT, "hostile", "Closed")
    changed = replace(sources, apis={"hostile": load_api(HOSTILE)}, declared=declared)
    written: dict[str, Any] = {}
    exec(fields(changed)["models/fields/hostile.py"], written)  # noqa: S102 - what we have generated
    names = {each: name for each, name in vars(written["Thing"]).items() if isinstance(name, str)}
    wanted = {"a_b": "a-b", "a_b_2": "a b", "a_b_3": "a.b", "from_": "from", "n": "", "x": "$x"}
    assert wanted.items() <= names.items()
    properties = changed.apis["hostile"].schemas["Thing"]["properties"]
    assert {name for each, name in names.items() if each != "__module__"} == {*properties}
    assert written["ThingABItem"].c == "c"


def test_the_collection_is_json_that_insomnia_imports(others: Sources) -> None:
    """Every request with an id of its own; a body is a text or the fields of a form."""
    collection = json.loads(_write(others)[INSOMNIA])
    resources = collection["resources"]
    assert len({each["_id"] for each in resources}) == len(resources)
    requests = [each for each in resources if each["_type"] == "request"]
    (description,) = others.apis.values()
    assert len(requests) == sum(not each.internal for each in description.operations)
    for each in requests:
        assert each["url"].startswith("{{ _.base_url }}/")
        assert {"text", "params"} & each["body"].keys() or not each["body"]
        if "json" in each["body"].get("mimeType", ""):
            json.loads(each["body"]["text"])


def test_gates_tell_sentences(others: Sources) -> None:
    """With file and line, whatever is missing."""
    for complaint in (*misfits(others), *missing(others), *broken_links(others)):
        assert re.match(r"\S+\.(yaml|json):\d+: \S", complaint), complaint


def test_what_others_are_to_see_is_openapi(others: Sources) -> None:
    """Without what is internal, it can still be read."""
    (description,) = others.apis.values()
    document = published(description)
    assert version_of(document) == description.version
    assert {each.id for each in described(document).operations} == {
        each.id for each in description.operations if not each.internal
    }


LOOSER = {"Unevaluated", "Formats", "Contains", "If", "Multiple", "Pattern", "Yaml"}
"""Where draft-07 says less, or says nothing of a format."""


def test_a_json_schema_takes_what_the_api_takes(api: tuple[str, Description]) -> None:
    """Each of its schemas in draft-07, and nothing that only a later draft knows is lost."""
    _, description = api
    values = Values(description.schemas, seed=11)
    for name, schema in description.schemas.items():
        converted = draft_07(description, name)
        jsonschema_rs.meta.validate(converted)
        validator = jsonschema_rs.Draft7Validator(converted)
        ours = Schema(schema, description.schemas)
        for value in (values.near(schema) for _ in range(120)):
            if ours.is_valid(value):
                assert validator.is_valid(value), f"{name} takes {value!r}"
            elif name not in LOOSER and "format" not in json.dumps(converted):
                assert not validator.is_valid(value) or _is_fraction(value), f"{name}: {value!r}"


def _is_fraction(value: Any) -> bool:  # noqa: ANN401 - any of JSON
    """Whether there is a `1.0` in the value, which is no integer in OpenAPI 3.0."""
    return bool(re.search(r"\d\.0\b", json.dumps(value)))


def test_a_sample_fits_its_schema(api: tuple[str, Description]) -> None:
    """For each side of the wire; none is made where nothing fits."""
    _, description = api
    without = set()
    for view in View:
        samples = Samples(description.schemas, view)
        for name, schema in description.schemas.items():
            try:
                value = samples.value(schema)
            except NoSampleError:
                without.add(name)
            else:
                assert not Schema(schema, description.schemas, view).issues(value), name
    assert without <= {"Never", "Nothing", "Impossible"}


EVENTS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": 'Says "so"', "version": "0", "summary": "of 3.1 alone"},
    "components": {
        "schemas": {
            "UserContactsChanged": {
                "description": 'a """quoted""" text: {x} \\ ü',
                "type": "object",
                "required": ["from", "node"],
                "properties": {
                    "from": {"type": ["string", "null"]},
                    "a/b": {"const": None},
                    "node": {"$ref": "#/components/schemas/Node"},
                    "pair": {"prefixItems": [{"type": "string"}], "items": False},
                },
                "dependentRequired": {"pair": ["a/b"]},
                "unevaluatedProperties": False,
            },
            "Node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/components/schemas/Node"}},
            },
        }
    },
}


def test_an_event_of_any_shape_is_valid_asyncapi(sources: Sources, tmp_path: Path) -> None:
    """Recursion and later drafts included, with no more about the API than the spec says."""
    (tmp_path / "generate").mkdir()
    (tmp_path / "schemas").mkdir()
    shutil.copy2(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copy2(ROOT / "generate" / "asyncapi.mjs", tmp_path / "generate")
    shapes = {name: {"type": "object"} for name in sources.declared.published}
    schemas = {"schemas": {**shapes, **EVENTS["components"]["schemas"]}}
    changed = replace(sources, root=tmp_path, events=described({**EVENTS, "components": schemas}))
    (tmp_path / ASYNCAPI).write_text(asyncapi(changed)[ASYNCAPI], "utf-8")
    assert [*events(changed)] == []
    validator = jsonschema_rs.Draft7Validator(draft_07(described(EVENTS), "UserContactsChanged"))
    good: dict[str, Any] = {
        "from": None,
        "node": {"next": {"next": {}}},
        "pair": ["x"],
        "a/b": None,
    }
    assert validator.is_valid(good)
    for bad in ({"node": {"next": 1}}, {"other": 1}, {"pair": ["x", 1]}, {"a/b": 0}):
        assert not validator.is_valid(good | bad)
    del good["a/b"]
    assert not validator.is_valid(good)


def test_pages_are_built_of_any_spec(sources: Sources, tmp_path: Path) -> None:
    """Its texts are in them as texts."""
    description = load_api(HOSTILE)
    shutil.copy2(ROOT / "package-lock.json", tmp_path)
    shutil.copy2(ROOT / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    declared = alone(tmp_path, "hostile", "Closed")
    changed = replace(
        sources, root=tmp_path, apis={"hostile": description}, versions={}, declared=declared
    )
    pages = {each.name for each in build_pages(changed, ["https://api.example.com"])}
    assert pages == {"index.html", "hostile.html", "events.html"}
    page = (tmp_path / "build" / "pages" / "hostile.html").read_text("utf-8")
    assert "日本語" in page
    index = (tmp_path / "build" / "pages" / "index.html").read_text("utf-8")
    assert "&quot; and &#x27; and &quot;&quot;&quot; and \\" in index


def test_what_is_stored_within_itself_is_checked_to_where_it_begins_again(sources: Sources) -> None:
    """A list has the rest."""
    declared = alone(ROOT, "hostile", "Node")
    changed = replace(sources, apis={"hostile": load_api(HOSTILE)}, declared=declared)
    left = json.loads(unenforced(changed)["schemas/unenforced.json"])["hostile"]
    assert [place for place, keywords in left.items() if "$ref" in keywords]


NONE_CAN_BE_MADE = {
    "openapi": "3.1.0",
    "info": {"title": "x", "version": "0"},
    "paths": {
        "/x": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}
                        }
                    }
                },
                "responses": {"204": {"description": ""}},
            }
        }
    },
}


def test_a_request_of_which_no_example_can_be_made_is_told(sources: Sources) -> None:
    """And the collection is made all the same."""
    changed = replace(sources, apis={"x": described(NONE_CAN_BE_MADE)}, declared=alone(ROOT, "x"))
    (complaint,) = missing(changed)
    assert re.fullmatch(
        r"\S+spec\.json:\d+: this request has no example, and none can be made of its schema: "
        "write `example`",
        complaint,
    )
