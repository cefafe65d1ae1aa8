"""A body is JSON in UTF-8, says so, is of bounded size, and means one thing."""

import json
from collections.abc import Callable

import pytest

from contract.bodies.body_limits import MAX_BODY_BYTES
from processes.worker import LINGER_BYTES
from tests.strict.target import Target, places, problem
from tests.strict.wire import JSON, Connection, chunked, request

ACCEPTED = [
    "application/json",
    "Application/JSON",
    "APPLICATION/JSON",
    "application/json;charset=utf-8",
    "application/json; charset=UTF-8",
    'application/json; charset="utf-8"',
]
REFUSED = [
    "",
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/problem+json",
    "application/json, text/plain",
    "application/jsonx",
    "application/json;charset=bogus",
    "application/json;charset=utf-16",
    "application/json;charset=iso-8859-1",
    "application/json;charset=",
    "json",
    "*/*",
]


@pytest.mark.parametrize("media_type", ACCEPTED)
def test_json_however_it_is_spelled_is_read_and_validated(service: Target, media_type: str) -> None:
    """A good body creates; one that the contract forbids does not slip through."""
    header = b"Content-Type: " + media_type.encode()
    assert service.create(service.body(), header).status == 201
    service.refuse_creation(service.body(deliveryAddress="nowhere"), 400, header)


@pytest.mark.parametrize("media_type", REFUSED)
def test_any_other_media_type_is_415(service: Target, media_type: str) -> None:
    """Even if the body happens to be good JSON."""
    told = service.refuse_creation(service.body(), 415, b"Content-Type: " + media_type.encode())
    assert told["type"] == "urn:aware:problem:unsupported-media-type"


def test_a_body_that_does_not_say_what_it_is_is_415(service: Target) -> None:
    """Nothing is guessed."""
    service.refuse(request("POST", service.path, service.body()), 415)


def test_a_compressed_body_is_415(service: Target) -> None:
    """No content coding is known here, so the body is not what it looks like."""
    service.refuse_creation(service.body(), 415, JSON, b"Content-Encoding: gzip")


@pytest.mark.parametrize("length", [b"Content-Length: 0", b"X-Nothing: here"])
def test_no_body_where_one_is_needed_is_400(service: Target, length: bytes) -> None:
    """With a length of nothing, and without a length."""
    told = service.refuse(request("POST", service.path, None, JSON, length), 400)
    assert places(told) == ["#"]


NOT_JSON = {
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "invalid UTF-8": b'{"a": "\xff"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "a lone high surrogate": rb'{"a": "\ud800"}',
    "a lone low surrogate": rb'{"a": "\udc00"}',
    "a surrogate as a name": rb'{"\ud800": 1}',
    "a raw newline in a string": b'{"a": "\n"}',
    "a raw NUL": b'{"a": "\x00"}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "duplicate names": b'{"emails": 1, "emails": 2}',
    "duplicate names, one escaped": rb'{"emails": 1, "\u0065mails": 2}',
    "duplicate names below": b'{"a": [{"b": {"c": 1, "c": 1}}]}',
    "nesting of 91": b"[" * 91 + b"]" * 91,
    "nesting of 901": b"[" * 901 + b"]" * 901,
    "nesting of 100000": b"[" * 100_000,
    "objects nested 100000 deep": b'{"a":' * 100_000,
    "an integer of 5000 digits": b'{"a": %s}' % (b"9" * 5000),
    "a leading zero": b'{"a": 01}',
    "a leading plus": b'{"a": +1}',
    "hexadecimal": b'{"a": 0x10}',
    "an underscore in a number": b'{"a": 1_0}',
    "a bare point": b'{"a": 1.}',
    "a comment": b'{"a": 1 /* one */}',
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "two values": b"{} {}",
    "something behind": b"{}x",
    "an end too soon": b'{"a": ',
    "white space alone": b"   ",
    "a form": b"a=1&b=2",
    "a NUL alone": b"\x00",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_strictly_json_is_400(service: Target, body: bytes) -> None:
    """And the whole body is what is wrong, not a field of it."""
    told = service.refuse_creation(body, 400)
    assert told["type"] == "urn:aware:problem:invalid-request"
    assert places(told) == ["#"]


@pytest.mark.parametrize("body", [b"null", b"true", b"1", b'"x"', b"[]", b"[{}]"])
def test_json_that_is_no_object_is_400(service: Target, body: bytes) -> None:
    """It is read, and does not fit."""
    assert "#" in places(service.refuse_creation(body, 400))


def test_nesting_that_json_allows_is_refused_where_it_does_not_belong(service: Target) -> None:
    """80 arrays in each other, where an address should be."""
    deep = json.loads("[" * 80 + "]" * 80)
    told = service.refuse_creation(service.body(deliveryAddress=deep), 400)
    assert places(told) == ["#/deliveryAddress"]


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_a_body_in_chunks_is_a_body(service: Target, size: int) -> None:
    """Whatever the size of a chunk; and it is validated like any other."""
    good, bad = service.body(), service.body(deliveryAddress="nowhere")
    assert service.ask(chunked("POST", service.path, good, JSON, size=size)).status == 201
    service.refuse(chunked("POST", service.path, bad, JSON, size=size), 400)


def test_a_body_of_the_greatest_size_is_read(service: Target) -> None:
    """It fails by what it says, not by its size; one byte more is too large."""
    body = service.body()
    filled = body + b" " * (MAX_BODY_BYTES - len(body))
    assert service.create(filled).status == 201
    told = service.refuse_creation(service.body() + b" " * MAX_BODY_BYTES, 413)
    assert told["type"] == "urn:aware:problem:payload-too-large"
    service.refuse_creation(filled + b" ", 413)


@pytest.mark.parametrize("framed", [request, chunked], ids=["with a length", "in chunks"])
def test_a_client_that_sends_30_mb_can_read_its_413(
    service: Target, framed: Callable[..., bytes]
) -> None:
    """It is not reset while it sends, and nothing but the 413 comes back."""
    data = framed("POST", service.path, b'{"a": "%s"}' % (b"a" * 30_000_000), JSON)
    with Connection(service.address) as connection:
        connection.send(data)
        answer = connection.receive()
        assert answer is not None, "reset before the answer could be read"
        problem(answer, 413)
        assert answer.headers["connection"] == "close"
        assert connection.is_closed()
    service.assert_serving()


def test_a_body_that_goes_on_after_its_413_is_cut_off(service: Target) -> None:
    """What is discarded has an end: nobody keeps a connection by sending for ever."""
    head = request("POST", service.path, None, JSON, b"Content-Length: 9999999999999")
    with Connection(service.address) as connection:
        connection.send(head)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.send(b"a" * 3 * LINGER_BYTES)
    service.assert_serving()


def test_a_body_on_get_changes_nothing(service: Target) -> None:
    """It is neither read as parameters nor as the next request."""
    plain = service.ask(request("GET", service.known))
    smuggled = request("POST", service.path, service.body(), JSON)
    for body in (b"{}", b"not json", smuggled, b"x" * 3_000_000):
        assert service.ask(request("GET", service.known, body, JSON)).body == plain.body
        assert service.ask(chunked("GET", service.known, body)).body == plain.body
