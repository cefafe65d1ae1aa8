"""Forms with files: fields by their schema, files as what they are."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest

Versions = Mapping[str, httpx.Client]

BOUNDARY = "a b'()+_,-./:=?"
MULTIPART = f'multipart/form-data; boundary="{BOUNDARY}"'

Part = tuple[str, bytes]


def part(name: str, value: bytes | str, *headers: str, filename: str | None = None) -> Part:
    """A part: its headers, and its bytes."""
    more = "" if filename is None else f'; filename="{filename}"'
    lines = [f'Content-Disposition: form-data; name="{name}"{more}', *headers]
    return "\r\n".join(lines), value if isinstance(value, bytes) else value.encode()


def body(*parts: Part) -> bytes:
    """The parts as they are sent."""
    line = f"--{BOUNDARY}".encode()
    sent = b"".join(b"%s\r\n%s\r\n\r\n%s\r\n" % (line, head.encode(), data) for head, data in parts)
    return sent + line + b"--\r\n"


def post(api: httpx.Client, path: str, *parts: Part) -> httpx.Response:
    """A form of parts."""
    headers = {"Content-Type": MULTIPART}
    return api.post(f"/of-type/{path}", content=body(*parts), headers=headers)


def file(data: bytes, filename: str | None = None, content_type: str | None = None) -> Any:  # noqa: ANN401
    """What the handler tells of a file, but for its headers."""
    return {
        "filename": filename,
        "content_type": content_type,
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
    }


def told(value: Any) -> Any:  # noqa: ANN401
    """What the handler was given, without the headers of files."""
    if isinstance(value, list):
        return [told(each) for each in value]
    if isinstance(value, dict):
        return {name: told(each) for name, each in value.items() if name != "headers"}
    return value


TITLE = part("title", "t")
PNG = "Content-Type: image/png"
JSON = "Content-Type: application/json"
XML = ("Content-Type: application/xml", "X-Pages: 3")
LARGE = bytes(range(256)) * 8000
"""More than is held in memory."""

RIGHT: list[tuple[list[Part], dict[str, Any]]] = [
    ([], {}),
    ([part("count", "7")], {"count": 7}),
    ([part("tags", "a"), part("tags", "b")], {"tags": ["a", "b"]}),
    ([part("tags", "é", "Content-Type: text/plain; charset=utf-8")], {"tags": ["é"]}),
    (
        [part("tags", "é".encode("latin-1"), "Content-Type: text/plain; charset=iso-8859-1")],
        {"tags": ["é"]},
    ),
    ([part("tags", "a", "Content-Type: text/html", filename="a.html")], {"tags": ["a"]}),
    ([part("tags", "a", "content-transfer-encoding: 8BIT")], {"tags": ["a"]}),
    ([part("tags", "--a b'()+_,-./:=?")], {"tags": ["--a b'()+_,-./:=?"]}),
    ([part("meta", '{"a": 1}', JSON)], {"meta": {"a": 1, "b": "x"}}),
    ([part("meta", '{"a": 1}')], {"meta": {"a": 1, "b": "x"}}),
    (
        [part("meta", '{"a": 1}', "Content-Type: application/hal+json")],
        {"meta": {"a": 1, "b": "x"}},
    ),
    ([part("metas", '{"a": 1}', JSON), part("metas", "{}")], {"metas": [{"a": 1}, {}]}),
    ([part("metas", '[{"a": 1}, {}]', JSON)], {"metas": [{"a": 1}, {}]}),
    ([part("listed", "[1, 2]", JSON)], {"listed": [1, 2]}),
    ([part("listed", "1", JSON), part("listed", "2")], {"listed": [1, 2]}),
    ([part("file", b"\x00\xff")], {"file": file(b"\x00\xff")}),
    (
        [part("file", b"\r\n--\r\n", PNG, filename="a b.png")],
        {"file": file(b"\r\n--\r\n", "a b.png", "image/png")},
    ),
    (
        [part("file", b"ab", "Content-Type: Text/CSV; charset=x", filename="é.csv")],
        {"file": file(b"ab", "é.csv", "text/csv")},
    ),
    ([part("file", LARGE, filename="l")], {"file": file(LARGE, "l")}),
    ([part("file", "", "Content-Type: application/octet-stream", filename="")], {}),
    (
        [part("files", "a", filename="1"), part("tags", "x"), part("files", "", filename="2")],
        {"files": [file(b"a", "1"), file(b"", "2")], "tags": ["x"]},
    ),
    (
        [part("files", LARGE[:900_000], filename=n) for n in "123"],
        {"files": [file(LARGE[:900_000], n) for n in "123"]},
    ),
    ([part("picture", "x", PNG)], {"picture": file(b"x", None, "image/png")}),
    ([part("document", "<a/>", *XML)], {"document": file(b"<a/>", None, "application/xml")}),
]
"""Parts beside the title, and what of the body they give."""


@pytest.mark.parametrize(("parts", "given"), RIGHT)
def test_a_part_is_what_its_schema_and_encoding_say(
    api: httpx.Client, parts: list[Part], given: dict[str, Any]
) -> None:
    """Texts are typed, JSON is read, files are files, and what is left out has its default."""
    answer = post(api, "multipart", *parts, TITLE)
    assert answer.status_code == 200, answer.text
    assert told(answer.json()["body"]) == {"title": "t", "count": 1} | given


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        ("a.txt", "a.txt"),
        ("C:\\\\dir\\\\a.txt", "a.txt"),
        ("/etc/passwd", "passwd"),
        ("../../a.txt", "a.txt"),
        ("..", None),
        ("dir/", None),
        ("a\tb.txt", "ab.txt"),
        ("a;b.txt", "a;b.txt"),
        ('a\\"b.txt', 'a"b.txt'),
    ],
)
def test_a_filename_is_never_a_path(api: httpx.Client, sent: str, given: str | None) -> None:
    """Whatever path a client sends."""
    answer = post(api, "multipart", TITLE, part("file", "ab", filename=sent))
    assert answer.json()["body"]["file"]["filename"] == given


def test_a_file_has_the_headers_of_its_part(api: httpx.Client) -> None:
    """By name in lower case."""
    answer = post(api, "multipart", TITLE, part("document", "x", *XML, "X-More:  a b "))
    assert answer.json()["body"]["document"]["headers"] == {
        "content-disposition": 'form-data; name="document"',
        "content-type": "application/xml",
        "x-pages": "3",
        "x-more": "a b",
    }


WRONG: list[tuple[list[Part], list[str]]] = [
    ([part("title", "t" * 21)], ["#/title"]),
    ([part("x", "1")], ["#/x"]),
    ([TITLE, TITLE], ["#/title"]),
    ([TITLE, part("x", "1"), part("y", "1")], ["#/x", "#/y"]),
    ([TITLE, part("x", b"\xff", filename="x")], ["#/x"]),
    ([TITLE, part("id", "1")], ["#/id"]),
    ([TITLE, part("count", "x")], ["#/count"]),
    ([TITLE, part("count", "1"), part("count", "1")], ["#/count"]),
    ([TITLE, part("tags", "a"), part("tags", b"\xff")], ["#/tags/1"]),
    ([TITLE, part("tags", "a", "Content-Type: text/plain; charset=bogus")], ["#/tags/0"]),
    ([TITLE, part("tags", "a", "Content-Type: text")], ["#/tags/0"]),
    ([TITLE, part("tags", "YQ==", "Content-Transfer-Encoding: base64")], ["#/tags/0"]),
    ([TITLE, part("meta", "{", JSON)], ["#/meta"]),
    ([TITLE, part("meta", '{"a": 1, "a": 1}', JSON)], ["#/meta"]),
    ([TITLE, part("meta", '{"a": "x"}', JSON)], ["#/meta/a"]),
    ([TITLE, part("meta", "[" * 91 + "]" * 91, JSON)], ["#/meta"]),
    ([TITLE, part("meta", "<a/>", "Content-Type: application/xml")], ["#/meta"]),
    ([TITLE, part("metas", "{}"), part("metas", '{"a": "x"}')], ["#/metas/1/a"]),
    ([TITLE, part("listed", "1", "Content-Type: text/plain")], ["#/listed/0"]),
    ([TITLE, part("file", "a", filename="a")], ["#/file"]),
    ([TITLE, part("file", "ab"), part("file", "cd")], ["#/file"]),
    ([TITLE, *[part("files", "a")] * 4], ["#/files"]),
    ([TITLE, part("picture", "x", "Content-Type: image/gif")], ["#/picture"]),
    ([TITLE, part("picture", "x")], ["#/picture"]),
    ([TITLE, part("document", "x", "Content-Type: application/xml")], ["#/document"]),
    ([TITLE, part("document", "x", XML[0], "X-Pages: 10")], ["#/document"]),
    ([TITLE, *[part("tags", "a")] * 1000], ["#"]),
    ([("Content-Type: text/plain", b"a")], ["#"]),
    ([("Content-Disposition: form-data", b"a")], ["#"]),
    ([("Content-Disposition: attachment; name=title", b"a")], ["#"]),
    ([("content-disposition: form-data; name=title\r\nX-Long: " + "a" * 5000, b"a")], ["#"]),
    ([("\r\n".join([TITLE[0], *[f"X-{n}: a" for n in range(16)]]), b"a")], ["#"]),
    ([("No colon", b"a")], ["#"]),
]
"""Parts, and where they are wrong."""


@pytest.mark.parametrize(("parts", "places"), WRONG)
def test_a_part_that_does_not_fit_is_named(
    api: httpx.Client, parts: list[Part], places: list[str]
) -> None:
    """By its field, and its number where there may be several."""
    answer = post(api, "multipart", *parts)
    assert answer.status_code == 400, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == places, answer.text


WHOLE = body(TITLE)

NO_FORM = {
    "no boundary": ("multipart/form-data", WHOLE),
    "another boundary": ("multipart/form-data; boundary=b", WHOLE),
    "a boundary that is too long": (f"multipart/form-data; boundary={'b' * 300}", WHOLE),
    "no end": (MULTIPART, WHOLE[:-6]),
    "half an end": (MULTIPART, WHOLE[:-3]),
    "an end in a header": (MULTIPART, WHOLE[:40]),
    "no line breaks": (MULTIPART, WHOLE.replace(b"\r\n", b"\n")),
    "JSON": (MULTIPART, b"{}"),
    "a NUL": (MULTIPART, b"\0"),
}


@pytest.mark.parametrize(("media_type", "sent"), NO_FORM.values(), ids=NO_FORM.keys())
def test_what_is_no_form_is_400(api: httpx.Client, media_type: str, sent: bytes) -> None:
    """The body as a whole."""
    answer = api.post("/of-type/multipart", content=sent, headers={"Content-Type": media_type})
    assert answer.status_code == 400, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == ["#"]


def test_a_form_without_parts_is_an_empty_one(api: httpx.Client) -> None:
    """The schema says whether that will do."""
    assert post(api, "upload").json()["body"] == {}
    assert post(api, "multipart").json()["errors"][0]["pointer"] == "#"


def test_a_form_may_come_byte_by_byte(api: httpx.Client) -> None:
    """Wherever it is cut, it says the same."""
    sent = body(TITLE, part("file", b"\r\n--a b\r\n", PNG, filename="a"), part("count", "5"))
    headers = {"Content-Type": MULTIPART}
    whole = api.post("/of-type/multipart", content=sent, headers=headers).json()
    pieces = (sent[number : number + 1] for number in range(len(sent)))
    assert api.post("/of-type/multipart", content=pieces, headers=headers).json() == whole
    assert whole["body"]["count"] == 5


def test_a_form_may_be_one_of_several(api: httpx.Client) -> None:
    """Files in one branch, and defaults of the other."""
    assert told(post(api, "either", part("file", "ab")).json()["body"]) == {"file": file(b"ab")}
    assert post(api, "either", part("url", "u")).json()["body"] == {"url": "u", "depth": 2}
    assert post(api, "either", part("file", "ab"), part("url", "u")).status_code == 400
    assert post(api, "either", part("file", "a" * 11)).status_code == 400


def test_an_open_form_takes_what_it_does_not_name(api: httpx.Client) -> None:
    """As text, as a file where it has a filename, and as a list where there are several."""
    given = post(api, "upload", part("note", "a"), part("more", b"\xff", filename="m"))
    assert told(given.json()["body"]) == {"note": "a", "more": file(b"\xff", "m")}
    several = post(api, "upload", part("more", "a"), part("more", "b"), part("other", "c"))
    assert several.json()["body"] == {"more": ["a", "b"], "other": "c"}
    files = [part("more", "a", filename="1"), part("more", "b", filename="2")]
    given = post(api, "upload", *files)
    assert told(given.json()["body"]) == {"more": [file(b"a", "1"), file(b"b", "2")]}
    assert post(api, "upload", part("note", "a"), part("note", "b")).status_code == 400


def test_without_a_type_a_field_is_a_file_in_3_1(versions: Versions) -> None:
    """Or where its media type is neither text nor JSON, and it is in no encoding of text."""
    parts = [
        part("any", b"\xff"),
        part("png", b"\xff", PNG),
        part("html", "<p>"),
        part("coded", "aGk="),
        part("csv", "1,2"),
        part("const", "5"),
    ]
    given = told(post(versions["3.1"], "untyped", *parts).json()["body"])
    assert given == {
        "any": file(b"\xff"),
        "png": file(b"\xff", None, "image/png"),
        "html": "<p>",
        "coded": "aGk=",
        "csv": [1, 2],
        "const": 5,
    }
    answer = post(versions["3.1"], "untyped", part("png", "x", "Content-Type: image/gif"))
    assert answer.json()["errors"][0]["pointer"] == "#/png"
