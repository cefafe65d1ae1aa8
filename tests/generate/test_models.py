"""The models: right for every schema, valid, formatted, and typed as strictly as what they type."""

import os
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from contract.bindable import load_api
from contract.schema import Schema
from generate.form_files import with_files
from generate.formatting import formatted
from generate.models import model_names, models_of
from openapi.description import Description
from openapi.views import View
from tests.describing import described_schemas
from tests.generate.copying import ROOT
from tests.generate.values import Values, fits

HOSTILE = ROOT / "tests" / "generate" / "hostile.yaml"
GOOD = sorted((ROOT / "tests" / "openapi" / "good").glob("v3?/api.yaml"))
SPECS = {f"{file.parent.name}_{file.stem}": file for file in GOOD} | {"hostile": HOSTILE}
SPECS |= {name: ROOT / "specs" / f"{name}.yaml" for name in ("user", "order")}


@dataclass(frozen=True)
class Made:
    """A spec, and the module of its models."""

    description: Description
    text: str
    module: types.ModuleType


@pytest.fixture(scope="module")
def made() -> dict[str, Made]:
    """Of all the specs."""
    found = {}
    for name, file in SPECS.items():
        description = load_api(file)
        text = formatted(models_of(description, name), f"models/{name}.py", ROOT)
        found[name] = Made(description, text, _module(name, text))
    return found


def _module(name: str, text: str) -> types.ModuleType:
    module = types.ModuleType(name)
    sys.modules[name] = module  # where TypedDicts made by a call look their types up
    exec(compile(text, f"{name}.py", "exec"), vars(module))  # noqa: S102 - what we have generated
    return module


@pytest.fixture(scope="module")
def folder(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All modules as a package `written`, beside which a test may put what uses them."""
    target = tmp_path_factory.mktemp("models")
    (target / "written").mkdir()
    (target / "written" / "__init__.py").touch()
    for name, each in made.items():
        (target / "written" / f"{name}.py").write_text(each.text, "utf-8")
    yield target
    for name in made:
        sys.modules.pop(name, None)


def _mypy(folder: Path, *names: str) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", f"--config-file={ROOT / 'pyproject.toml'}"]
    done = subprocess.run(
        [*command, "--follow-imports=silent", *names],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},  # whose modules are imported, and not checked
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_all_are_typed_and_formatted(folder: Path) -> None:
    """By the type check and the formatter of the repository, whatever the names and texts."""
    assert "Success: no issues" in _mypy(folder, "written")
    command = [sys.executable, "-m", "ruff", "format", "--check", "--isolated"]
    done = subprocess.run(
        [*command, "--line-length=100", "written"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SPECS)
def test_every_schema_has_a_model(made: dict[str, Made], name: str) -> None:
    """Under the name that `make generate` prints."""
    each = made[name]
    assert {*each.description.class_names.values()} <= vars(each.module).keys()
    assert {*model_names(each.description).values()} <= vars(each.module).keys()


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("view", View)
def test_what_fits_a_schema_fits_its_model(made: dict[str, Made], name: str, view: View) -> None:
    """For each side of the wire: values near each schema, and what the validators say of them."""
    description, names = made[name].description, model_names(made[name].description)
    values = Values(description.schemas, seed=7)
    barren = []
    files = with_files(description)
    for schema_name, schema in description.schemas.items():
        if files[schema_name] != schema:
            continue  # a form, in which a file stands for what is a text to the validator
        compiled = Schema(schema, description.schemas, view)
        near = (values.near(schema) for _ in range(1500))
        valid = [*islice((each for each in near if not compiled.issues(each)), 50)]
        model = getattr(made[name].module, names[schema_name, view])
        wrong = [each for each in valid if not fits(each, model, made[name].module)]
        # An object's keywords without a type let any other value through, which is not meant.
        untyped = "type" not in schema and "properties" in schema
        wrong = [each for each in wrong if isinstance(each, dict) or not untyped]
        assert wrong == [], f"{schema_name} as {names[schema_name, view]}"
        barren += [] if valid else [schema_name]
    assert set(barren) <= BARREN


BARREN = {"Never", "Nothing", "Impossible", "Multiple", "Beside"}
"""Schemas that nothing fits, or hardly anything."""


@pytest.mark.parametrize(
    ("schema", "model"),
    [
        ({"type": "string", "nullable": True}, "str | None"),
        ({"type": "string", "nullable": True, "enum": ["a"]}, 'Literal["a"]'),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, 'Literal["a"] | None'),
        ({"type": "integer", "enum": [1, -2]}, "Literal[1, -2]"),
        ({"enum": [True, 1, "x"]}, 'Literal[True, 1, "x"]'),
        ({"enum": [1.5, 2.0]}, "Literal[2] | float"),
        ({"type": "number"}, "float"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "array", "items": {"type": "integer", "nullable": True}}, "list[int | None]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"type": "object", "nullable": True, "additionalProperties": {}}, "dict[str, Any] | None"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "str | int"),
        ({"oneOf": [{"type": "string"}, {"type": "string", "maxLength": 3}]}, "str"),
        ({"allOf": [{"type": "string"}], "nullable": True}, "str"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "int"),
        ({"type": "string", "not": {"enum": ["a"]}}, "str"),
        ({"not": {}}, "Never"),
        ({"type": "string", "allOf": [{"type": "integer"}]}, "Never"),
        ({}, "Any"),
        ({"maxLength": 3}, "Any"),
    ],
)
def test_a_schema_of_30_is_this_type(schema: dict[str, object], model: str) -> None:
    """As OpenAPI 3.0 means its own words: `nullable` adds null to the type beside it."""
    assert _alias(described_schemas("3.0.3", Whole=schema)) == model


@pytest.mark.parametrize(
    ("schema", "model"),
    [
        ({"type": ["string", "null"]}, "str | None"),
        ({"type": ["null", "integer", "string"]}, "int | str | None"),
        ({"const": None}, "None"),
        ({"const": "x"}, 'Literal["x"]'),
        ({"const": {"a": 1}}, "dict[str, Any]"),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, "list[str]"),
        ({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": {}}, "list[Any]"),
        ({"type": "array", "items": False}, "list[Never]"),
        ({"$ref": "#/components/schemas/Other"}, "Other"),
        ({"$ref": "#/components/schemas/Other", "description": "beside"}, "Other"),
        ({"$ref": "#/components/schemas/Other", "enum": ["a"]}, 'Literal["a"]'),
        ({"anyOf": [{"$ref": "#/components/schemas/Other"}, {"type": "null"}]}, "Other | None"),
        (True, "Any"),
        (False, "Never"),
        (
            {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
            "dict[str, Any]",
        ),
        (
            {
                "type": "object",
                "patternProperties": {"^a": {"type": "string"}},
                "additionalProperties": {"type": "integer"},
            },
            "dict[str, str | int]",
        ),
    ],
)
def test_a_schema_of_31_is_this_type(schema: object, model: str) -> None:
    """With what only 3.1 can say."""
    other = {"type": "string", "enum": ["a", "b"]}
    assert _alias(described_schemas("3.1.0", Whole=schema, Other=other)).strip('"') == model


def _alias(description: Description) -> str:
    text = formatted(models_of(description, "x"), "models/x.py", ROOT)
    (line,) = (each for each in text.splitlines() if each.startswith("Whole: TypeAlias = "))
    return line.removeprefix("Whole: TypeAlias = ")


USES = """
from written import user, order, v30_api, hostile

name: v30_api.Nullable = {"plain": None}
name = {"plain": "x", "listed": None, "inner": [1, None]}
name["plain"].upper()  # wrong: union-attr
name = {"unlisted": None}  # wrong: typeddict-item
name = {"plain": 1}  # wrong: typeddict-item
status: order.OrderStatusUpdate = {"orderStatus": "shipping"}
status = {"orderStatus": "lost"}  # wrong: typeddict-item
status = {}  # wrong: typeddict-item
status = {"orderStatus": "shipping", "other": 1}  # wrong: typeddict-unknown-key
both: user.UserUpdate = {"emails": [], "deliveryAddress": {
    "street": "", "city": "", "state": "", "postalCode": "", "country": ""}}
both = {"emails": []}
both = {"updatedAt": ""}  # wrong: assignment
body: hostile.ThingRequest2 = {"": "x", "from": None, "a-b": 1, "$x": "two", "secret": "s"}
body["from"].upper()  # wrong: union-attr
body["id"]  # wrong: typeddict-item
answer: hostile.ThingResponse = {"id": 1, "": "x", "from": "y"}
answer["self"] = {"id": 2, "": "", "from": None}
answer["self"] = {"": "", "from": None}  # wrong: typeddict-item
answer["secret"]  # wrong: typeddict-item
answer["$x"] = "three"  # wrong: typeddict-item
tag: hostile.Tag = {"kind": "b", "b": 1}
tag["b"]  # wrong: index
if tag is not None and tag["kind"] == "b":
    tag["b"].bit_length()
tree: hostile.Recursive = ["a", {"b": ["c"]}]
tree = ["a", {"b": [1]}]  # wrong: list-item
mapping: v30_api.Map = {"any": 1}
mapping["other"].upper()  # wrong: attr-defined
open_: v30_api.Open = {"any": object()}
"""


def test_the_type_check_passes_what_fits_and_nothing_else(folder: Path) -> None:
    """Null where it may be must be handled; a name that a side of the wire lacks is an error."""
    (folder / "uses.py").write_text(USES)
    found = _mypy(folder, "uses.py")
    lines = USES.splitlines()
    reported = {int(line.split(":")[1]) for line in found.splitlines() if ": error: " in line}
    wrong = {number for number, line in enumerate(lines, 1) if "# wrong" in line}
    assert reported == wrong, found


def test_names_that_clash_give_way(made: dict[str, Made]) -> None:
    """A schema whose name is free keeps it."""
    names = model_names(made["hostile"].description)
    assert names["ThingRequest", View.PLAIN] == "ThingRequest"
    assert names["Thing", View.REQUEST] == "ThingRequest2"
    assert names["Thing", View.RESPONSE] == "ThingResponse"
    assert names["Thing", View.PLAIN] == "Thing"
    assert names["TagA", View.REQUEST] == names["TagA", View.RESPONSE] == "TagA"


def test_a_description_is_a_docstring_as_it_stands(made: dict[str, Made]) -> None:
    """With quotes, backslashes and lines."""
    wanted = made["hostile"].description.schemas["Thing"]["description"]
    assert wanted in made["hostile"].text.encode().decode("unicode_escape")


def test_many_alternatives_become_one(made: dict[str, Made]) -> None:
    """27 of them in which this or that is required: one class, in which all may be left out."""
    text = made["hostile"].text
    assert "class Many(TypedDict):\n    a: NotRequired[str]" in text
