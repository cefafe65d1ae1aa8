"""Bodies of every media type: which way they are read, and what is not read at all."""

from typing import Any

import httpx
import pytest

from contract.bodies.body_limits import MAX_UPLOAD_BYTES
from tests.strict.wire import Connection, request

JSON = '{"a": 1}'
FORM = "application/x-www-form-urlencoded"


def send(
    api: httpx.Client, path: str, media_type: str | None, body: bytes | str, method: str = "POST"
) -> httpx.Response:
    """A body as it stands, with this Content-Type or none."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    return api.request(method, f"/of-type/{path}", content=body, headers=headers)


READ: list[tuple[str, str, bytes | str, Any]] = [
    ("json", "application/json", JSON, {"a": 1}),
    ("json", "Application/JSON", JSON, {"a": 1}),
    ("json", "application/json;charset=utf-8", JSON, {"a": 1}),
    ("json", 'application/json ;\t charset="UTF-8"', JSON, {"a": 1}),
    ("json", "application/json;;", JSON, {"a": 1}),
    ("json", "application/json; ; charset=utf8 ;", JSON, {"a": 1}),
    ("json", "application/json; unknown=1", JSON, {"a": 1}),
    ("json", 'application/json; unknown="a;b=\\"c\\"; charset=x"', JSON, {"a": 1}),
    ("json", "application/vnd.thing+json", '"a"', "a"),
    ("json", "application/vnd.thing+json; version=1", '"a"', "a"),
    ("json", "application/vnd.thing+json; version=2", "[1, null]", [1, None]),
    ("json", "application/vnd.thing+json; Version=2; charset=utf-8", "[]", []),
    ("several", "application/json", "{}", {"a": 5}),
    ("several", "text/csv", "a,b", "a,b"),
    ("several", "text/plain", "a;b", "a;b"),
    ("several", "text/html; charset=iso-8859-1", "é".encode("latin-1"), "é"),
    ("several", "TEXT/Plain; charset=UTF-16", "é".encode("utf-16"), "é"),
    ("several", "text/plain", "", ""),
    ("several", FORM, "a=7", {"a": 7}),
    ("number", "text/plain", "7", 7),
    ("xml", "application/xml", "<a/>", "<a/>"),
    ("xml", "application/xml; charset=iso-8859-1", "<é/>".encode("latin-1"), "<é/>"),
    ("anyjson", "application/json", JSON, {"a": 1}),
    ("anyjson", "application/hal+json", JSON, {"a": 1}),
]
"""Path, Content-Type, the bytes, what the handler is given."""


@pytest.mark.parametrize(("path", "media_type", "body", "given"), READ)
def test_a_body_is_read_by_its_media_type(
    api: httpx.Client, path: str, media_type: str, body: bytes, given: object
) -> None:
    """The most specific one of the spec that it is."""
    answer = send(api, path, media_type, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["body"] == given


@pytest.mark.parametrize(
    ("path", "media_type", "told"),
    [
        ("json", "Application/JSON; charset=utf-8", "application/json"),
        ("anyjson", "application/hal+json", "application/hal+json"),
        ("several", "IMAGE/png;a=b", "image/png"),
        ("anything", "x/y", "x/y"),
    ],
)
def test_a_handler_with_a_choice_is_told_the_media_type(
    api: httpx.Client, path: str, media_type: str, told: str
) -> None:
    """In lower case and without parameters; a parameter of that name says where it is from."""
    given = send(api, path, media_type, JSON).json()
    assert given["content_type"] == told
    assert ("content_type_query" in given) == (path == "several")


def test_a_handler_without_a_choice_is_told_none(api: httpx.Client) -> None:
    """There is one media type."""
    assert {*send(api, "number", "text/plain", "1").json()} == {"operation", "body"}


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("anything", "application/json"),
        ("anything", "text/plain"),
        ("anything", "application/octet-stream"),
        ("several", "application/octet-stream"),
        ("several", "application/x-unknown"),
        ("image", "image/png"),
        ("image", "Image/SVG+XML"),
        ("image", "application/pdf"),
        ("xml", "application/soap+xml"),
        ("upload", "application/octet-stream"),
    ],
)
def test_bytes_are_a_file(api: httpx.Client, path: str, media_type: str) -> None:
    """Of the media type that was sent; it has no name."""
    method = "PUT" if path == "image" else "POST"
    answer = send(api, path, media_type, b"\x00\xff\r\n", method)
    assert answer.status_code == 200, answer.text
    file = answer.json()["body"]
    assert (file["size"], file["filename"], file["headers"]) == (4, None, {})
    assert file["content_type"] == media_type.lower()


NOT_READ = [
    ("json", None),
    ("json", ""),
    ("json", "json"),
    ("json", "application"),
    ("json", "application/"),
    ("json", "application/json,"),
    ("json", "application/json, text/plain"),
    ("json", "application /json"),
    ("json", "application/jsonx"),
    ("json", "application/problem+json"),
    ("json", "text/json"),
    ("json", "*/*"),
    ("json", "application/*"),
    ("json", "application/json; charset"),
    ("json", "application/json; charset="),
    ("json", 'application/json; charset="utf-8'),
    ("json", "application/json charset=utf-8"),
    ("json", "application/json; charset=utf-16"),
    ("json", "application/json; charset=utf-8; charset=utf-8"),
    ("json", "application/json; a=1; A=2"),
    ("several", "text/plain; charset=bogus"),
    ("several", "text/plain; charset=rot13"),
    ("several", "text/plain; charset=unicode_escape"),
    ("several", f"{FORM}; charset=iso-8859-1"),
    ("anyjson", "text/plain"),
    ("xml", "text/xml"),
    ("optional", "application/xml"),
]
"""Path and Content-Type."""


@pytest.mark.parametrize(("path", "media_type"), NOT_READ)
def test_what_is_not_named_is_415(api: httpx.Client, path: str, media_type: str | None) -> None:
    """Also what is no media type, and a charset that is not known, or not to be."""
    answer = send(api, path, media_type, JSON)
    assert answer.status_code == 415, answer.text
    assert answer.json()["type"] == "urn:aware:problem:unsupported-media-type"


def test_415_says_what_is_read(api: httpx.Client) -> None:
    """In `Accept`, and for PATCH in `Accept-Patch` (RFC 9110, 15.5.16; RFC 5789, 2.2)."""
    answer = send(api, "optional", "image/png", b"x")
    assert answer.headers["Accept"] == "application/json, text/plain"
    assert answer.json()["detail"] == "Send application/json or text/plain."
    assert "Accept-Patch" not in answer.headers
    answer = send(api, "merge", "application/json", "{}", "PATCH")
    assert answer.status_code == 415
    assert answer.headers["Accept-Patch"] == "application/merge-patch+json"


def test_a_content_type_that_is_there_twice_is_refused(api: httpx.Client) -> None:
    """Nobody knows which is meant."""
    twice = (b"Content-Type: application/json", b"Content-Type: application/json")
    with Connection(f"{api.base_url.host}:{api.base_url.port}") as connection:
        connection.send(request("POST", "/api/of-type/json", JSON.encode(), *twice))
        answer = connection.receive()
    assert answer is not None
    assert answer.status == 400


@pytest.mark.parametrize("coding", ["gzip", "identity", "br"])
def test_a_content_coding_is_415(api: httpx.Client, coding: str) -> None:
    """None is undone here."""
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    assert api.post("/of-type/json", content=JSON, headers=headers).status_code == 415


def test_null_of_a_merge_patch_stays_null(api: httpx.Client) -> None:
    """It takes a member away (RFC 7396), and what is not there is left alone."""
    media_type = "application/merge-patch+json"
    given = send(api, "merge", media_type, '{"name": null}', "PATCH").json()
    assert given["body"] == {"name": None}
    answer = send(api, "merge", media_type, '{"size": null}', "PATCH")
    assert answer.json()["errors"][0]["pointer"] == "#/size"


@pytest.mark.parametrize("media_type", [None, "application/json", "text/plain", "image/png", "?"])
def test_an_optional_body_that_is_not_there_is_none(
    api: httpx.Client, media_type: str | None
) -> None:
    """Whatever media type it would have had."""
    given = send(api, "optional", media_type, b"")
    assert given.json() == {"operation": "take_optional", "body": None, "content_type": None}


@pytest.mark.parametrize("chunks", [[], [b""]])
def test_an_optional_body_in_no_chunks_is_none(api: httpx.Client, chunks: list[bytes]) -> None:
    """Whoever sends no length sends no byte either."""
    headers = {"Content-Type": "application/json"}
    answer = api.post("/of-type/optional", content=iter(chunks), headers=headers)
    assert answer.json()["body"] is None


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("json", "application/json"), ("json", None), ("several", None), ("multipart", "a/b")],
)
def test_a_required_body_that_is_not_there_is_400(
    api: httpx.Client, path: str, media_type: str | None
) -> None:
    """The whole body is what is missing."""
    answer = send(api, path, media_type, b"")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": "#", "detail": "there is none"}]


WRONG: list[tuple[str, str, bytes | str, str]] = [
    ("several", "text/csv", "a;b", "#"),
    ("several", "text/plain", "a" * 11, "#"),
    ("several", "text/plain", b"\xff", "#"),
    ("several", "text/plain; charset=us-ascii", "é".encode(), "#"),
    ("several", "application/json", '{"a": "x"}', "#/a"),
    ("several", FORM, "a=x", "#/a"),
    ("number", "text/plain", "11", "#"),
    ("number", "text/plain", "x", "#"),
    ("json", "application/vnd.thing+json; version=2", '"a"', "#"),
    ("image", "image/png", "", "#"),
    ("optional", "application/json", "null", "#"),
]
"""Path, Content-Type, the bytes, where they do not fit."""


@pytest.mark.parametrize(("path", "media_type", "body", "pointer"), WRONG)
def test_a_body_must_fit_the_schema_of_its_media_type(
    api: httpx.Client, path: str, media_type: str, body: bytes, pointer: str
) -> None:
    """Of the one that it was read by."""
    answer = send(api, path, media_type, body, "PUT" if path == "image" else "POST")
    assert answer.status_code == 400, answer.text
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("path", "media_type", "most"),
    [
        ("json", "application/json", 1024 * 1024),
        ("form", FORM, 1024 * 1024),
        ("xml", "application/xml", 1024 * 1024),
        ("image", "application/pdf", 1000),
    ],
)
@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_is_too_large_is_413(
    api: httpx.Client, path: str, media_type: str, most: int, *, has_length: bool
) -> None:
    """By its length where it says one, and by its bytes where it does not."""
    method, body = "PUT" if path == "image" else "POST", b"a" * (most + 1)
    content = body if has_length else iter([body])
    headers = {"Content-Type": media_type}
    answer = api.request(method, f"/of-type/{path}", content=content, headers=headers)
    assert answer.status_code == 413
    assert f"{most} bytes" in answer.json()["detail"]


def test_a_length_that_is_too_large_is_413_before_anything_is_sent(api: httpx.Client) -> None:
    """A client that asks whether to go on is told no."""
    headers = (
        b"Content-Type: application/octet-stream",
        b"Content-Length: %d" % (MAX_UPLOAD_BYTES + 1),
        b"Expect: 100-continue",
    )
    with Connection(f"{api.base_url.host}:{api.base_url.port}") as connection:
        connection.send(request("POST", "/api/of-type/default", None, *headers))
        answer = connection.receive()
    assert answer is not None
    assert answer.status == 413


DEEP = {
    "arrays": (b"[" * 91 + b"]" * 91, b"[" * 89 + b"]" * 89),
    "objects": (b'{"a":' * 91 + b"1" + b"}" * 91, b'{"a":' * 89 + b"1" + b"}" * 89),
    "arrays beyond any stack": (b"[" * 100_000, b"[]"),
}


@pytest.mark.parametrize(("deep", "shallow"), DEEP.values(), ids=DEEP.keys())
def test_json_has_at_most_ninety_levels(api: httpx.Client, deep: bytes, shallow: bytes) -> None:
    """MongoDB takes a hundred; many brackets side by side are no depth."""
    for body, status in ((b"[%s]" % deep, 400), (b"[%s]" % shallow, 200)):
        answer = send(api, "json", "application/vnd.thing+json; version=2", body)
        assert answer.status_code == status, answer.text
    wide = b"[" + b"[]," * 1000 + b"[]]"
    answer = send(api, "json", "application/vnd.thing+json; version=2", wide)
    assert answer.status_code == 200
