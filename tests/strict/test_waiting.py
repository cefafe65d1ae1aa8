"""A client that stops half way keeps nobody waiting, and waits in vain only so long."""

from collections.abc import Mapping
from contextlib import ExitStack

import pytest

from local.stack import Stack
from tests.strict.target import Target, problem
from tests.strict.wire import JSON, Connection, request
from tests.waiting import until

HALF = {
    "nothing": b"",
    "half a request line": b"GET /or",
    "half a header": b"GET /orders/ HTTP/1.1\r\nHost: ser",
    "no body": b"POST /orders/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n",
    "half a body": request("POST", "/orders/", b" " * 100, JSON)[:-50],
}


@pytest.mark.parametrize("half", HALF.values(), ids=HALF.keys())
def test_those_who_stop_half_way_keep_nobody_waiting(service: Target, half: bytes) -> None:
    """A hundred of them are there, and a whole request is answered at once."""
    with ExitStack() as open_ones:
        for _ in range(100):
            connection = open_ones.enter_context(Connection(service.address))
            connection.send(half)
        service.assert_serving()


@pytest.mark.parametrize("missing", ["all of it", "its end"])
def test_a_body_that_never_comes_ends_in_an_answer(
    unfinished: Mapping[tuple[str, str], Connection], service: Target, missing: str
) -> None:
    """When it has been waited for long enough, with a problem and a closed connection."""
    connection = unfinished[service.address, missing]
    answer = connection.receive()
    assert answer is not None
    told = problem(answer, 408)
    assert told["type"] == "urn:aware:problem:request-timeout"
    assert connection.is_closed()
    service.assert_serving()


def test_a_connection_without_a_request_is_closed(
    idle: Mapping[str, Connection], service: Target
) -> None:
    """After the time that one may be idle between two requests; without a word."""
    assert idle[service.address].is_closed()


def test_a_client_that_never_ends_after_its_answer_is_cut_off(service: Target) -> None:
    """Though it sends a little more now and then."""
    data = request("POST", service.path, b"a" * 100, b"Content-Type: text/plain")
    with Connection(service.address) as connection:
        connection.send(data[:-50])
        answer = connection.receive()
        assert answer is not None
        problem(answer, 415)

        def is_reset() -> bool:
            try:
                connection.send(b"a")
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        until(is_reset, "cut off")
    service.assert_serving()


@pytest.mark.parametrize("part", ["user-service-v1", "user-service-v2", "order-service"])
def test_no_attack_left_a_traceback_in_the_log(
    stack: Stack, log_sizes: Mapping[str, int], part: str
) -> None:
    """Nor an answer that the spec does not declare; this module is the last to run."""
    log = stack.log(part).read_text()[log_sizes[part] :]
    for event in (
        "Traceback",
        '"exception"',
        "answer_breaks_contract",
        "Error in ASGI",
        "ASGI app sent body bytes",
    ):
        assert event not in log
