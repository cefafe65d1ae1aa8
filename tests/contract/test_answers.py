"""What handlers answer, in parts: media types, Accept, what is never told, what is checked."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from contract.answers.accept import Accept, accept_of, preferred
from contract.answers.check import MAX_HELD_BYTES, ResponseCheck
from contract.answers.media_types import media_range
from contract.answers.write_only import WriteOnly
from contract.bindable import load_api
from openapi.description import Description, JsonSchema


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("application/json", "application/json"),
        ("Application/JSON ", "application/json"),
        ("text/plain;charset=UTF-8", "text/plain; charset=UTF-8"),
        ('text/plain ; Charset = "x"', None),
        ('text/plain ;\tCharset="a b;c"', 'text/plain; charset="a b;c"'),
        (r'text/plain;a="\"b\\"', r'text/plain; a="\"b\\"'),
        ("text/plain;;; a=b;", "text/plain; a=b"),
        ("image/*", "image/*"),
        ("*/*", "*/*"),
        ("*/json", None),
        ("text", None),
        ("text/plain a", None),
        ("text/plain;a=b c", None),
        ('text/plain;a="b', None),
        ("text/pläin", None),
        ("", None),
    ],
)
def test_a_media_type_is_read_as_rfc_9110_has_it(text: str, read: str | None) -> None:
    """Letter case, quotes, tabs and empty parameters; what is none is refused."""
    if read is not None:
        assert str(media_range(text)) == read
        return
    with pytest.raises(ValueError, match="is no media type"):
        media_range(text)


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("*/*", "text/plain", True),
        ("text/*", "text/plain", True),
        ("text/*", "image/png", False),
        ("text/plain", "text/plain; a=b", True),
        ("text/plain; a=b", "text/plain", False),
        ("text/plain; a=B", "text/plain; a=b", True),
        ("text/plain; charset=utf-8", "text/plain", True),
        ("application/json; charset=utf-8", "application/json", True),
        ("image/png; charset=utf-8", "image/png", False),
        ("image/png", "image/*", False),
    ],
)
def test_a_range_covers_what_is_within_it(wide: str, narrow: str, *, covers: bool) -> None:
    """With all its parameters; text and JSON are in UTF-8 where they do not say."""
    assert media_range(wide).covers(media_range(narrow)) is covers


def test_an_offer_that_is_a_range_is_as_good_as_the_best_within_it() -> None:
    """Also where the range itself is not taken."""
    accept = Accept("image/*;q=0, image/png;q=0.5, text/*;q=0.2")
    assert accept.quality(media_range("image/*")) == 0.5
    assert accept.quality(media_range("image/gif")) == 0
    assert accept.quality(media_range("*/*")) == 0.5
    assert accept.quality(media_range("audio/*")) == 0


def test_without_a_preference_the_first_is_given() -> None:
    """No header, one that says anything, and one that says nothing."""
    offers = [media_range("a/b"), media_range("c/d")]
    for headers in ([], [(b"accept", b"*/*")], [(b"accept", b"")], [(b"accept", b"?")]):
        accept = accept_of({"type": "http", "headers": headers})
        assert accept is None
        assert preferred(accept, offers) == 0


def test_a_header_that_is_there_twice_is_one_list() -> None:
    """RFC 9110, 5.3."""
    headers = [(b"accept", b"a/b;q=0.1"), (b"accept", b"c/d")]
    accept = accept_of({"type": "http", "headers": headers})
    assert preferred(accept, [media_range("a/b"), media_range("c/d")]) == 1


HIDDEN: JsonSchema = {"type": "string", "writeOnly": True}
OPEN: JsonSchema = {"type": "object", "properties": {"a": {}, "pin": HIDDEN}}


@dataclass
class Account:
    """What a handler may return, and JSON's encoder knows."""

    a: datetime
    pin: str


MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schema", "value", "left"),
    [
        (OPEN, {"a": MOMENT, "pin": 1}, {"a": MOMENT}),
        ({"items": OPEN}, ({"a": 1, "pin": 1},), [{"a": 1}]),
        (OPEN, Account(MOMENT, "1"), {"a": "2026-11-22T00:00:00.000Z"}),
        ({"items": OPEN}, [Account(MOMENT, "1")], [{"a": "2026-11-22T00:00:00.000Z"}]),
        (OPEN, b'{"a": 1, "pin": 2}', {"a": 1}),
        (
            {"oneOf": [{**OPEN, "required": ["b"]}, {"type": "object", "required": ["a"]}]},
            {"a": MOMENT, "pin": 1},
            {"a": "2026-11-22T00:00:00.000Z", "pin": 1},
        ),
        ({"dependentSchemas": {"a": OPEN}}, {"a": 1, "pin": 1}, {"a": 1}),
        ({"dependentSchemas": {"b": OPEN}}, {"a": 1, "pin": 1}, {"a": 1, "pin": 1}),
        ({"patternProperties": {"^p": HIDDEN}}, {"a": 1, "pin": 1}, {"a": 1}),
        ({"additionalProperties": OPEN}, {"x": {"pin": 1}}, {"x": {}}),
        ({"prefixItems": [OPEN], "items": {}}, [{"pin": 1}, {"pin": 1}], [{}, {"pin": 1}]),
    ],
)
def test_what_is_write_only_is_taken_out_of_any_value(
    schema: JsonSchema, value: object, left: object
) -> None:
    """Of mappings, lists, tuples, dataclasses and JSON that is written already."""
    assert WriteOnly(schema, {})(value) == left


def test_a_value_of_the_handlers_is_not_changed() -> None:
    """It may be kept, and answered again."""
    kept = {"a": [1], "pin": 1}
    assert WriteOnly(OPEN, {})(kept) == {"a": [1]}
    assert kept == {"a": [1], "pin": 1}


SPEC = """
openapi: 3.1.0
info: {title: Checked, version: '1'}
paths:
  /checked:
    get:
      operationId: checked
      responses:
        '200':
          description: OK
          headers: {X-Count: {required: true, schema: {type: integer}}}
          content:
            application/json: {schema: {type: object, properties: {a: {type: integer}}}}
            application/*: {schema: {}}
            text/*: {schema: {type: string, maxLength: 3}}
            text/number; of=pages: {schema: {type: integer}}
            text/csv: {schema: {type: array}}
            application/problem+json: {schema: false}
        2XX: {description: OK}
        '204': {description: OK, headers: {X-Count: {required: true, schema: {}}}}
        '404': {description: None, content: {application/json: {}}}
"""


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Description:
    """An API with one operation."""
    file = tmp_path_factory.mktemp("checked") / "api.yaml"
    file.write_text(SPEC)
    return load_api(file)


JSON = (b"content-type", b"application/json")
COUNT = (b"x-count", b"1")
PROBLEM = (b"content-type", b"application/problem+json")

Headers = tuple[tuple[bytes, bytes], ...]

CHECKED: list[tuple[int, Headers, bytes, str | None]] = [
    (200, (JSON, COUNT), b'{"a":1}', None),
    (200, (JSON,), b'{"a":1}', "X-Count is missing"),
    (200, (JSON, (b"x-count", b"one")), b"{}", "X-Count: "),
    (200, (JSON, COUNT, COUNT), b"{}", "X-Count: "),
    (200, (JSON, COUNT, (b"x-more", b"1")), b"{}", None),
    (200, (JSON, COUNT), b'{"a":"1"}', "#/a: "),
    (200, (JSON, COUNT), b'{"b":1}', "#/b: "),
    (200, (JSON, COUNT), b'{"a":NaN}', "the body is no JSON"),
    (200, (JSON, COUNT), b"", "the body is no JSON"),
    (200, (COUNT,), b"{}", "Content-Type is None"),
    (200, (COUNT, (b"content-type", b"json")), b"{}", "Content-Type is json"),
    (200, (COUNT, (b"content-type", b"Application/JSON;charset=UTF-8")), b'{"a":1}', None),
    (200, (COUNT, (b"content-type", b"image/png")), b"", "Content-Type is image/png"),
    (200, (COUNT, (b"content-type", b"application/pdf")), b"\xff", None),
    (200, (COUNT, PROBLEM), b"{}", "#: "),
    (200, (COUNT, (b"content-type", b"text/plain")), "äöü".encode(), None),
    (200, (COUNT, (b"content-type", b"text/plain")), b"abcd", "#: "),
    (200, (COUNT, (b"content-type", b"text/plain")), b"\xff", "the body is no text"),
    (200, (COUNT, (b"content-type", b"text/plain;charset=latin-1")), b"\xff", None),
    (200, (COUNT, (b"content-type", b"text/plain;charset=x")), b"a", "the body is no text"),
    (200, (COUNT, (b"content-type", b"text/number;of=pages")), b"12", None),
    (200, (COUNT, (b"content-type", b"text/number;of=pages")), b"x", "#: "),
    (200, (COUNT, (b"content-type", b"text/csv")), b"a,b,c", None),
    (201, (), b"", None),
    (201, (JSON,), b"{}", "there is a body"),
    (204, (COUNT,), b"", None),
    (204, (), b"", "X-Count is missing"),
    (204, (COUNT,), b"x", "there is a body"),
    (206, (JSON, COUNT), b'{"a', None),
    (206, (COUNT, (b"content-type", b"multipart/byteranges; boundary=x")), b"--x", None),
    (206, (COUNT, (b"content-type", b"image/png")), b"", "Content-Type is image/png"),
    (302, (), b"", "declares no 302"),
    (400, (PROBLEM,), b"{}", "declares no 400"),
    (404, (PROBLEM,), b"{}", "Content-Type is application/problem+json"),
    (405, (PROBLEM,), b"{}", None),
    (406, (PROBLEM,), b"{}", None),
    (406, (JSON,), b"{}", "declares no 406"),
    (413, (PROBLEM,), b"{}", None),
    (415, (PROBLEM,), b"{}", None),
    (416, (PROBLEM,), b"{}", None),
    (500, (PROBLEM,), b"{}", None),
    (501, (PROBLEM,), b"{}", None),
    (503, (PROBLEM,), b"{}", "declares no 503"),
]
"""An answer, and what is wrong with it."""


def sent(
    description: Description, status: int, headers: Headers, *parts: bytes, method: str = "GET"
) -> list[Message]:
    """What goes out when an application answers so; parts that come one by one are a stream."""
    found: list[Message] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        scope["extensions"]["connexion_routing"] = {"operation_id": "checked"}
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    async def receive() -> Message:
        raise NotImplementedError

    async def send(message: Message) -> None:
        found.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "extensions": {}}
    asyncio.run(ResponseCheck(app, description)(scope, receive, send))
    return found


@pytest.mark.parametrize(("status", "headers", "body", "wrong"), CHECKED)
def test_an_answer_is_what_its_operation_declares(
    description: Description, status: int, headers: Headers, body: bytes, wrong: str | None
) -> None:
    """An exact status before a range, the most specific media type, each header by its schema."""
    start, *parts = sent(description, status, headers, body)
    told = b"".join(each["body"] for each in parts)
    if wrong is None:
        assert (start["status"], told) == (status, body)
    else:
        assert start["status"] == 500
        assert wrong in told.decode()


def test_head_is_checked_without_a_body(description: Description) -> None:
    """Its headers are those of GET."""
    start, _ = sent(description, 200, (JSON, COUNT), b"", method="HEAD")
    assert start["status"] == 200
    start, body = sent(description, 200, (JSON,), b"", method="HEAD")
    assert (start["status"], body["body"]) == (500, b"")


def test_a_stream_is_checked_by_its_beginning_and_not_held(description: Description) -> None:
    """One that is JSON is, up to a bound."""
    text = (COUNT, (b"content-type", b"text/plain"))
    messages = sent(description, 200, text, b"too long", b" by far")
    assert [each.get("body") for each in messages] == [None, b"too long", b" by far"]
    wrong = (COUNT, (b"content-type", b"image/png"))
    assert sent(description, 200, wrong, b"a", b"b")[0]["status"] == 500
    assert sent(description, 200, (JSON, COUNT), b'{"a":', b'"b"}')[0]["status"] == 500
    assert sent(description, 200, (JSON, COUNT), b'{"a":', b"1}")[0]["status"] == 200
    large = b'"' + b"x" * MAX_HELD_BYTES
    assert sent(description, 200, (JSON, COUNT), large, b'"')[0]["status"] == 200


def test_what_no_operation_answers_passes(description: Description) -> None:
    """There is nothing that it could break."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    found: list[Message] = []

    async def send(message: Message) -> None:
        found.append(message)

    async def receive() -> Message:
        raise NotImplementedError

    scope: dict[str, Any] = {"type": "http", "method": "GET", "extensions": {}}
    asyncio.run(ResponseCheck(app, description)(scope, receive, send))
    assert found[0]["status"] == 404
