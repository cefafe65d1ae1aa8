"""Idempotency-Key, If-Match and If-None-Match: read for every operation, given to no handler."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract.answers.returned import Answer, Tagged
from contract.application import Api
from contract.binding import bind
from contract.conditions import Conditions, conditions_of_write
from tests.describing import described

pytestmark = pytest.mark.anyio

KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
MATCH = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
THING = {"200": {"description": "It.", "content": {"application/json": {}}}}
FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string"}}}}


async def ask(
    method: str = "PUT",
    path: str = "/thing",
    *,
    declares: tuple[dict[str, Any], ...] = (KEY, MATCH),
    handler: Callable[..., Any] | None = None,
    **sent: Any,  # noqa: ANN401 - as httpx has it
) -> tuple[httpx.Response, list[Conditions]]:
    """The answer to one request, and the conditions that its handler's storage was given."""
    found: list[Conditions] = []

    async def stored(**_: object) -> object:
        found.append(conditions_of_write())
        return Answer(Tagged({"a": 1}, '"7"'))

    operation = {"parameters": [*declares], "responses": THING}
    body = {"content": {"application/json": {}, "text/plain": {}, "multipart/form-data": FORM}}
    reading = {"operationId": "read", "responses": THING}
    other = {**operation, "operationId": "other", "requestBody": body}
    writing = {**operation, "operationId": "write", "requestBody": body}
    paths = {
        "/thing": {"put": writing, "get": reading},
        "/other": {"put": other, "post": {**other, "operationId": "another"}},
    }
    description = described(
        {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    )
    handle = handler or stored
    bound = bind(description, {each.id: handle for each in description.operations})
    api = Api(bound, description, "v1", lambda _: None, lambda *_: None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://a") as http:
        return await http.request(method, path, **sent), found


async def digests(key: str, **sent: Any) -> tuple[bytes, bytes]:  # noqa: ANN401
    """What is kept of a request."""
    headers = {"Idempotency-Key": key, **sent.pop("headers", {})}
    answer, (found,) = await ask(headers=headers, **sent)
    assert answer.is_success
    assert found.request is not None
    return found.request.key, found.request.fingerprint.digest()


@pytest.mark.parametrize("key", ["a", '"a"', "x" * 255, f'"{"x" * 255}"', "a b", r'"\"\\"', "'"])
async def test_a_key_is_one_to_255_characters(key: str) -> None:
    """Plain or in quotes."""
    assert len((await digests(key))[0]) == 16


@pytest.mark.parametrize(
    "lines",
    [[""], ['""'], ["x" * 256], [f'"{"x" * 256}"'], ['"a'], ['"a"b'], [r'"\a"'], ["é"], ["a"] * 2],
)
@pytest.mark.parametrize("declares", [(), (KEY,)])
async def test_any_other_key_is_refused_by_its_name(
    lines: list[str], declares: tuple[dict[str, Any], ...]
) -> None:
    """Whether the operation declares it or not."""
    headers = [("Idempotency-Key", each.encode("latin-1")) for each in lines]
    answer, found = await ask(headers=headers, declares=declares)
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.json()["errors"]] == ["Idempotency-Key"]
    assert not found


async def test_a_key_in_quotes_is_the_same_key() -> None:
    """And another caller's is another."""
    plain = await digests("a")
    assert plain == await digests('"a"')
    shop = await digests("a", headers={"X-Consumer-Username": "shop"})
    till = await digests("a", headers={"X-Consumer-Username": "till"})
    assert len({plain[0], shop[0], till[0]}) == 3
    assert await digests(r'"\""') == await digests(r'"\""')


async def test_a_request_is_known_by_all_that_it_asks_for() -> None:
    """Path, method, query, media type and body; not by other headers."""
    asked: list[dict[str, Any]] = [
        {"json": {"a": 1}},
        {"json": {"a": 2}},
        {"json": {"a": 1}, "path": "/other"},
        {"json": {"a": 1}, "path": "/other", "method": "POST"},
        {"content": b'{"a":1}', "headers": {"Content-Type": "text/plain"}},
        {},
    ]
    found = [(await digests("a", **each))[1] for each in asked]
    assert len({*found}) == len(asked)
    more = await digests("a", json={"a": 1}, headers={"X-Request-Id": "2", "Accept": "*/*"})
    assert more[1] == found[0]


async def test_a_form_is_the_same_whatever_its_boundary() -> None:
    """Clients draw another each time; what is in it counts."""

    async def form(text: bytes, boundary: str) -> bytes:
        head = b'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        mark = f"--{boundary}".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        content = mark + b"\r\n" + head + text + b"\r\n" + mark + b"--\r\n"

        async def parts() -> Any:  # noqa: ANN401 - an iterator of bytes
            for at in range(0, len(content), 7):
                yield content[at : at + 7]

        return (await digests("a", content=parts(), headers=headers))[1]

    assert await form(b"same", "one") == await form(b"same", "quite-another")
    assert await form(b"same", "one") != await form(b"other", "one")


async def test_a_state_may_be_demanded_of_what_declares_nothing() -> None:
    """Storage is told of it all the same."""
    answer, (found,) = await ask(headers={"If-Match": '"1", W/"2" , "3"'}, declares=())
    assert answer.is_success
    assert found.if_match == ['"1"', '"3"']
    _, (found,) = await ask(headers={"If-None-Match": '"1", W/"2"'}, declares=())
    assert found.if_none_match == ['"1"', '"2"']
    _, (found,) = await ask(headers={"If-Match": "*"})
    assert found.if_match == ("*",)
    _, (found,) = await ask(headers=[("If-Match", '"1"'), ("If-Match", '"2"')])
    assert found.if_match == ['"1"', '"2"']


@pytest.mark.parametrize("text", ["nope", '"a" "b"', '"a', "*, *", 'w/"a"'])
async def test_what_is_no_etag_is_nothings(text: str) -> None:
    """Nothing is changed then, and the refusal says why; what is read is sent."""
    answer, found = await ask(headers={"If-Match": text})
    assert (answer.status_code, found) == (412, [])
    assert "in their quotes" in answer.json()["detail"]
    answer, _ = await ask("GET", headers={"If-None-Match": text})
    assert answer.status_code == 200


async def test_an_operation_may_need_either() -> None:
    """A key that is missing is 400, a state that is missing 428."""
    needed = tuple({**each, "required": True} for each in (KEY, MATCH))
    answer, _ = await ask(declares=needed)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"parameter": "Idempotency-Key", "detail": "is needed"}]
    answer, found = await ask(declares=needed, headers={"Idempotency-Key": "a"})
    assert (answer.status_code, found) == (428, [])
    assert answer.json()["type"] == "urn:aware:problem:precondition-required"
    answer, _ = await ask(declares=needed, headers={"Idempotency-Key": "a", "If-Match": "*"})
    assert answer.is_success


async def test_what_a_spec_says_of_a_key_holds() -> None:
    """Where it is narrower than ours."""
    narrow = {**KEY, "schema": {"type": "string", "format": "uuid"}}
    answer, _ = await ask(declares=(narrow,), headers={"Idempotency-Key": "a"})
    assert answer.status_code == 400


async def test_a_handler_that_heeds_nothing_is_an_error_of_ours() -> None:
    """What the operation declares is not ignored in silence."""

    async def heedless(**_: object) -> object:
        return {}

    for headers in ({"Idempotency-Key": "a"}, {"If-Match": "*"}):
        assert (await ask(headers=headers, handler=heedless))[0].status_code == 500
        assert (await ask(headers=headers, handler=heedless, declares=()))[0].is_success
    assert (await ask(handler=heedless))[0].is_success


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If-None-Match": '"7"'}, 304),
        ({"If-None-Match": 'W/"7"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"6"'}, 200),
        ({"If-Match": '"7"'}, 200),
        ({"If-Match": '"6"'}, 412),
        ({"If-Match": '"6"', "If-None-Match": '"7"'}, 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_is_conditional(method: str, headers: dict[str, str], status: int) -> None:
    """RFC 9110, 13.2.2; the ETag goes with every answer."""
    answer, _ = await ask(method, headers=headers)
    assert (answer.status_code, answer.headers["ETag"]) == (status, '"7"')
    assert bool(answer.content) == (method == "GET" and status != 304)
