"""A spec that cannot be used: one line with file, line and reason, and nothing is changed."""

import re
from pathlib import Path

import pytest

from generate.sources import read_sources
from openapi.errors import InvalidDocumentError
from tests.generate.conftest import Edit, Run

ORDERS = "specs/order.yaml"
SHARED = "specs/shared.yaml"

BAD = {
    "a bracket that is not closed": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/{id}/status: [\n",
        "while parsing a flow node: did not find expected node content",
    ),
    "a tab": (
        ORDERS,
        "info:\n",
        "info:\n\tx: 1\n",
        "found character that cannot start any token",
    ),
    "a key that is there twice": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/{id}:\n",
        "the key /orders/{id} is there twice: remove one of them",
    ),
    "a control character": (
        ORDERS,
        "title: Order",
        "title: \x07Order",
        "characters are not allowed: take the character out",
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
        "    Item:\n",
        "    Loop: {$ref: '#/components/schemas/Loop'}\n    Item:\n",
        "#/components/schemas/Loop leads back to itself: give one of them a content",
    ),
    "two operations of one name": (
        ORDERS,
        "    get:\n      operationId: get_order\n",
        "    get:\n      operationId: list_orders\n",
        "GET /orders/{id} is `list_orders` as GET /orders/ is: give it another operationId",
    ),
    "OpenAPI 3.2": (
        ORDERS,
        "openapi: 3.0.3",
        "openapi: 3.2.0",
        "is OpenAPI 3.2.0: only 3.0 and 3.1 are read; write '3.1.0'",
    ),
    "Swagger": (
        ORDERS,
        "openapi: 3.0.3",
        "swagger: '2.0'",
        "is Swagger 2.0: convert it first, see docs/openapi.md",
    ),
    "a field that OpenAPI does not know": (
        ORDERS,
        "    OrderStatus:\n      type: string\n",
        "    OrderStatus:\n      typ: string\n",
        "a schema has no `typ`: write `type`, or remove it",
    ),
    "a path without its parameter": (
        ORDERS,
        "  /orders/{id}/status:\n",
        "  /orders/status:\n",
        "path parameter id is not in /orders/status: write {id}, or remove it",
    ),
    "a type that does not exist": (
        ORDERS,
        "quantity: {type: integer,",
        "quantity: {type: whole,",
        "whole is no type: write one of string, integer, number, boolean, array, object",
    ),
    "a style of another place": (
        ORDERS,
        "- name: limit\n          in: query",
        "- name: limit\n          in: header\n          style: form",
        "`style: form` is none `in: header`: write simple",
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
        "event is no type: write one of string, integer, number, boolean, array, object",
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
        (
            "    get:\n      operationId: get_order\n",
            "    get:\n      operationId: list_orders\n",
            "operationId: list_orders",
        ),
        ("description: Where an", "descripton: Where an", "descripton: Where an"),
        ("openapi: 3.0.3", "openapi: 3.2.0", "openapi: 3.2.0"),
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
    edit(ORDERS, "- name: cursor", "- nam: cursor")
    edit("specs/user.yaml", "      maxLength: 40\n", "      maxLength: 41\n")
    before = _contents(copy)
    done = run(command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert re.fullmatch(
        r"aware: specs/order.yaml:\d+: a parameter has no `nam`: write `name`, or remove it\n",
        done.stderr,
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
