"""What a client of either language can say and be told, with the specs that use all of OpenAPI."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdks.python.runtime.bodies import File
from tests.openapi.served.answering import ROWS
from tests.openapi.served.test_bodies import RIGHT
from tests.openapi.served.test_parameters import USUAL
from tests.sdks.echo import LANGUAGES, VERSIONS, Ask, asking

pytestmark = pytest.mark.slow

STYLES = (
    *("path_simple", "path_simple_exploded", "path_label_exploded", "path_matrix"),
    *("path_label", "path_matrix_exploded", "query_form", "query_form_exploded"),
    *("query_spaceDelimited", "query_spaceDelimited_exploded", "query_pipeDelimited"),
    *("query_pipeDelimited_exploded", "header_simple", "header_simple_exploded"),
    *("cookie_form", "cookie_form_exploded"),
)
FILTER = {"name": "a b&c", "created": {"gt": 5}, "tags": ["light", "dark"]}
FILE = File(b"\x00\xff\r\n", "ä b.bin", "application/x-thing")


def told(file: File) -> dict[str, Any]:
    """What the handler tells of a file."""
    assert isinstance(file.content, bytes)
    digest = hashlib.sha256(file.content).hexdigest()
    return {"filename": file.name, "size": len(file.content), "sha256": digest}


SENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("get_thing", {"id": "a1"}, {"id": "a1"}),
    ("get_part", {"id": "a", "part": "b", "type": "png"}, {"id": "a", "part": "b", "type": "png"}),
    ("spaced", {}, {}),
    ("get_slash", {}, {}),
    ("get_no_name_some_id", {"some_id": 7}, {"some_id": 7}),
    (
        "class_",
        {"id": "a ü", "id_query": "c", "from_": 1, "page_size": 3, "filter": "x", "body": {}},
        {"id_query": "c", "from_": 1, "page_size": 3, "filter": "x"},
    ),
    ("typed", {"needed": "a", "flag": False, "ratio": 0.5}, {"flag": False, "ratio": 0.5}),
    ("query_deepObject", {"colour": {"R": 1}, "filter": FILTER}, {"filter": FILTER}),
    ("query_deepObject", {"when": {"gt": 1}, "page_size": 5}, {"when": {"gt": 1}, "page_size": 5}),
    ("composed", {"either": 11, "one_or_more": ["a", "b"]}, {"one_or_more": ["a", "b"]}),
    ("composed", {"either": "all", "shades": ["light"]}, {"either": "all", "shades": ["light"]}),
    ("open_form", {"limit": 1, "others": {"on": True}}, {"limit": 1}),
    ("free_form", {"anything": {"a": "1", "b": "2"}}, {"anything": {"a": "1", "b": "2"}}),
    (
        "contents",
        {"where": FILTER, "plain": 5, "x_json": {"n": 2}, "crumb": [1, 2], "part": {"a": True}},
        {"where": FILTER, "plain": 5, "X_Json": {"n": 2}, "crumb": [1, 2], "part": {"a": True}},
    ),
    (
        "needed",
        {"q": ["a", "b"], "colour": {"R": 1}, "x_key": "k", "session": "s", "defaulted": 4},
        {"q": ["a", "b"], "X_Key": "k", "session": "s", "defaulted": 4},
    ),
    ("overridden", {"id_query": [1, 2], "id_header": True, "shared": 4}, {"shared": 4}),
    ("ignored", {"x_trace_id": "t"}, {"X_Trace_Id": "t"}),
    ("file", {"id": "x", "kinds": ["a", "b"]}, {"id": "x", "kinds": ["a", "b"]}),
    ("matrices", {"id": 1, "a": 2, "b": [3, 4]}, {"id": 1, "a": 2, "b": [3, 4]}),
    (
        "several",
        {"content_type_": "x", "body_header": "y", "body": {"a": 1}},
        {"content_type": "x"},
    ),
    ("take_json", {"body": {"a": 1}}, {"body": {"a": 1}}),
    (
        "take_json",
        {"body": [1, None], "content_type": "application/vnd.thing+json; version=2"},
        {"body": [1, None]},
    ),
    ("take_optional", {}, {"body": None}),
    ("take_optional", {"body": "ü", "content_type": "text/plain"}, {"body": "ü"}),
    ("take_any_json", {"body": {"a": 1}}, {"body": {"a": 1}}),
    ("take_several", {"body": {"a": 1}, "content_type": "application/json"}, {"body": {"a": 1}}),
    ("take_several", {"body": "a,b", "content_type": "text/csv"}, {"body": "a,b"}),
    ("take_number", {"body": 7}, {"body": 7}),
    (
        "take_form",
        {
            "body": {
                "name": "a b+c&d=é",
                "size": 3,
                "flag": True,
                "maybe": None,
                "tags": ["x", "y,z"],
                "csv": [1, 2],
                "spaced": ["p", "q"],
                "piped": ["p", "q"],
                "deep": {"a": 1, "b": "x"},
                "pairs": {"r": 1, "g": 2},
                "json": [1, 2],
                "address": {"street": "s", "zip": 5},
                "when": "2026-11-22T10:15:30Z",
            }
        },
        {},
    ),
]
"""Operation, arguments, and what of the handler's arguments is another than the client's."""


@pytest.fixture(scope="module", params=[f"{v}-{each}" for v in VERSIONS for each in LANGUAGES])
def ask(
    request: pytest.FixtureRequest, echoes: Path, urls: dict[str, str]
) -> Iterator[tuple[str, Ask]]:
    """Each language with each version in turn."""
    version, _, language = request.param.partition("-")
    with asking(language, echoes, version, urls[version]) as found:
        yield request.param, found


@pytest.mark.parametrize("operation", STYLES)
def test_parameters_of_every_style_arrive(ask: tuple[str, Ask], operation: str) -> None:
    """Of every type."""
    given = ask[1](operation, **USUAL)
    assert {name: given[name] for name in USUAL} == USUAL


@pytest.mark.parametrize(("operation", "arguments", "changed"), SENT)
def test_what_is_sent_arrives(
    ask: tuple[str, Ask], operation: str, arguments: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Parameters and bodies of every kind."""
    given = ask[1](operation, **arguments)
    wanted = changed or {k: v for k, v in arguments.items() if k != "content_type"}
    for name, value in wanted.items():
        found = given[name]
        if isinstance(value, dict) and isinstance(found, dict):
            found = {key: found.get(key) for key in value}
        assert found == value, name


@pytest.mark.parametrize(("version", "schema", "value"), RIGHT)
def test_a_value_of_every_schema_arrives(
    ask: tuple[str, Ask], version: str, schema: str, value: object
) -> None:
    """As it is: null is null, and what is absent is absent."""
    name = f"body_{schema}"
    if "typescript" in ask[0] and schema == "OrderStatus":
        name = "body_OrderStatus2"  # in camel case another has that name
    if version.replace(".", "") in ask[0]:
        assert ask[1](name, body=value)["body"] == value


def test_files_in_forms_arrive(ask: tuple[str, Ask]) -> None:
    """With their names, types and headers, beside fields of every type."""
    document = File(b"<a/>", None, None, {"X-Pages": "3"})
    body = {
        "title": "t",
        "count": 7,
        "tags": ["a", "b"],
        "meta": {"a": 1},
        "metas": [{"a": 1}, {}],
        "listed": [1, 2],
        "file": FILE,
        "files": [FILE, File(b"", "2")],
        "picture": File(b"x", None, "image/png"),
        "document": document,
    }
    given = ask[1]("take_multipart", body=body)["body"]
    for name in ("title", "count", "tags", "metas", "listed"):
        assert given[name] == body[name], name
    assert given["meta"] == {"a": 1, "b": "x"}
    assert given["file"].items() >= told(FILE).items()
    assert given["file"]["content_type"] == FILE.content_type
    assert [each["size"] for each in given["files"]] == [4, 0]
    assert given["picture"]["content_type"] == "image/png"
    assert given["document"]["content_type"] == "application/xml"


def test_bytes_arrive(ask: tuple[str, Ask]) -> None:
    """In the type that the caller names, where there is a choice."""
    given = ask[1]("take_image", body=b"\x89PNG", content_type="image/png")
    assert (given["body"]["size"], given["content_type"]) == (4, "image/png")
    assert ask[1]("take_anything", body=b"\x00")["body"]["size"] == 1


@pytest.mark.parametrize("patch", [{}, {"name": None}, {"name": "a"}, {"size": 1}])
def test_a_merge_patch_has_what_was_named_and_nothing_else(
    ask: tuple[str, Ask], patch: dict[str, Any]
) -> None:
    """Null deletes; what was never named is left alone."""
    assert ask[1]("merge", body=patch)["body"] == patch


ANSWERED: list[tuple[str, dict[str, Any], object]] = [
    ("answers_value", {}, {"a": [1, None]}),
    ("answers_several", {"accept": "application/json"}, ROWS),
    ("answers_several", {"accept": "text/csv"}, 'name,size\r\n"a,b",1\r\n"c""d",\r\n'),
    ("answers_image", {}, b"\x89PNG"),
    ("answers_any", {}, {"a": 1}),
    ("answers_created", {}, {"name": "a"}),
    ("answers_empty", {}, None),
    ("answers_undescribed", {}, None),
    ("answers_ranges", {}, {"name": "a"}),
    ("answers_defaulted", {}, {"name": "a"}),
    ("answers_nullable", {}, None),
    ("answers_text", {}, "text"),
    ("answers_bytes", {}, b"\x00\xff"),
    ("answers_events", {}, "data: 1\n\ndata: 2\n\n"),
]


@pytest.mark.parametrize(("operation", "arguments", "value"), ANSWERED)
def test_what_is_answered_comes_back(
    ask: tuple[str, Ask], operation: str, arguments: dict[str, Any], value: object
) -> None:
    """JSON, text, bytes, and nothing."""
    assert ask[1](operation, **arguments) == value
