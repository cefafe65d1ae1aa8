"""Uploads: bounded in size, in time and in memory, and nothing of them is left behind."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from contract.bodies.body_limits import WINDOW_BYTES, WINDOW_SECONDS
from tests.openapi.served.conftest import Served
from tests.openapi.served.test_multipart import MULTIPART, TITLE, body, part
from tests.strict.wire import Connection, request
from tests.waiting import until

MIB = 1024 * 1024
FORM = f"Content-Type: {MULTIPART}".encode()
LARGE = b"x" * (4 * MIB)
"""More than is held in memory, and than the sockets hold."""


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(served: Served) -> Iterator[None]:
    """Neither a file nor an open one, and the service lives on."""
    yield
    until(lambda: not served.left_behind(), "nothing is left behind")
    assert served.client.get("/things/search").is_success


def connected(served: Served) -> Connection:
    """A connection of one's own."""
    return Connection(f"{served.client.base_url.host}:{served.client.base_url.port}", 60)


def begun(path: str, *headers: bytes, length: int, sent: bytes) -> bytes:
    """A request that says it is longer than it is."""
    lines = (*headers, b"Content-Length: %d" % length)
    return request("POST", f"/api/of-type/{path}", None, *lines) + sent


def open_files(served: Served) -> list[str]:
    """The temporary files that the worker has open."""
    return [each for each in served.left_behind() if "/" in each]


def test_a_large_file_is_on_disk_without_a_name(served: Served) -> None:
    """While it comes in; its folder looks empty all the time."""
    sent = body(part("file", LARGE))
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=len(sent), sent=sent[:-MIB]))
        until(lambda: open_files(served), "it is on disk")
        assert [*served.temporary.iterdir()] == []
        connection.send(sent[-MIB:])
        answer = connection.receive()
    assert answer is not None
    assert json.loads(answer.body)["body"]["file"]["size"] == len(LARGE)


@pytest.mark.parametrize("media_type", [FORM, b"Content-Type: application/octet-stream"])
@pytest.mark.parametrize("has_answer", [True, False])
def test_an_upload_that_is_cut_off_reaches_nobody(
    served: Served, media_type: bytes, *, has_answer: bool
) -> None:
    """Whether the client is gone or only says that it sends no more."""
    sent = body(part("file", LARGE))
    with connected(served) as connection:
        connection.send(begun("upload", media_type, length=len(sent), sent=sent[:-10]))
        until(lambda: open_files(served), "it is on disk")
        if has_answer:
            connection.end()
            answer = connection.receive()
            assert answer is None or answer.status == 408


def test_a_worker_that_is_killed_leaves_nothing(served: Served) -> None:
    """There is no name that could stay; another worker takes its place."""
    killed = served.worker
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=9 * MIB, sent=body(part("file", LARGE))[:-99]))
        until(lambda: open_files(served), "it is on disk")
        killed.kill()
        until(lambda: [each.pid for each in served.process.children()] != [killed.pid], "replaced")
        until(lambda: len(served.process.children()) == 1, "one worker")
    assert [*served.temporary.iterdir()] == []
    until(lambda: served.client.get("/things/search").is_success, "it is served again")


def test_a_body_that_stops_coming_is_408(served: Served) -> None:
    """After a while, and the connection ends with it."""
    with ExitStack() as connections:
        stopped = []
        for sent in (b"", b"--a", body(part("file", LARGE))[:-10]):
            connection = connections.enter_context(connected(served))
            connection.send(begun("upload", FORM, length=9 * MIB, sent=sent))
            stopped.append(connection)
        for connection in stopped:
            answer = connection.receive()
            assert answer is not None
            assert answer.status == 408
            assert answer.json()["type"] == "urn:aware:problem:request-timeout"
            assert connection.is_closed()


def _trickled(served: Served, pieces: Iterator[bytes], every: float) -> int:
    """The status of the answer to a body that comes piece by piece."""
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=9 * MIB, sent=body(TITLE)[:20]))
        for piece in pieces:
            try:
                connection.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(every)
        answer = connection.receive()
    assert answer is not None
    return answer.status


def test_a_body_that_trickles_is_408(served: Served) -> None:
    """A byte now and then keeps nobody waiting for ever."""
    pieces = int(WINDOW_SECONDS * 5)
    assert _trickled(served, iter([b"a"] * pieces), 0.25) == 408


def test_a_slow_but_honest_upload_arrives(served: Served) -> None:
    """Twice as fast as it has to be, for longer than it may pause."""
    sent = body(part("file", b"x" * 2 * (WINDOW_BYTES + WINDOW_BYTES // 2)))
    step = WINDOW_BYTES // WINDOW_SECONDS
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=len(sent), sent=b""))
        for at in range(0, len(sent), step):
            connection.send(sent[at : at + step])
            time.sleep(0.5)
        answer = connection.receive()
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    ("parts", "status", "places"),
    [
        ([part("file", b"x" * 3_000_001)], 400, ["#/file"]),
        ([part("files", b"x"), part("files", b"x" * 1_000_001)], 400, ["#/files/1"]),
        ([part("picture", b"x" * 1001, "Content-Type: image/png")], 400, ["#/picture"]),
        ([part("title", b"x" * (MIB + 1))], 413, []),
        ([part("tags", b"x" * 600_000), part("tags", b"x" * 600_000)], 413, []),
    ],
)
def test_a_part_that_is_too_large_is_refused(
    served: Served, parts: list[tuple[str, bytes]], status: int, places: list[str]
) -> None:
    """A file by its schema, which names it; what is no file by the limit of all together."""
    answer = served.client.post(
        "/of-type/multipart", content=body(TITLE, *parts), headers={"Content-Type": MULTIPART}
    )
    assert answer.status_code == status, answer.text
    assert [each["pointer"] for each in answer.json().get("errors", [])] == places


@pytest.mark.parametrize(("path", "most"), [("several", 20), ("image", 2_000_000)])
@pytest.mark.parametrize("has_length", [True, False])
def test_a_file_that_its_schema_says_is_too_large_is_400(
    api: httpx.Client, path: str, most: int, *, has_length: bool
) -> None:
    """It is the request that does not fit the contract, as with any other `maxLength`."""
    for size, status in ((most, 200), (most + 1, 400)):
        body = b"a" * size
        content = body if has_length else iter([body])
        headers = {"Content-Type": "image/png"}
        method = "PUT" if path == "image" else "POST"
        answer = api.request(method, f"/of-type/{path}", content=content, headers=headers)
        assert answer.status_code == status, answer.text
    (issue,) = answer.json()["errors"]
    assert issue == {"pointer": "#", "detail": f"has more than {most} bytes"}


def test_a_form_is_at_most_as_large_as_its_files_may_be(served: Served) -> None:
    """Its length says so before it comes; without one its bytes do, known part or not."""
    most = MIB + 100 * MIB
    with connected(served) as connection:
        connection.send(begun("default", FORM, length=most + 1, sent=b""))
        answer = connection.receive()
    assert answer is not None
    assert answer.status == 413


def test_many_files_take_one_descriptor(served: Served) -> None:
    """A thousand files, and more than fits into memory."""
    data = b"x" * 2000
    sent = body(*[part(f"f{number}", data, filename="f") for number in range(1000)])
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=len(sent), sent=sent[:-5]))
        until(lambda: open_files(served), "it is on disk")
        assert len(open_files(served)) == 1
        connection.send(sent[-5:])
        answer = connection.receive()
    assert answer is not None
    assert {each["size"] for each in json.loads(answer.body)["body"].values()} == {2000}


def test_others_are_answered_meanwhile(served: Served) -> None:
    """An upload under way keeps nobody waiting."""
    sent = body(part("file", LARGE))
    with connected(served) as connection:
        connection.send(begun("upload", FORM, length=len(sent), sent=sent[:-10]))
        until(lambda: open_files(served), "it is on disk")
        assert served.client.get("/things/search").is_success
        connection.send(sent[-10:])
        assert connection.receive() is not None
