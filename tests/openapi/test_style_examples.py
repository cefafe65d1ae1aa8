"""The table "Style Examples" of OpenAPI 3.0.3 and 3.1.0, and of 3.0.4 and 3.1.1 where they differ.

Each row is read, and written by `Links` where it has an address, as that table has it.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from starlette.types import Message, Scope

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.links import Links
from tests.openapi.served.echo import echo

VALUES: dict[str, Any] = {
    "empty": "",
    "string": "blue",
    "array": ["blue", "black", "brown"],
    "object": {"R": 100, "G": 200, "B": 150},
}
SCHEMAS = {
    "empty": {"type": "string"},
    "string": {"type": "string"},
    "array": {"type": "array", "items": {"type": "string"}},
    "object": {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in "RGB"},
    },
}
COLUMNS = ("empty", "string", "array", "object")
TABLE: list[tuple[str, bool, tuple[str | None, ...]]] = [
    (
        "matrix",
        False,
        (";color", ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
    ),
    (
        "matrix",
        True,
        (";color", ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ),
    ("label", False, (".", ".blue", ".blue.black.brown", ".R.100.G.200.B.150")),
    ("label", False, (None, None, ".blue,black,brown", ".R,100,G,200,B,150")),
    ("label", True, (".", ".blue", ".blue.black.brown", ".R=100.G=200.B=150")),
    ("form", False, ("color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150")),
    (
        "form",
        True,
        ("color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    ),
    ("simple", False, (None, "blue", "blue,black,brown", "R,100,G,200,B,150")),
    ("simple", True, (None, "blue", "blue,black,brown", "R=100,G=200,B=150")),
    (
        "spaceDelimited",
        False,
        (None, None, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
    ),
    ("pipeDelimited", False, (None, None, "color=blue|black|brown", "color=R|100|G|200|B|150")),
    ("deepObject", True, (None, None, None, "color[R]=100&color[G]=200&color[B]=150")),
]
"""Style, explode, and what stands for each of COLUMNS."""

LOCATIONS = {
    "path": ("matrix", "label", "simple"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
ROWS = [
    (location, style, explode, column, written)
    for location, styles in LOCATIONS.items()
    for style, explode, row in TABLE
    if style in styles
    for column, written in zip(COLUMNS, row, strict=True)
    if written is not None
]
WRITTEN_OTHERWISE = {
    (".blue.black.brown", False): ".blue,black,brown",
    (".R.100.G.200.B.150", False): ".R,100,G,200,B,150",
    (";color", False): ";color=",
    (";color", True): ";color=",
}
"""What can be written in two ways, as `Links` writes it."""


def service(folder: Path, openapi: str, row: tuple[str, str, bool, str, str]) -> tuple[Api, Links]:
    """An API of one operation with the one parameter."""
    location, style, explode, column, _ = row
    parameter = {"name": "color", "in": location, "style": style, "explode": explode}
    parameter |= {"schema": SCHEMAS[column], "required": location == "path"}
    get = {
        "operationId": "get",
        "parameters": [parameter],
        "responses": {"200": {"description": "OK"}},
    }
    path = "/at/{color}" if location == "path" else "/at"
    document = {
        "openapi": openapi,
        "info": {"title": "Colours", "version": "1"},
        "paths": {path: {"get": get}},
    }
    spec = folder / "spec.yaml"
    spec.write_text(yaml.safe_dump(document))
    description = load_api(spec)
    bound = bind(description, {"get": partial(echo, "get")})
    return Api(bound, description, "1", lambda _: None, lambda *_: None), Links(description)


def answered(api: Api, target: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The body of the answer."""
    path, _, query = target.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
    }
    chunks: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        chunks.append(message.get("body", b""))

    asyncio.run(api(scope, receive, send))
    return b"".join(chunks)


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(map(str, row)))
def test_an_example_of_the_table_is_read_and_written(
    tmp_path: Path, openapi: str, row: tuple[str, str, bool, str, str]
) -> None:
    """In every location that has the style."""
    location, _, explode, column, written = row
    api, link = service(tmp_path, openapi, row)
    sent = {
        "path": (f"/at/{written}", []),
        "query": (f"/at?{written}", []),
        "header": ("/at", [(b"color", written.encode())]),
        "cookie": ("/at", [(b"cookie", written.encode())]),
    }[location]
    value = VALUES[column]
    expected = {"operation": "get", "color": value}
    assert yaml.safe_load(answered(api, *sent)) == expected
    if location in ("path", "query"):
        again = WRITTEN_OTHERWISE.get((written, explode), written)
        assert unquote(link("get", color=value)) == unquote(sent[0].replace(written, again))


@pytest.mark.parametrize("openapi", ["3.0.4", "3.1.1"])
def test_a_dot_is_no_delimiter_where_openapi_says_so(tmp_path: Path, openapi: str) -> None:
    """Since 3.0.4 and 3.1.1 `style: label` delimits by commas alone, as RFC 6570 does."""
    api, _ = service(tmp_path, openapi, ("path", "label", False, "array", ""))
    assert yaml.safe_load(answered(api, "/at/.a.b", [])) == {"operation": "get", "color": ["a.b"]}
