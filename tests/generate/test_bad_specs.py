"""A spec that cannot be used: one line with file, line and reason, and nothing is changed."""

import re
from pathlib import Path

import pytest

from contract.document import InvalidDocumentError
from generate.sources import read_sources
from tests.generate.conftest import Edit, Run

ORDERS = "specs/order.yaml"
SHARED = "specs/shared.yaml"

BAD = {
    "a bracket that is not closed": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/{id}/status: [\n",
        "while parsing a flow node: expected the node content, but found '-'",
    ),
    "a tab": (
        ORDERS,
        "info:\n",
        "info:\n\tx: 1\n",
        "found character '\\t' that cannot start any token",
    ),
    "a key that is there twice": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/{id}:\n",
        "/orders/{id} is there twice",
    ),
    "a status that is a number": (
        ORDERS,
        "'201':\n",
        "201:\n",
        "write '201' in quotes",
    ),
    "a control character": (
        ORDERS,
        "title: Order",
        "title: \x07Order",
        "special characters are not allowed",
    ),
    "a reference to nothing": (
        ORDERS,
        "#/components/schemas/NewOrder'",
        "#/components/schemas/Gone'",
        "#/components/schemas/Gone leads nowhere",
    ),
    "a reference to nothing in another file": (
        ORDERS,
        "quantity: {type: integer,",
        "x: {$ref: 'shared.yaml#/components/schemas/Gift'}\n        quantity: {type: integer,",
        "shared.yaml#/components/schemas/Gift leads nowhere",
    ),
    "a reference to no file": (
        ORDERS,
        "quantity: {type: integer,",
        "gift: {$ref: 'shred.yaml#/x'}\n        quantity: {type: integer,",
        "shred.yaml#/x: there is no such file",
    ),
    "a schema that refers to itself": (
        ORDERS,
        "    OrderStatus:\n      type: string\n",
        "    OrderStatus:\n      $ref: '#/components/schemas/OrderStatus'\n",
        "OrderStatus refers to itself",
    ),
    "two operations of one name": (
        ORDERS,
        "    get:\n      operationId: get_order\n",
        "    get:\n      operationId: list_orders\n",
        "operationId list_orders is also that of GET /orders/",
    ),
    "an operation without a name": (
        ORDERS,
        "    get:\n      operationId: get_order\n",
        "    get:\n",
        "GET /orders/{id} has no operationId",
    ),
    "OpenAPI 3.1": (
        ORDERS,
        "openapi: 3.0.3",
        "openapi: 3.1.0",
        "is OpenAPI 3.1.0; only 3.0 can be bound: write 3.0.3",
    ),
    "no OpenAPI at all": (
        ORDERS,
        "openapi: 3.0.3",
        "swagger: '2.0'",
        "is no OpenAPI document: it has no `openapi`",
    ),
    "an operation that is no Python name": (
        ORDERS,
        "operationId: list_orders",
        "operationId: list-orders",
        "operationId list-orders is no Python name",
    ),
    "a parameter that is a Python keyword": (
        ORDERS,
        "- name: cursor",
        "- name: from",
        "parameter from is no Python name",
    ),
    "a shared parameter that is no Python name": (
        SHARED,
        "      name: id\n",
        "      name: the-id\n",
        "parameter the-id is no Python name",
    ),
    "a schema that is no Python name": (
        ORDERS,
        "    OrderDetailsUpdate:\n",
        "    OrderDetailsUpdate: {type: string}\n    Gift-Note:\n",
        "schema Gift-Note is no Python name",
    ),
    "a property that is no Python name": (
        SHARED,
        "        postalCode: {",
        "        postal-code: {",
        "property postal-code is no Python name",
    ),
    "a path without its parameter": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/status:\n",
        "update_order_status declares, and its path has not, the path parameter id",
    ),
    "a type that does not exist": (
        ORDERS,
        "quantity: {type: integer,",
        "quantity: {type: whole,",
        "'whole' is not one of ['array', 'boolean', 'integer', 'number', 'object', 'string']",
    ),
    "a body without a named schema": (
        ORDERS,
        "schema: {$ref: '#/components/schemas/OrderStatusUpdate'}",
        "schema: {}",
        "the body of update_order_status needs a named schema: move it to components",
    ),
    "a format that nobody checks": (
        ORDERS,
        "    OrderStatus:\n      type: string\n",
        "    OrderStatus:\n      type: string\n      format: iban\n",
        "Unknown format: 'iban'",
    ),
    "a parameter in a header": (
        ORDERS,
        "- name: limit\n          in: query",
        "- name: limit\n          in: header",
        "list_orders: parameter limit: no integer in header here",
    ),
    "a target of the overlay that is not there": (
        "specs/user-v2.yaml",
        "$.paths['/users/'].post",
        "$.paths['/people/'].post",
        "$.paths['/people/'].post.responses['201']",
    ),
    "an event of a type that does not exist": (
        "specs/events.yaml",
        "      type: object\n",
        "      type: event\n",
        "'event' is not one of ['array', 'boolean', 'integer', 'number', 'object', 'string']",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "reason"), BAD.values(), ids=BAD.keys())
def test_it_is_told_in_one_line_with_its_place(
    specs: Path, file: str, old: str, new: str, reason: str
) -> None:
    """`file:line: reason`, without a word of the libraries' around it."""
    spec = specs / file
    text = spec.read_text("utf-8")
    assert old in text
    edited = text.replace(old, new, 1)
    spec.write_text(edited, "utf-8")
    with pytest.raises(InvalidDocumentError) as caught:
        read_sources(specs)
    place = re.fullmatch(rf"{re.escape(file)}:(\d+): (.*)", str(caught.value))
    assert place, str(caught.value)
    assert reason in place[2]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("#/components/schemas/NewOrder'", "#/components/schemas/Gone'", "schemas/Gone'"),
        ("operationId: list_orders", "operationId: list-orders", "operationId: list-orders"),
        ("'201':\n", "201:\n", "201:"),
        ("openapi: 3.0.3", "openapi: 3.1.0", "openapi: 3.1.0"),
        ("quantity: {type: integer,", "quantity: {type: whole,", "quantity: {type: whole,"),
    ],
)
def test_the_line_is_the_one_of_the_mistake(specs: Path, old: str, new: str, marked: str) -> None:
    """Not that of something around it."""
    spec = specs / ORDERS
    spec.write_text(spec.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidDocumentError) as caught:
        read_sources(specs)
    number = int(str(caught.value).split(":")[1])
    assert marked in spec.read_text("utf-8").splitlines()[number - 1]


@pytest.mark.parametrize("command", ["generate", "check", "pages"])
def test_the_command_line_says_it_and_changes_nothing(
    copy: Path, edit: Edit, run: Run, command: str
) -> None:
    """One line on stderr, a status other than 0, no traceback; also what would be fine is left."""
    edit(ORDERS, "- name: cursor", "- name: from")
    edit("specs/user.yaml", "      maxLength: 40\n", "      maxLength: 41\n")
    before = _contents(copy)
    done = run(command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert re.fullmatch(
        r"aware: specs/order.yaml:\d+: parameter from is no Python name\n", done.stderr
    )
    assert _contents(copy) == before


def _contents(copy: Path) -> dict[Path, bytes]:
    folders = ("docs", "handlers", "models", "schemas", "specs")
    files = (file for folder in folders for file in (copy / folder).glob("**/*"))
    return {
        file: file.read_bytes()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }
