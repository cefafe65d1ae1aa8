"""connexion stands in the path of every request."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from connexion.middleware.routing import RoutingMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from contract.application import Api
from contract.arguments import Arguments
from contract.bindable import load_api
from contract.binding import bind, pipeline

DESCRIPTION = load_api(Path(__file__).parents[2] / "specs" / "order.yaml")


async def _echo(**arguments: Any) -> Response:  # noqa: ANN401 - whatever the contract lets through
    return JSONResponse(arguments)


HANDLERS = {each.id: _echo for each in DESCRIPTION.operations}


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401
    """One request to the application, as `Api` answers it."""
    api = Api(app, DESCRIPTION, "test", lambda _: None, lambda *_: None)

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.request(method, path, **request)

    return asyncio.run(answer())


def test_without_its_validation_bad_input_passes() -> None:
    """It is connexion's request validation that refuses: taken out, anything goes."""
    bad = {"orderStatus": "lost"}
    whole = bind(DESCRIPTION, HANDLERS)
    assert ask(whole, "PUT", "/orders/o1/status", json=bad).status_code == 400

    without = bind(
        DESCRIPTION,
        HANDLERS,
        middlewares=[RoutingMiddleware, partial(Arguments, description=DESCRIPTION)],
    )
    passed = ask(without, "PUT", "/orders/o1/status", json=bad)
    assert passed.json() == {"id": "o1", "body": bad}


def test_without_its_routing_nothing_is_found() -> None:
    """It is connexion that names the operation."""
    middlewares = [each for each in pipeline(DESCRIPTION) if each is not RoutingMiddleware]
    answer = ask(bind(DESCRIPTION, HANDLERS, middlewares=middlewares), "GET", "/orders/o1")
    assert answer.status_code == 500


@pytest.mark.parametrize("path", ["/orders", "/orders/"])
def test_defaults_of_the_spec_are_filled_in(path: str) -> None:
    """A query parameter and a property of a body that were left out have the spec's defaults."""
    app = bind(DESCRIPTION, HANDLERS)
    listed = ask(app, "GET", path).json()
    assert listed == {"status": None, "limit": 100, "cursor": None}
    item = {"itemId": "a", "quantity": 1, "price": 1}
    address = dict.fromkeys(("street", "city", "state", "postalCode", "country"), "x")
    order = {"items": [item], "userEmails": ["a@example.com"], "deliveryAddress": address}
    created = ask(app, "POST", path, json=order).json()
    assert created["body"] == order | {"orderStatus": "under process"}


def test_a_handler_that_fails_is_a_plain_500() -> None:
    """No traceback, no word of what it was."""

    async def fail(**_: object) -> Response:
        raise RuntimeError("the secret is xyzzy")

    answer = ask(bind(DESCRIPTION, HANDLERS | {"get_order": fail}), "GET", "/orders/o1")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:aware:problem:internal-error"
    assert "xyzzy" not in answer.text
