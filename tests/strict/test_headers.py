"""What headers say of other hosts, schemes and methods changes nothing."""

import pytest

from tests.strict.target import Target
from tests.strict.wire import JSON, Answer, Connection, request

UNTRUSTED = {
    "another host": [b"Host: evil.example"],
    "a host that is none": [b"Host: a b\\/<script>"],
    "an empty host": [b"Host:"],
    "a forwarded host": [b"X-Forwarded-Host: evil.example"],
    "a forwarded scheme": [b"X-Forwarded-Proto: https"],
    "a forwarded scheme that is none": [b"X-Forwarded-Proto: gopher"],
    "forwarded schemes that differ": [b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"],
    "a forwarded scheme twice": [b"X-Forwarded-Proto: https", b"X-Forwarded-Proto: http"],
    "another protocol": [b"X-Forwarded-Protocol: ssl"],
    "a forwarded address": [b"X-Forwarded-For: 1.2.3.4, 127.0.0.1", b"X-Real-IP: 1.2.3.4"],
    "a forwarded prefix": [b"X-Forwarded-Prefix: /evil", b"X-Script-Name: /evil"],
    "a forwarded port": [b"X-Forwarded-Port: 1"],
    "the standard header": [b"Forwarded: host=evil.example;proto=https;for=1.2.3.4"],
    "another path": [b"X-Original-URL: /metrics", b"X-Rewrite-URL: /metrics"],
    "what CGI calls the path": [b"SCRIPT_NAME: /evil", b"PATH_INFO: /metrics"],
    "another origin": [b"Origin: https://evil.example", b"Referer: https://evil.example"],
    "another media type preferred": [b"Accept: text/html, */*;q=0.1"],
    "another encoding wanted": [b"Accept-Encoding: gzip, br", b"Accept-Charset: utf-16"],
    "a part wanted": [b"Range: bytes=0-1", b"If-Range: x"],
    "conditions": [
        b'If-None-Match: "another"',
        b"If-Modified-Since: Sun, 22 Nov 2026 10:00:00 GMT",
    ],
    "a key": [b"apikey: x", b"Authorization: Basic x", b"Cookie: a=b"],
    "the same header twice": [b"X-Twice: 1", b"X-Twice: 2"],
    "an upgrade to HTTP/2": [
        b"Connection: Upgrade, HTTP2-Settings",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAAQAAP__",
    ],
    "an expectation": [b"Expect: miracles"],
    "bytes beyond ASCII": [b"X-Odd: \xff\xfe"],
}


def _without_host(data: bytes, headers: list[bytes]) -> bytes:
    """The request without its own Host where `headers` have another."""
    if any(header.startswith(b"Host:") for header in headers):
        return data.replace(b"Host: service\r\n", b"", 1)
    return data


def _said(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs by the moment."""
    own = {"date", "x-request-id"}  # each answer's
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status, headers, answer.body


@pytest.mark.parametrize("headers", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_a_header_that_nobody_vouches_for_changes_nothing(
    service: Target, headers: list[bytes]
) -> None:
    """Status, headers and body are the same; what is created is found by a relative path."""
    for path in (service.known, f"{service.path}nobody", "/nowhere", f"{service.known}?x=1"):
        asked = _without_host(request("GET", path, None, *headers), headers)
        assert _said(service.ask(asked)) == _said(service.ask(request("GET", path)))
    body = service.body()
    asked = _without_host(request("POST", service.path, body, JSON, *headers), headers)
    created = service.ask(asked)
    assert created.status == 201
    assert created.headers["location"].startswith(service.path)


def test_a_redirect_is_relative_whatever_the_host(service: Target) -> None:
    """The one that there is, to Swagger UI, does not lead to where Host says."""
    asked = request("GET", "/ui", None, b"X-Forwarded-Host: evil.example")
    for data in (asked, asked.replace(b"Host: service", b"Host: evil.example")):
        location = service.ask(data).headers["location"]
        assert location == "/ui/"


def test_no_answer_names_the_server_program(service: Target) -> None:
    """Neither a good one, nor an error, nor what is beside the API."""
    for path in (service.known, "/nowhere", "/health/live", "/ui/"):
        answer = service.ask(request("GET", path))
        assert "gunicorn" not in str(answer.headers).lower()


def test_no_answer_is_to_be_stored_or_sniffed(service: Target) -> None:
    """Also where no gateway is between."""
    for path in (service.known, "/nowhere", "/health/live", "/metrics", "/ui/"):
        answer = service.ask(request("GET", path))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("first", [JSON, b"Content-Type: text/plain"], ids=["json", "text"])
def test_two_content_types_are_refused(service: Target, first: bytes) -> None:
    """Neither of them counts."""
    second = JSON if first is not JSON else b"Content-Type: text/plain"
    for headers in ((first, second), (JSON, JSON)):
        answer = service.create(service.body(), *headers)
        assert answer.status in {400, 415}


def test_a_web_socket_is_refused(service: Target) -> None:
    """With an answer and a closed connection; nothing here speaks it."""
    headers = (
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    for path in (service.known, "/ui/", "/nowhere"):
        with Connection(service.address) as connection:
            connection.send(request("GET", path, None, *headers))
            answer = connection.receive()
            assert answer is not None
            assert answer.status == 403
            assert connection.is_closed()
    service.assert_serving()


def test_what_clients_make_up_is_not_kept(orders: Target) -> None:
    """12 MB of media types, each another: the worker does not grow by them."""
    (worker,) = orders.workers
    with Connection(orders.address) as connection:
        for number in range(1700):
            if number == 200:  # by now it has all that it needs for this
                before = worker.memory_info().rss
            header = b"Content-Type: a/%d" % number + b"a" * 8000
            connection.send(request("GET", orders.known, None, header))
            assert connection.receive() is not None
    assert worker.memory_info().rss - before < 5_000_000
