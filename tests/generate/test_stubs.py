"""Stubs of new operations: found where a person looks, typed, and answering 501 until written."""

import asyncio
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from contract.answers.check import ResponseCheck
from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.handlers import Handler, bind_handlers
from contract.links import Links
from generate.sources import Sources, read_sources
from generate.stubs import orphans, stubs, unwritten
from openapi.description import Description
from openapi.errors import InvalidDocumentError
from tests.generate.conftest import replace_in
from tests.generate.copying import ROOT

PATH = """
  /orders/{id}/notes:
    parameters:
      - {$ref: '#/components/parameters/Id'}
    put:
      operationId: write_note
      summary: Write a note
      parameters:
        - {name: copies, in: query, schema: {type: integer, minimum: 1, maximum: 9}, example: 2}
        - name: status
          in: query
          required: true
          schema: {$ref: '#/components/schemas/OrderStatus'}
        - name: others
          in: query
          schema: {type: array, items: {$ref: '#/components/schemas/OrderStatus'}}
        - name: sizes
          in: query
          required: true
          schema: {type: object, additionalProperties: {type: integer}}
        - {name: loud, in: query, schema: {type: boolean, default: false}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/OrderStatusUpdate'}
      responses:
        '200':
          description: Written.
          content: {application/json: {schema: {$ref: '#/components/schemas/OrderStatusUpdate'}}}
        '204': {description: Nothing to write.}

  /orders/{id}/details:
"""

STUB = '''
async def write_note(
    id: str,
    copies: int | None,
    status: OrderStatus,
    others: list[OrderStatus] | None,
    sizes: dict[str, int],
    loud: bool,
    body: OrderStatusUpdate,
) -> OrderStatusUpdate | None:
    """PUT /orders/{id}/notes: write a note."""
    raise NotImplementedYet("write_note is not implemented yet.")
'''


@pytest.fixture
def changed(specs: Path) -> Sources:
    """The specs with one more operation, and the handlers without its."""
    replace_in(specs / "specs" / "order.yaml", "\n  /orders/{id}/details:\n", PATH)
    for folder in (
        "contract",
        "handlers",
        "models",
        "openapi",
        "storage",
    ):  # to the linter they are ours
        shutil.copytree(ROOT / folder, specs / folder)
    (specs / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"))
    return read_sources(specs)


def test_a_stub_has_the_operations_name_parameters_and_types(changed: Sources) -> None:
    """What may be left out may be None, unless the spec has a default."""
    assert f"\n{STUB}\n" in stubs(changed)["handlers/orders.py"]


def test_it_stands_behind_the_operation_before_it_in_the_spec(changed: Sources) -> None:
    """Where a person would look for it; what else is in the file stays as it was."""
    before = (changed.root / "handlers" / "orders.py").read_text("utf-8")
    after = stubs(changed)["handlers/orders.py"]
    names = [line.split("(")[0] for line in after.splitlines() if line.startswith("async def ")]
    assert names.index("async def write_note") == names.index("async def update_order_status") + 1
    whole = after.replace(f"\n{STUB}", "")
    assert _without_imports(whole) == _without_imports(before)


def _without_imports(text: str) -> list[str]:
    return [each for each in text.splitlines() if each and not each.startswith("from ")]


def test_what_is_still_to_be_written_is_named(changed: Sources) -> None:
    """With its line; a handler that may raise the same further on is none."""
    assert [*unwritten(changed)] == []
    module = changed.root / "handlers" / "orders.py"
    module.write_text(stubs(changed)["handlers/orders.py"])
    (line,) = unwritten(changed)
    number = int(line.split(":")[1])
    assert module.read_text().splitlines()[number - 1] == "async def write_note("
    assert line.endswith(": write_note (PUT /orders/{id}/notes) is not written yet")
    raised = '    raise NotImplementedYet("write_note'
    replace_in(module, raised, f"    if id:\n    {raised}")
    assert [*unwritten(changed)] == []


def test_a_model_that_the_module_calls_otherwise_is_called_by_its_module(changed: Sources) -> None:
    """The module has the fields of an order under the name of its model."""
    spec = changed.root / "specs" / "order.yaml"
    replace_in(spec, "schema: {$ref: '#/components/schemas/OrderStatusUpdate'}}}\n        '204'",
               "schema: {$ref: '#/components/schemas/Order'}}}\n        '204'")  # fmt: skip
    text = stubs(read_sources(changed.root))["handlers/orders.py"]
    assert "from models import order as order_models\n" in text
    assert "from models.fields.order import Order\n" in text
    assert ") -> order_models.Order | None:\n" in text
    assert "status: order_models.OrderStatus," in text


def test_a_file_without_handlers_is_begun(changed: Sources) -> None:
    """An API that is new has a module from then on."""
    (changed.root / "handlers" / "orders.py").unlink()
    text = stubs(changed)["handlers/orders.py"]
    assert text.startswith('"""The operations of the order API."""\n')
    compile(text, "orders.py", "exec")
    assert text.count("async def ") == 6


def test_what_is_written_is_left_alone(sources: Sources) -> None:
    """Byte for byte."""
    for path, text in stubs(sources).items():
        assert (sources.root / path).read_text("utf-8") == text


def test_a_module_that_is_no_python_is_named(changed: Sources) -> None:
    """With the line."""
    (changed.root / "handlers" / "orders.py").write_text("import os\ndef (\n")
    with pytest.raises(InvalidDocumentError, match=r"^handlers/orders\.py:2: invalid syntax$"):
        stubs(changed)


def test_helpers_are_no_orphans(changed: Sources) -> None:
    """Only a public coroutine function is taken for a handler."""
    with (changed.root / "handlers" / "orders.py").open("a") as file:
        file.write("async def _help() -> None: ...\ndef shown() -> None: ...\n")
        file.write("async def gone() -> None: ...\n")
    (orphan,) = orphans(changed)
    assert orphan.endswith(": gone answers no operation")


@pytest.mark.parametrize("checked", [False, True])
def test_a_stub_answers_501_whether_answers_are_checked_or_not(
    changed: Sources, *, checked: bool
) -> None:
    """As problem+json; requests are refused before it as for every operation."""
    description = load_api(changed.root / "specs" / "order.yaml")
    path = "/orders/o1/notes?status=shipping&size=1"
    handlers = _handlers(changed, description)
    answer = _ask(description, handlers, path, {"orderStatus": "shipping"}, checked=checked)
    assert answer.status_code == 501
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:aware:problem:not-implemented",
        "title": "Not implemented yet",
        "status": 501,
        "detail": "write_note is not implemented yet.",
    }
    refused = _ask(description, handlers, path, {"orderStatus": "lost"}, checked=checked)
    assert refused.status_code == (500 if checked else 400)  # the spec above declares no 400


def _handlers(changed: Sources, description: Description) -> dict[str, Handler]:
    module = ModuleType("handlers.orders")
    exec(stubs(changed)["handlers/orders.py"], vars(module))  # noqa: S102 - made here
    return bind_handlers(description, module, {"orders": object(), "link": Links(description)})


def _ask(
    description: Description,
    handlers: dict[str, Handler],
    path: str,
    body: object,
    *,
    checked: bool,
) -> httpx.Response:
    bound = Api(bind(description, handlers), description, "test", lambda _: None, lambda *_: None)
    app = ResponseCheck(bound, description) if checked else bound

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.put(path, json=body)

    return asyncio.run(answer())


CHANGES = [
    ("- name: limit\n", "- name: most\n", "list_orders"),
    ("schema: {type: integer, format: int32, minimum: 1, maximum: 1000, default: 100}",
     "schema: {type: string, maxLength: 9, default: '100'}", "list_orders"),
    ("schema: {$ref: '#/components/schemas/OrderStatusUpdate'}",
     "schema: {$ref: '#/components/schemas/Item'}", "update_order_status"),
    ("""
                type: array
                maxItems: 1000
                items: {$ref: '#/components/schemas/Order'}
""", "\n                $ref: '#/components/schemas/Order'\n", "list_orders"),
]  # fmt: skip


@pytest.fixture(scope="module")
def type_checked(copy: Path) -> Path:
    """The copy, once checked: the next times only what changed is checked again."""
    assert _mypy(copy).startswith("Success")
    return copy


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "handler"), CHANGES)
def test_the_type_check_points_at_each_handler_that_a_changed_spec_breaks(
    type_checked: Path, old: str, new: str, handler: str
) -> None:
    """A parameter of another name or type, another body, another answer."""
    spec = type_checked / "specs" / "order.yaml"
    kept = {
        file: file.read_text("utf-8")
        for file in (spec, *type_checked.glob("handlers/*.py"), *type_checked.glob("models/*.py"))
    }
    try:
        replace_in(spec, old, new)
        generate = [".venv/bin/python", "-m", "aware", "generate"]
        subprocess.run(generate, cwd=type_checked, check=True, capture_output=True)
        errors = [line for line in _mypy(type_checked).splitlines() if ": error: " in line]
        assert [line for line in errors if handler in line], errors
    finally:
        for file, text in kept.items():
            file.write_text(text, "utf-8")


def _mypy(copy: Path) -> str:
    command = [".venv/bin/python", "-m", "mypy", "handlers"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return done.stdout.strip()
