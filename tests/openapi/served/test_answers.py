"""What handlers answer, as it arrives: values, media types, headers, files, streams, responses."""

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.openapi.served.answering import LARGE_MIB, MIB, TRANSFER
from tests.openapi.served.conftest import GOOD, serve
from tests.strict.wire import Connection
from tests.waiting import until

PROBLEM = "application/problem+json"
DIGITS = b"0123456789"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that are answered."""
    made = tmp_path_factory.mktemp("files")
    (made / "digits.bin").write_bytes(DIGITS)
    (made / "picture.png").write_bytes(b"\x89PNG")
    with (made / "large.bin").open("wb") as file:
        file.truncate(LARGE_MIB * MIB)
    return made


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[httpx.Client]:
    """The service with such files; its answers are not checked."""
    yield from serve(GOOD / "v30" / "api.yaml", folder)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[httpx.Client]:
    """The same in OpenAPI 3.1, and whatever breaks the contract is a 500."""
    made = tmp_path_factory.mktemp("checked")
    for each in folder.glob("*.*"):
        (made / each.name).hardlink_to(each)
    yield from serve(GOOD / "v31" / "api.yaml", made, ECHO_CHECK="1")


@pytest.fixture(params=["plain", "checked"])
def service(request: pytest.FixtureRequest) -> httpx.Client:
    """Each in turn: what is right passes the check too."""
    client: httpx.Client = request.getfixturevalue(request.param)
    return client


def ask(
    service: httpx.Client,
    path: str,
    case: str | None = None,
    method: str = "GET",
    **headers: str,
) -> httpx.Response:
    """The answer that a case makes; in the names of `headers`, `_` stands for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("Accept", "*/*")
    if case is not None:
        given["X-Case"] = case
    return service.request(method, f"/answers/of/{path}", headers=given)


def test_a_value_is_json(service: httpx.Client) -> None:
    """With the first success that the spec declares."""
    answer = ask(service, "value")
    assert (answer.status_code, answer.content) == (200, b'{"a":[1,null]}')
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == "14"
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("case", "body"),
    [("text", '"text"'), ("number", "1.5"), ("none", "null"), ("bytes", '{"raw": 1}')],
)
def test_any_value_of_json_is_one(service: httpx.Client, case: str, body: str) -> None:
    """Also null, where the schema knows it; bytes are JSON already."""
    assert ask(service, "value", case).text == body


def test_formats_are_written_as_openapi_has_them(service: httpx.Client) -> None:
    """Moments in UTC and in milliseconds, decimals as they are counted, bytes in base64."""
    assert ask(service, "value", "kinds").json() == {
        "naive": "2026-11-22T10:15:30.123Z",
        "utc": "2026-11-22T10:15:30.123Z",
        "east": "2026-11-22T04:45:30.123Z",
        "day": "2026-11-22",
        "decimal": "100",
        "uuid": "08884b79-e16c-4976-a52e-ba1b2b62cfaa",
        "bytes": "aGk=",
        "large": 10**30,
    }


ACCEPT: list[tuple[str, str]] = [
    ("", "application/json"),
    ("*/*", "application/json"),
    ("application/*", "application/json"),
    ("text/*", "text/csv"),
    ("TEXT/CSV", "text/csv"),
    ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
    ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
    ("text/csv;q=0.5, application/json;q=0.5", "application/json"),
    ("text/csv, */*;q=0.1", "text/csv"),
    ("application/json;q=0, */*", "text/csv"),
    ("application/json;q=0.1, application/*;q=0.9, text/csv;q=0.5", "application/vnd.rows+json"),
    ("application/vnd.rows+json", "application/vnd.rows+json"),
    ("application/vnd.rows+json;version=2", "application/vnd.rows+json"),
    ('application/vnd.rows+json; VERSION="2"', "application/vnd.rows+json"),
    ("application/vnd.rows+json;version=1, text/csv;q=0.1", "text/csv"),
    ("application/json;charset=utf-8", "application/json"),
    ("text/csv;charset=UTF-8", "text/csv"),
    ("text/csv;charset=latin-1, application/json;q=0.1", "application/json"),
    ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"),
    (",, text/csv ,,", "text/csv"),
    ("text/csv;;", "text/csv"),
    ('text/html;a="x, text/csv", */*;q=0.1', "application/json"),
    ("nonsense", "application/json"),
    ("text/csv;q=2, application/json", "application/json"),
    ("text/csv;q=x", "application/json"),
    ("*/csv", "application/json"),
    ('"', "application/json"),
]
"""What a client takes, and what it gets of JSON, CSV and a JSON of a vendor's."""


@pytest.mark.parametrize(("accept", "media_type"), ACCEPT)
def test_a_client_gets_what_it_likes_best(
    service: httpx.Client, accept: str, media_type: str
) -> None:
    """RFC 9110, 12.5.1: weights, then what is more specific, then the order of the spec."""
    answer = ask(service, "several", Accept=accept)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    assert answer.headers["Vary"] == "Accept"
    if media_type == "text/csv":
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.text == 'name,size\r\n"a,b",1\r\n"c""d",\r\n'
    else:
        assert answer.json() == [{"name": "a,b", "size": 1}, {"name": 'c"d', "size": None}]


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*, text/plain"])
def test_what_no_answer_can_be_is_refused(service: httpx.Client, accept: str) -> None:
    """406, as a problem, which is sent whatever a client takes."""
    answer = ask(service, "several", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)
    assert answer.headers["Vary"] == "Accept"
    assert "text/csv" in answer.json()["detail"]


def test_it_is_refused_before_the_handler_runs(plain: httpx.Client) -> None:
    """A POST is not carried out and then refused."""
    before = ask(plain, "value", "events").json()
    refused = ask(plain, "several", "stream", "POST", Accept="image/png")
    assert refused.status_code == 406
    assert ask(plain, "value", "events").json() == before
    # Only the other success has that media type: what was done is told in another.
    assert ask(plain, "several", None, "POST", Accept="text/plain").json()[0]["size"] == 1
    assert ask(plain, "several", None, Accept="application/xml").status_code == 406


def test_a_problem_is_sent_whatever_a_client_takes(service: httpx.Client) -> None:
    """It is no representation of what was asked for."""
    answer = ask(service, "several", "stream-broken", Accept="text/csv")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize(
    ("accept", "body", "media_type"),
    [
        ("*/*", b'[{"name":"a,b","size":1},{"name":"c\\"d","size":null}]', "application/json"),
        ("application/xml", b"<rows/>", "application/xml"),
    ],
)
def test_a_handler_may_give_several_representations(
    service: httpx.Client, accept: str, body: bytes, media_type: str
) -> None:
    """Of which only the one that is sent is made; its own `Vary` is kept."""
    answer = ask(service, "several", "representations", Accept=accept)
    assert (answer.content, answer.headers["Content-Type"]) == (body, media_type)
    assert answer.headers.get_list("Vary") == ["Cookie", "Accept"]
    assert answer.headers["X-Kind"] == "two"


@pytest.mark.parametrize(
    ("path", "case", "media_type"),
    [
        ("image", "png", "image/png"),
        ("image", "jpeg-with-parameters", 'image/jpeg; q-table="x y"'),
        ("image", "file-by-name", "image/png"),
        ("any", "png", "image/png"),
        ("any", "html", "text/html; charset=utf-8"),
        ("any", "bytes", "application/octet-stream"),
        ("any", "text", "text/plain; charset=utf-8"),
        ("any", "number", "application/json"),
        ("any", "none", "application/json"),
        ("several", "csv", "text/csv; charset=utf-8"),
        ("several", "form", "application/x-www-form-urlencoded"),
        ("bytes", None, "application/octet-stream"),
        ("text", None, "text/plain; charset=utf-8"),
        ("text", "latin", "text/plain; charset=ISO-8859-1"),
    ],
)
def test_a_media_type_is_the_one_that_is_declared_or_named(
    service: httpx.Client, path: str, case: str | None, media_type: str
) -> None:
    """A handler names one that is declared, or one within a range that is."""
    answer = ask(service, path, case)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        203 if case == "latin" else 200,
        media_type,
    )


def test_texts_rows_and_forms_are_encoded(service: httpx.Client) -> None:
    """Each as its media type has it."""
    assert ask(service, "text", "latin").content == "Straße".encode("latin-1")
    assert ask(service, "text", "number-as-text").content == b"7"
    assert ask(service, "several", "csv").content == b"a,1\r\nb,\r\n"
    assert ask(service, "several", "form").content == b"a=1&a=2&b=x+y&d=true"


STATUSES: list[tuple[str, str | None, int, bytes]] = [
    ("POST created", "created", 201, b'{"name":"a"}'),
    ("POST created", "none", 202, b""),
    ("DELETE empty", None, 204, b""),
    ("DELETE empty", "unmodified", 304, b""),
    ("GET undescribed", None, 200, b""),
    ("GET ranges", None, 200, b'{"name":"a"}'),
    ("GET ranges", "teapot", 418, b"3"),
    ("GET ranges", "not-found-text", 404, b"none"),
    ("GET defaulted", None, 200, b'{"name":"a"}'),
    ("GET nullable", None, 200, b"null"),
    ("GET nullable", "text", 200, b'"text"'),
]


@pytest.mark.parametrize(("operation", "case", "status", "body"), STATUSES)
def test_a_status_is_the_first_success_that_holds_the_value(
    service: httpx.Client, operation: str, case: str | None, status: int, body: bytes
) -> None:
    """None has no body where one is declared so, or is null; ranges are 200, `default` is."""
    method, path = operation.split()
    answer = ask(service, path, case, method)
    assert (answer.status_code, answer.content) == (status, body), answer.text
    if status in (204, 304):
        assert not {"content-length", "content-type", "transfer-encoding"} & {*answer.headers}


def test_headers_are_written_as_the_spec_has_them(service: httpx.Client) -> None:
    """In the style `simple` or as `content` says; those that are None are left out."""
    headers = ask(service, "created", "created", "POST").headers
    assert headers["Location"] == "/a"
    assert headers["X-Count"] == "3"
    assert headers["X-Flags"] == "true,false"
    assert headers["X-Map"] == "a=1"
    assert headers["X-Json"] == "[1,2]"
    assert headers["X-At"] == "2026-11-22T10:15:30.123Z"
    assert headers["X-More"] == "more"
    assert headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert "X-None" not in headers


WRONG = [
    ("value", "not-json"),
    ("text", "not-text"),
    ("undescribed", "text"),
    ("bytes", "number"),
    ("text", "none"),
    ("image", "unnamed-image"),
    ("image", "html"),
    ("value", "html"),
    ("text", "three-hundred"),
    ("several", "representation-undeclared"),
    ("bytes", "file-missing"),
    ("bytes", "file-folder"),
    ("bytes", "stream-wrong"),
]
"""Answers that no declaration holds."""


@pytest.mark.parametrize(("path", "case"), WRONG)
def test_what_is_not_declared_is_never_sent(service: httpx.Client, path: str, case: str) -> None:
    """500, whether answers are checked or not; nothing is dropped, and nothing guessed."""
    if case == "stream-wrong":
        with pytest.raises(httpx.RemoteProtocolError):
            ask(service, path, case)
        return
    answer = ask(service, path, case)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)


@pytest.mark.parametrize("case", ["framing", "line-break"])
def test_a_header_that_would_break_the_message_is_never_sent(
    service: httpx.Client, case: str
) -> None:
    """Framing is not a handler's business, and no header has line breaks."""
    answer = ask(service, "created", case, "POST")
    assert answer.status_code == 500
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize(
    ("path", "method", "case"),
    [
        ("created", "POST", "created-without-location"),
        ("created", "POST", "created-with-wrong-count"),
        ("ranges", "GET", "not-found-number"),
        ("text", "GET", "wrong-number-as-text"),
        ("ranges", "GET", "number"),
        ("value", "GET", "three-hundred"),
        ("value", "GET", "response-text"),
        ("undescribed", "GET", "response"),
        ("empty", "DELETE", "response-text"),
    ],
)
def test_the_check_of_the_tests_refuses_what_breaks_the_contract(
    checked: httpx.Client, path: str, method: str, case: str
) -> None:
    """Missing and wrong headers, other bodies, and what handlers made themselves."""
    assert ask(checked, path, case, method).status_code == 500


def test_what_is_write_only_is_never_answered(service: httpx.Client) -> None:
    """By value, behind references, in open objects, and in a response that a handler made."""
    told = ask(service, "secret")
    assert told.json() == {"name": "a", "more": {}}
    assert told.headers["Content-Length"] == str(len(told.content))
    own = ask(service, "secret", "response")
    assert (own.json(), own.headers["X-Own"]) == ({"name": "a"}, "1")
    assert own.headers["Content-Length"] == str(len(own.content))


def test_what_is_write_only_in_a_branch_is_not_answered_where_that_branch_is_meant(
    plain: httpx.Client,
) -> None:
    """And where none of them fits, nothing is told that any of them keeps."""
    answer = ask(plain, "secrets", "secrets")
    assert answer.json() == [{"until": "2"}, TRANSFER, {}]


def test_write_only_by_pattern_is_not_answered(checked: httpx.Client) -> None:
    """OpenAPI 3.1 may say it of names."""
    assert ask(checked, "secret", "secret-by-pattern").json() == {"name": "a"}


def test_a_response_is_sent_as_it_is(plain: httpx.Client) -> None:
    """Whatever the spec says of it."""
    answer = ask(plain, "value", "response-text")
    assert (answer.status_code, answer.text) == (418, "own")
    assert ask(plain, "value", "response-empty").status_code == 204


def test_a_file_is_sent_with_its_length_and_name(service: httpx.Client) -> None:
    """And with what tells one state of it from another."""
    answer = ask(service, "bytes", "file")
    assert (answer.status_code, answer.content) == (200, DIGITS)
    headers = answer.headers
    assert headers["Content-Length"] == "10"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''zahlen%20%C3%A4.bin"
    assert {"ETag", "Last-Modified"} <= {each.title().replace("Etag", "ETag") for each in headers}
    otherwise = ask(service, "bytes", "file-named-otherwise")
    assert otherwise.headers["Content-Disposition"] == "inline"


def test_a_file_object_is_sent_to_its_end(service: httpx.Client) -> None:
    """With its length, where it knows it."""
    answer = ask(service, "bytes", "file-object")
    assert (answer.content, answer.headers["Content-Length"]) == (DIGITS, "10")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="digits.bin"'


RANGES: list[tuple[str, int, bytes, str | None]] = [
    ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
    ("bytes=7-", 206, b"789", "bytes 7-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"),
    ("bytes=-30", 206, DIGITS, "bytes 0-9/10"),
    ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
    ("Bytes= 0-0", 206, b"0", "bytes 0-0/10"),
    ("bytes=0-1,99-", 206, b"01", "bytes 0-1/10"),
    ("bytes=10-", 416, b"", "bytes */10"),
    ("bytes=-0", 416, b"", "bytes */10"),
    ("bytes=5-2", 200, DIGITS, None),
    ("bytes=a-b", 200, DIGITS, None),
    ("bytes=+1-2", 200, DIGITS, None),
    ("bytes=", 200, DIGITS, None),
    ("lines=1-2", 200, DIGITS, None),
    ("bytes=" + ",".join(["0-1"] * 200), 200, DIGITS, None),
]


@pytest.mark.parametrize(("asked", "status", "body", "told"), RANGES)
def test_a_part_of_a_file_is_sent(
    service: httpx.Client, asked: str, status: int, body: bytes, told: str | None
) -> None:
    """RFC 9110, 14.2: what is no range is ignored, what is beyond the end refused."""
    answer = ask(service, "bytes", "file", Range=asked)
    assert answer.status_code == status, answer.text
    assert answer.headers.get("Content-Range") == told
    if status == 416:
        assert answer.headers["Content-Type"] == PROBLEM
    else:
        assert answer.content == body


def test_several_parts_of_a_file_are_sent(service: httpx.Client) -> None:
    """As multipart/byteranges."""
    answer = ask(service, "bytes", "file", Range="bytes=0-1, 5-6")
    assert answer.status_code == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert b"bytes 5-6/10\r\n\r\n56\r\n" in answer.content


def test_a_part_is_sent_only_of_the_state_that_is_known(service: httpx.Client) -> None:
    """If-Range with the ETag or the date; with another one, the whole."""
    whole = ask(service, "bytes", "file").headers
    for name, status in (
        (whole["ETag"], 206),
        (whole["Last-Modified"], 206),
        ('"other"', 200),
        (formatdate(0, usegmt=True), 200),
        (f"W/{whole['ETag']}", 200),
    ):
        answer = ask(service, "bytes", "file", Range="bytes=0-1", If_Range=name)
        assert answer.status_code == status, name
        beyond = ask(service, "bytes", "file", Range="bytes=99-", If_Range=name)
        assert beyond.status_code == {206: 416, 200: 200}[status], name


def test_a_stream_is_sent_as_it_comes(service: httpx.Client) -> None:
    """In chunks, text and bytes; an empty one is an empty body."""
    answer = ask(service, "bytes", "stream")
    assert (answer.content, answer.headers["Transfer-Encoding"]) == (b"onetwo", "chunked")
    assert ask(service, "bytes", "stream-empty").content == b""
    assert ask(service, "bytes", "stream-blocking").content == bytes(2 * MIB)


def test_events_arrive_one_by_one(service: httpx.Client) -> None:
    """The first is there while the second is not made yet."""
    assert ask(service, "events").headers["Content-Type"] == "text/event-stream; charset=utf-8"
    path = "/answers/of/events"
    with service.stream("GET", path, headers={"X-Case": "stream-waiting"}) as answer:
        assert next(answer.iter_text()) == "data: 1\n\n"


def test_an_error_before_the_first_part_is_a_problem(service: httpx.Client) -> None:
    """As if the handler itself had raised it."""
    answer = ask(service, "bytes", "stream-broken")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "There is nothing with this id.",
    )


def test_an_error_in_the_middle_is_never_taken_for_the_end(service: httpx.Client) -> None:
    """The connection ends, and the body has not."""
    with pytest.raises(httpx.RemoteProtocolError):
        ask(service, "bytes", "stream-breaking")
    assert ask(service, "value").status_code == 200


def test_a_stream_may_last_longer_than_a_handler(service: httpx.Client) -> None:
    """The deadline is that of the handler, and it has returned."""
    answer = ask(service, "bytes", "stream-late")
    assert answer.content == b"x" * 8
    assert answer.elapsed.total_seconds() > 5


@pytest.mark.parametrize("name", ["endless", "waiting"])
def test_a_client_that_goes_away_ends_its_stream(plain: httpx.Client, name: str) -> None:
    """Whether the next part is there or not; others are answered all the while."""

    def closed() -> int:
        return int(ask(plain, "value", "events").json().count(name))

    before = closed()
    path = "events" if name == "waiting" else "bytes"
    headers = {"X-Case": f"stream-{name}"}
    with plain.stream("GET", f"/answers/of/{path}", headers=headers) as answer:
        parts = answer.iter_raw()  # kept: when it goes, it closes the connection
        next(parts)
        assert closed() == before
    until(lambda: closed() > before, "the stream is closed")


@pytest.mark.parametrize("case", ["file", "file-object", "stream-blocking", "stream-endless"])
def test_head_tells_of_files_and_streams_without_a_body(service: httpx.Client, case: str) -> None:
    """The headers of GET, and no part is made."""
    answer = ask(service, "bytes", case, "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    if case.startswith("file"):
        assert answer.headers["Content-Length"] == "10"


def test_head_of_a_part_of_a_file_is_that_of_the_part(service: httpx.Client) -> None:
    """As GET with the same range."""
    answer = ask(service, "bytes", "file", "HEAD", Range="bytes=2-3")
    assert (answer.status_code, answer.headers["Content-Range"]) == (206, "bytes 2-3/10")


def test_head_is_refused_as_get_is(service: httpx.Client) -> None:
    """406, without a body."""
    answer = ask(service, "several", None, "HEAD", Accept="text/html")
    assert (answer.status_code, answer.content) == (406, b"")


@pytest.mark.parametrize("case", ["stream-large", "file-large"])
def test_a_large_body_is_never_held_as_a_whole(service: httpx.Client, case: str) -> None:
    """The service's memory grows by less than a quarter of it, with the check and without."""
    pid = _worker(service)
    ask(service, "bytes", "file-object")
    before, size = _peak(pid), 0
    with service.stream("GET", "/answers/of/bytes", headers={"X-Case": case}) as answer:
        for part in answer.iter_raw():
            size += len(part)
    assert size == LARGE_MIB * MIB
    assert _peak(pid) - before < LARGE_MIB * MIB / 4


def _worker(service: httpx.Client) -> int:
    """The process that holds the connections of a service's port."""
    return int(ask(service, "value", "pid").json())


def _peak(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_http_1_0_is_told_the_end_by_that_of_the_connection(plain: httpx.Client) -> None:
    """It knows no chunks."""
    with Connection(f"{plain.base_url.host}:{plain.base_url.port}") as connection:
        lines = b"GET /api/answers/of/bytes HTTP/1.0\r\nX-Case: stream\r\n\r\n"
        connection.send(lines)
        answer: Any = connection.receive()
    assert (answer.status, answer.body) == (200, b"onetwo")
