"""Answers of a deprecated operation say so, whatever they are."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from contract.application import Api
from contract.binding import bind
from contract.errors import NotFound
from generate.published import published
from openapi.deprecation import ended
from openapi.description import Description
from tests.describing import described

DOCS = {"externalDocs": {"url": "https://example.com/new"}}
DATES = {"x-deprecation": "2026-07-01", "x-sunset": "2027-06-30T12:00:00+02:00"}


def api_of(**operation: object) -> Description:
    """An API of one operation, and one beside it that is not deprecated."""
    answer = {"200": {"description": "OK", "content": {"application/json": {}}}}
    return described(
        {
            "openapi": "3.1.0",
            "info": {"title": "Things", "version": "1"},
            "paths": {
                "/old": {"get": {"operationId": "old", "responses": answer, **operation}},
                "/new": {"get": {"operationId": "new", "responses": answer}},
            },
        }
    )


async def asked(description: Description, path: str, *, found: bool = True) -> httpx.Headers:
    """The headers of an answer."""

    async def answer() -> Any:  # noqa: ANN401 - as handlers do
        if not found:
            raise NotFound("There is none.")
        return {}

    bound = bind(description, {"old": answer, "new": answer})
    api = Api(bound, description, "v1", lambda _: None, lambda *_: None)
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        return (await client.get(path)).headers


@pytest.mark.anyio
@pytest.mark.parametrize("found", [True, False])
async def test_dates_and_a_link_are_headers(found: bool) -> None:  # noqa: FBT001
    """As RFC 9745 and RFC 8594 write them, on problems too."""
    headers = await asked(api_of(deprecated=True, **DATES, **DOCS), "/old", found=found)
    assert headers["Deprecation"] == "@1782864000"
    assert headers["Sunset"] == "Wed, 30 Jun 2027 10:00:00 GMT"
    assert [each.partition(";")[::2] for each in headers.get_list("Link")] == [
        ("<https://example.com/new>", ' rel="deprecation"; type="text/html"'),
        ("<https://example.com/new>", ' rel="sunset"; type="text/html"'),
    ]


@pytest.mark.anyio
async def test_nothing_is_told_of_others() -> None:
    """Neither of another operation, nor of one without dates."""
    dated, undated = api_of(deprecated=True, **DATES), api_of(deprecated=True)
    for headers in (await asked(dated, "/new"), await asked(undated, "/old")):
        assert not {"deprecation", "sunset", "link"} & {*headers}


def test_past_its_end_it_is_said_where() -> None:
    """Not before."""
    description = api_of(deprecated=True, **DATES)
    assert [*ended(description, datetime(2027, 6, 30, 9, tzinfo=UTC))] == []
    (line,) = ended(description, datetime(2027, 6, 30, 11, tzinfo=UTC))
    assert line.endswith("GET /old was to answer until 2027-06-30: remove it")


def test_pages_and_clients_are_told() -> None:
    """In the description of the operation, from which both are made."""
    document = published(api_of(deprecated=True, description="Old.", **DATES))
    said = "Old.\n\nDeprecated since 2026-07-01, it answers until 2027-06-30."
    assert document["paths"]["/old"]["get"]["description"] == said
    assert "description" not in document["paths"]["/new"]["get"]
