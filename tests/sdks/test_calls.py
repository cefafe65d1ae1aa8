"""What clients do of their own accord: retries, keys, conditions, pages, errors."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from local.ports import free_port
from tests.sdks.echo import LANGUAGES, LAST, Ask, Raised, asking
from tests.sdks.faulty import Faulty, Reply, faulty, problem

pytestmark = pytest.mark.slow

THING = {"name": "a"}
LOST = Reply(0)


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    """A server that answers as it is told."""
    with faulty() as running:
        yield running


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def ask(language: str, echoes: Path, server: Faulty) -> Iterator[Ask]:
    """A client as it is by default but for its key, and with three retries."""
    with asking(language, echoes, "things", server.url, retries=3, api_key="k") as found:
        yield found


def test_what_is_sent_twice_has_one_key(ask: Ask, server: Faulty) -> None:
    """A fresh one for each call, kept over its retries; the caller's goes before it."""
    server.answers(LOST, problem(503), Reply(), Reply(), Reply())
    ask("create_thing", body=THING)
    ask("create_thing", body=THING)
    ask("create_thing", body=THING, idempotency_key="mine")
    keys = server.seen("Idempotency-Key")
    assert keys[0] == keys[1] == keys[2]
    assert len({*keys}) == 3
    assert keys[4] == "mine"
    assert UUID(keys[0]).version == UUID(keys[3]).version == 4
    assert {each.body for each in server.asked} == {server.asked[0].body}
    assert json.loads(server.asked[0].body) == THING


def test_what_may_have_been_done_is_not_done_again_without_a_key(ask: Ask, server: Faulty) -> None:
    """A POST without one: the caller is told that it is not known."""
    for reply, kind in ((LOST, "ApiConnectionError"), (problem(503), "ServerError")):
        server.answers(reply)
        with pytest.raises(Raised, match=kind):
            ask("append", body=b"x")
        assert len(server.asked) == 1


def test_what_was_refused_is_sent_again(ask: Ask, server: Faulty) -> None:
    """Too many requests: nothing was done."""
    server.answers(problem(429, Retry_After="0"))
    ask("append", body=b"x")
    assert [each.body for each in server.asked] == [b"x", b"x"]


def test_a_change_of_a_known_state_is_not_sent_again_without_a_key(
    ask: Ask, server: Faulty
) -> None:
    """The first might have been carried out, and the second be refused for that."""
    server.answers(LOST)
    with pytest.raises(Raised, match="ApiConnectionError"):
        ask("replace_thing", id="a", body=THING, if_match='"1"')
    assert len(server.asked) == 1
    server.answers(LOST)
    ask("replace_thing", id="a", body=THING)
    assert len(server.asked) == 2


def test_retry_after_is_heeded(ask: Ask, server: Faulty) -> None:
    """In seconds and as a date; who would have to wait for minutes is told so."""
    began = datetime.now(UTC)
    server.answers(problem(503, Retry_After="1"))
    ask("get_thing", id="a")
    assert datetime.now(UTC) - began >= timedelta(seconds=1)
    moment = datetime.now(UTC) + timedelta(seconds=3)
    server.answers(problem(503, Retry_After=format_datetime(moment, usegmt=True)))
    ask("get_thing", id="a")
    assert datetime.now(UTC) >= moment.replace(microsecond=0)
    server.answers(problem(503, Retry_After="3600"))
    with pytest.raises(Raised, match="ServerError"):
        ask("get_thing", id="a")
    assert len(server.asked) == 1


def test_retries_have_an_end_and_can_be_switched_off(ask: Ask, server: Faulty) -> None:
    """For one call, too."""
    server.answers(*[problem(503)] * 9)
    with pytest.raises(Raised, match="ServerError"):
        ask("get_thing", id="a")
    assert len(server.asked) == 4
    server.answers(problem(503))
    with pytest.raises(Raised, match="ServerError"):
        ask("get_thing", id="a", options={"retries": 0})
    assert len(server.asked) == 1


def test_an_error_has_the_fields_of_the_problem(ask: Ask, server: Faulty, language: str) -> None:
    """And the id of the request; each status has its class."""
    kinds = {
        400: "BadRequestError",
        401: "UnauthorizedError",
        403: "ForbiddenError",
        404: "NotFoundError",
        405: "ApiStatusError",
        409: "ConflictError",
        412: "PreconditionFailedError",
        422: "UnprocessableError",
        428: "PreconditionRequiredError",
        429: "TooManyRequestsError",
        500: "ServerError",
    }
    for status, kind in kinds.items():
        server.answers(problem(status, X_Request_Id="r1"))
        with pytest.raises(Raised) as raised:
            ask("get_thing", id="a", options={"retries": 0})
        said = raised.value.said
        assert (raised.value.kind, said["status"]) == (kind, status)
        fields = said["problem"] if language == "typescript" else said
        assert (fields["type"], fields["title"], fields["detail"]) == ("urn:p", "T", "D")
        assert said["requestId" if language == "typescript" else "request_id"] == "r1"


def test_what_is_no_answer_of_the_api_is_an_error(ask: Ask, server: Faulty) -> None:
    """A page of something on the way, JSON that is cut, a redirect, an error without a problem."""
    page = Reply(200, b"<p>Log in</p>", {"Content-Type": "text/html"})
    cut = Reply(200, b'{"name":')
    for reply in (page, cut):
        server.answers(reply)
        with pytest.raises(Raised, match="UnreadableAnswerError"):
            ask("get_thing", id="a")
    away = Reply(302, b"", {"Location": "http://127.0.0.1:1/"})
    plain = Reply(418, b"<p>", {"Content-Type": "text/html"})
    for reply in (away, plain):
        server.answers(reply)
        with pytest.raises(Raised, match="ApiStatusError"):
            ask("get_thing", id="a")


def test_an_answer_that_breaks_off_is_asked_for_again(ask: Ask, server: Faulty) -> None:
    """Where that may be."""
    server.answers(Reply(200, b"{", {"Content-Type": "application/json", "Content-Length": "99"}))
    assert ask("get_thing", id="a") == THING
    assert len(server.asked) == 2


def test_what_takes_too_long_is_an_error(language: str, echoes: Path, server: Faulty) -> None:
    """One timeout for everything, by default and for one call."""
    with asking(language, echoes, "things", server.url, timeout=0.2) as ask:
        server.answers(Reply(wait=60))
        with pytest.raises(Raised, match="ApiTimeoutError"):
            ask("get_thing", id="a")


def test_a_refused_connection_is_an_error_of_the_client(language: str, echoes: Path) -> None:
    """And so is a name that nobody has; each after its retries."""
    for url in (f"http://127.0.0.1:{free_port()}", "http://nobody.invalid"):
        with (
            asking(language, echoes, "things", url, retries=1) as ask,
            pytest.raises(Raised, match=r"ApiConnectionError: .*\(attempt 2\)"),
        ):
            ask("append", body=b"x")


def test_the_state_that_was_read_is_the_one_that_is_changed(ask: Ask, server: Faulty) -> None:
    """Of the object itself; what was not read has none."""
    tagged = Reply(headers={"Content-Type": "application/json", "ETag": '"7"'})
    server.answers(tagged, tagged)
    ask("get_thing", id="a")
    ask("change_thing", id="a", body={"day": None}, if_match=LAST)
    assert server.seen("If-Match") == [None, '"7"']
    with pytest.raises(Exception, match="the state of this object is not known"):
        ask("change_thing", id="a", body={}, if_match={"name": "a"})


def test_what_has_not_changed_is_the_object_that_one_has(ask: Ask, server: Faulty) -> None:
    """304 is no error where the object was given."""
    tagged = Reply(headers={"Content-Type": "application/json", "ETag": '"7"'})
    server.answers(tagged, Reply(304, b"", {"ETag": '"7"'}))
    read = ask("get_thing", id="a")
    assert ask("get_thing", id="a", if_none_match=LAST) == read
    assert server.seen("If-None-Match") == [None, '"7"']


def test_pages_follow_one_another(ask: Ask, server: Faulty) -> None:
    """As the links say; wherever else a link leads, the key is not sent there."""
    links = ("</base/things?cursor=2&limit=1>", "<http://127.0.0.1:1/evil?cursor=3&limit=1>")
    pages = [
        Reply(
            200,
            json.dumps([{"name": str(number)}]).encode(),
            {"Content-Type": "application/json", "Link": f'{link}; rel="next"'}
            if link
            else {"Content-Type": "application/json"},
        )
        for number, link in enumerate((*links, None))
    ]
    server.answers(pages[0], problem(503), *pages[1:])
    found = ask("iter_list_things", limit=1)
    assert [each["name"] for each in found] == ["0", "1", "2"]
    queries = ["limit=1", "cursor=2&limit=1", "cursor=2&limit=1", "cursor=3&limit=1"]
    assert [each.path for each in server.asked] == [f"/base/things?{each}" for each in queries]
    assert {*server.seen("apikey")} == {"k"}


def test_backoff_is_spread(ask: Ask, server: Faulty) -> None:
    """No two clients come back at the same moments."""
    waits = []
    for _ in range(4):
        server.answers(problem(503))
        began = datetime.now(UTC)
        ask("get_thing", id="a")
        waits.append((datetime.now(UTC) - began).total_seconds())
    assert any(abs(a - b) > 0.01 for a, b in pairwise(waits)), waits


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_path_never_loses_a_part(ask: Ask, server: Faulty, name: str) -> None:
    """An empty id would ask for the list instead."""
    server.answers()
    with pytest.raises(Exception, match="id may not be"):
        ask("get_thing", id=name)
    assert server.asked == []


def test_a_value_cannot_add_headers(ask: Ask, server: Faulty) -> None:
    """Nor break them."""
    server.answers()
    with pytest.raises(Exception, match=r"(?i)control character|invalid header|invalid value"):
        ask("replace_thing", id="a", body=THING, if_match='"1"\r\nX-Evil: 1')
    assert server.asked == []


@pytest.mark.parametrize("kind", [5, {"code": "x"}])
def test_an_alternative_is_taken_as_it_is(ask: Ask, server: Faulty, kind: object) -> None:
    """There is no wrapper around what is one of several."""
    server.answers(Reply(200, json.dumps({"name": "a", "kind": kind}).encode()))
    assert ask("create_thing", body={"name": "a", "kind": kind})["kind"] == kind
    assert json.loads(server.asked[0].body)["kind"] == kind
