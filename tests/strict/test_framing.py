"""Where a request begins and ends: no lie about it is believed, none hangs."""

import pytest

from tests.strict.target import LIBRARIES, Target, problem
from tests.strict.wire import JSON, Answer, Connection, chunked, request

BODY = b'{"a": 1}'


def raw(*lines: bytes, body: bytes = b"") -> bytes:
    """A request of these lines, as they stand."""
    return b"\r\n".join([*lines, b"", body])


def posted(*headers: bytes, body: bytes = BODY) -> bytes:
    """A request to the order service with a body, framed by `headers` alone."""
    return raw(b"POST /orders/ HTTP/1.1", b"Host: service", JSON, *headers, body=body)


CHUNKS = b"Transfer-Encoding: chunked"

MALFORMED: dict[str, tuple[int, bytes]] = {
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
    "words": (400, b"hello there\r\n\r\n"),
    "no version": (400, b"GET /\r\n\r\n"),
    "HTTP 2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP 3": (400, b"GET / HTTP/3.0\r\n\r\n"),
    "a method in small letters": (400, b"get / HTTP/1.1\r\n\r\n"),
    "a method that is no word": (400, b"G@T / HTTP/1.1\r\n\r\n"),
    "a NUL in the path": (400, b"GET /\x00 HTTP/1.1\r\n\r\n"),
    "UTF-8 in the path": (400, "GET /ü HTTP/1.1\r\n\r\n".encode()),
    "spaces in the path": (400, b"GET /a b HTTP/1.1\r\n\r\n"),
    "lines without returns": (400, b"GET / HTTP/1.1\nHost: service\n\n"),
    "a header without a colon": (400, raw(b"GET / HTTP/1.1", b"Host")),
    "a space before a colon": (400, raw(b"GET / HTTP/1.1", b"Host : service")),
    "a folded header": (400, raw(b"GET / HTTP/1.1", b"Host: service", b" folded")),
    "a NUL in a header": (400, raw(b"GET / HTTP/1.1", b"Host: a\x00b")),
    "two hosts": (400, raw(b"GET / HTTP/1.1", b"Host: a", b"Host: b")),
    "two content types": (400, posted(b"Content-Length: 8", b"Content-Type: text/plain")),
    "a negative length": (400, posted(b"Content-Length: -1")),
    "a length with a plus": (400, posted(b"Content-Length: +8")),
    "a length in hexadecimal": (400, posted(b"Content-Length: 0x8")),
    "an empty length": (400, posted(b"Content-Length:")),
    "a length that is a list": (400, posted(b"Content-Length: 8, 8")),
    "a length of 5000 digits": (400, posted(b"Content-Length: " + b"9" * 5000)),
    "two lengths": (400, posted(b"Content-Length: 8", b"Content-Length: 9")),
    "the same length twice": (400, posted(b"Content-Length: 8", b"Content-Length: 8")),
    "a length and chunks": (400, posted(b"Content-Length: 8", CHUNKS)),
    "chunks twice": (400, posted(CHUNKS, CHUNKS)),
    "chunks, then not": (400, posted(b"Transfer-Encoding: chunked, identity")),
    "compressed and not in chunks": (400, posted(b"Transfer-Encoding: gzip")),
    "an unknown coding": (501, posted(b"Transfer-Encoding: magic")),
    "a chunk of no size": (400, posted(CHUNKS, body=b"\r\n")),
    "a chunk whose size is no number": (400, posted(CHUNKS, body=b"xyz\r\n")),
    "a chunk of a negative size": (400, posted(CHUNKS, body=b"-1\r\n")),
    "a chunk longer than it says": (400, posted(CHUNKS, body=b"1\r\nabc\r\n0\r\n\r\n")),
    "a chunk and a bare newline": (400, posted(CHUNKS, body=b"1\na\n0\n\n")),
    "a path of 100 kB": (414, raw(b"GET /" + b"a" * 100_000 + b" HTTP/1.1")),
    "a query of 100 kB": (414, raw(b"GET /?" + b"a" * 100_000 + b" HTTP/1.1")),
    "a query of 100 kB without an end": (414, b"GET /?" + b"a" * 100_000),
    "a header of 100 kB": (431, raw(b"GET / HTTP/1.1", b"X-Long: " + b"a" * 100_000)),
    "a header's name of 100 kB": (431, raw(b"GET / HTTP/1.1", b"a" * 100_000 + b": b")),
    "a header of 100 kB without an end": (431, b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 100_000),
    "1000 headers": (431, raw(b"GET / HTTP/1.1", *[b"X-Many: a"] * 1000)),
    "a web socket of another version": (
        426,
        raw(b"GET / HTTP/1.1", b"Host: a", b"Connection: Upgrade", b"Upgrade: websocket"),
    ),
}


@pytest.fixture(params=list(MALFORMED.values()), ids=list(MALFORMED))
def refused(request: pytest.FixtureRequest, orders: Target) -> tuple[int, Answer]:
    """What a malformed request should be answered with, and what it was."""
    status, data = request.param
    with Connection(orders.address) as connection:
        connection.send(data)
        answer = connection.receive()
        assert answer is not None, "closed without an answer"
        assert connection.is_closed(), "what comes next would be read as a request"
    orders.assert_serving()
    return status, answer


def test_what_is_not_http_is_refused_and_the_connection_closed(
    refused: tuple[int, Answer],
) -> None:
    """At once, by the status that HTTP has for it, without a word about the program."""
    status, answer = refused
    assert answer.status == status
    said = answer.body.decode().lower()
    assert not [name for name in LIBRARIES if name in said]
    assert len(said) < 1000


def test_even_what_is_not_http_is_told_as_a_problem(refused: tuple[int, Answer]) -> None:
    """In the one form that all errors have here."""
    status, answer = refused
    problem(answer, status)


def test_a_body_longer_than_it_said_is_cut_there(service: Target) -> None:
    """The rest is no part of it, and no request either."""
    body = service.body()
    with Connection(service.address) as connection:
        connection.send(request("POST", service.path, body, JSON) + b"rest\r\n\r\n")
        first, second = connection.receive(), connection.receive()
        assert connection.is_closed()
    assert first is not None
    assert first.status == 201
    assert second is not None
    assert second.status == 400
    service.assert_serving()


def test_a_body_shorter_than_it_said_is_not_read(service: Target) -> None:
    """A client that ends in the middle has asked for nothing, though what came is good JSON."""
    body = service.body()
    head = raw(
        f"POST {service.path} HTTP/1.1".encode(), b"Host: service", JSON, b"Content-Length: 9999"
    )
    in_chunks = request("POST", service.path, None, JSON, CHUNKS) + b"%x\r\n" % 9999 + body
    for data in (head + body, head, in_chunks):
        with Connection(service.address) as connection:
            connection.send(data)
            connection.end()
            answer = connection.receive()
        assert answer is None or answer.status == 400
    assert service.create(body).status == 201  # nobody has its addresses


def test_requests_on_one_connection_are_answered_in_order(service: Target) -> None:
    """Each by its own answer, whatever stands in the bodies of those before."""
    inner = request("POST", service.path, service.body(), JSON)
    sent = [
        request("GET", service.known, inner, JSON),
        chunked("GET", f"{service.path}nobody", inner, JSON),
        request("GET", "/nowhere"),
        request("POST", service.path, b"not json", JSON),
        request("POST", service.path, service.body(), JSON),
    ]
    with Connection(service.address) as connection:
        connection.send(b"".join(sent))
        answers = [connection.receive() for _ in sent]
    assert [each.status if each else None for each in answers] == [200, 404, 404, 400, 201]


def test_a_connection_is_usable_after_an_error(service: Target) -> None:
    """An error of ours does not cost the client its connection."""
    with Connection(service.address) as connection:
        for data, status in (
            (request("POST", service.path, b"[", JSON), 400),
            (request("POST", service.path, service.body()), 415),
            (request("BREW", service.path), 405),
            (request("GET", "/nowhere"), 404),
            (request("GET", service.known), 200),
        ):
            connection.send(data)
            answer = connection.receive()
            assert answer is not None
            assert answer.status == status


def test_a_body_that_waits_to_be_asked_for_is_asked_for(service: Target) -> None:
    """100, then the answer; but nobody asks for a body that is too large."""
    body = service.body()
    with Connection(service.address) as connection:
        data = request("POST", service.path, body, JSON, b"Expect: 100-continue")
        connection.send(data.removesuffix(body))
        first = connection.receive()
        connection.send(body)
        second = connection.receive()
    assert first is not None
    assert first.status == 100
    assert second is not None
    assert second.status == 201
    with Connection(service.address) as connection:
        connection.send(
            raw(
                f"POST {service.path} HTTP/1.1".encode(),
                b"Host: service",
                JSON,
                b"Content-Length: 30000000",
                b"Expect: 100-continue",
            )
        )
        answer = connection.receive()
    assert answer is not None
    problem(answer, 413)


def test_a_trailer_is_no_header(service: Target) -> None:
    """What comes behind the last chunk says nothing about the body."""
    data = chunked("POST", service.path, service.body(), JSON).removesuffix(b"\r\n")
    answer = service.ask(data + b"X-Trailer: a\r\n\r\n")
    assert answer.status == 201
    answer = service.ask(data + b"Content-Length: 5\r\n\r\n")
    assert answer.status == 400


@pytest.mark.parametrize("missing", [1, 10])
def test_who_is_refused_before_the_body_is_in_is_told_that_the_connection_ends(
    service: Target, missing: int
) -> None:
    """A gateway would otherwise send its next request into a connection that is being closed."""
    whole = request("POST", service.path, service.body(), b"Content-Type: text/plain")
    with Connection(service.address) as connection:
        connection.send(whole[:-missing])
        answer = connection.receive()
        assert answer is not None
        assert problem(answer, 415)
        assert answer.headers["connection"] == "close"
        assert connection.is_closed()


def test_who_is_refused_with_the_body_in_keeps_the_connection(service: Target) -> None:
    """The next request on it is answered."""
    whole = request("POST", service.path, service.body(), b"Content-Type: text/plain")
    with Connection(service.address) as connection:
        for _ in range(3):
            connection.send(whole)
            answer = connection.receive()
            assert answer is not None
            assert problem(answer, 415)
            assert "connection" not in answer.headers
