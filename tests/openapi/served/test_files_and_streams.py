"""Responses, files and streams that handlers answer, as they arrive."""

from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.openapi.served.answering import LARGE_MIB, MIB
from tests.openapi.served.conftest import DIGITS, PROBLEM, ask
from tests.strict.wire import Connection
from tests.waiting import until


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
