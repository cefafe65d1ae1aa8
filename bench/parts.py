"""Where the CPU time of one request goes between the server and the database, part by part.

A request passes one part more each time, in this process and with nothing behind it; the
difference is what that part takes. What gunicorn and pymongo take is not in these figures.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any

import orjson
import uvloop
from connexion.middleware.routing import RoutingMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.servers import MEASURED
from contract.application import Api
from contract.arguments import ARGUMENTS, Arguments
from contract.bindable import load_api
from contract.binding import bind, pipeline
from contract.handlers import bind_handlers
from contract.links import Links
from handlers import orders as order_handlers
from handlers import users as user_handlers
from handlers.times import ServerTimes
from local.display import columns
from local.examples import body_example
from models.fields.order import Order
from models.fields.user import User
from openapi.description import Description
from processes.metrics import HttpMetrics
from services.reading import declared
from storage.client import Json, now
from storage.pages import Page

_NOW = "2026-11-22T10:15:30.123Z"
_REQUESTS = 2000
_TRIES = 7  # the least counts: whatever else the machine does only adds


class _Users:
    """Answers at once what MongoDB would."""

    def __init__(self) -> None:
        self._user = body_example("create_user")

    async def create(self, user: Mapping[str, Any]) -> Json:
        return {User.userId: "u1", **user}

    async def update_contacts(self, *_: object) -> Json:
        return {User.userId: "u1", **self._user, User.createdAt: _NOW, User.updatedAt: _NOW}


class _Orders:
    """The same for orders."""

    def __init__(self) -> None:
        self._order = body_example("create_order")

    async def create(self, order: Mapping[str, Any]) -> Json:
        return {Order.orderId: "o1", **order, Order.createdAt: _NOW, Order.updatedAt: _NOW}

    async def page(self, *_: object) -> Page:
        order = {Order.orderId: "o1", **self._order, Order.createdAt: _NOW, Order.updatedAt: _NOW}
        return Page([order] * 20, None)


class _Given:
    """Stands where `Arguments` does, and reads nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"][ARGUMENTS] = {}
        await self._app(scope, receive, send)


async def _nothing(*_: object, **__: object) -> None:
    pass


class _Unsent(Response):
    """A response of which nothing is sent."""

    async def __call__(self, *_: object) -> None:
        """Send nothing."""


async def _idle(**_: object) -> Response:
    return _Unsent()


def parts() -> str:
    """A table: the microseconds of each part, for the operations that the load has too."""
    rows = (declared().http[process] for process in MEASURED.values())
    users, orders = (load_api(service.spec, version.overlay) for service, version in rows)
    user_stages = _stages(users, user_handlers, {"users": _Users(), "times": ServerTimes(now)})
    order_stages = _stages(orders, order_handlers, {"orders": _Orders()})
    listing = b"status=under%20process&limit=20"
    table = [("", *list(user_stages)[1:], "sum")]
    for title, stages, scope, sends in (
        ("POST /users/", user_stages, _scope("POST", "/users/"), "create_user"),
        ("PUT /users/{id}", user_stages, _scope("PUT", "/users/u1"), "update_user"),
        ("POST /orders/", order_stages, _scope("POST", "/orders/"), "create_order"),
        ("GET /orders/ (20)", order_stages, _scope("GET", "/orders/", listing), None),
    ):
        data = b"" if sends is None else orjson.dumps(body_example(sends))
        seconds = [uvloop.run(_least(app, scope, data)) for app in stages.values()]
        took = [after - before for before, after in pairwise(seconds)]
        table.append((title, *(f"{each * 1e6:.1f} µs" for each in [*took, sum(took)])))
    return columns(table)


def _stages(
    description: Description, module: ModuleType, stores: Mapping[str, object]
) -> Mapping[str, ASGIApp]:
    """Applications that do more and more; each is named for what it adds to the one before."""
    idle = {each.id: _idle for each in description.operations}
    handlers = bind_handlers(description, module, {**stores, "link": Links(description)})
    observe = HttpMetrics("v1").observe
    arguments = partial(Arguments, description=description)
    return {
        "nothing": _nothing,
        "routing": _extended(bind(description, idle, middlewares=[RoutingMiddleware, _Given])),
        "arguments": _extended(bind(description, idle, middlewares=[RoutingMiddleware, arguments])),
        "validation": _extended(bind(description, idle, middlewares=pipeline(description))),
        "envelope": Api(bind(description, idle), description, "v1", lambda _: None, observe),
        "handler": Api(bind(description, handlers), description, "v1", lambda _: None, observe),
    }


def _extended(app: ASGIApp) -> ASGIApp:
    """What `Api` does first, for where there is none."""

    async def extended(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {}
        await app(scope, receive, send)

    return extended


def _scope(method: str, path: str, query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:5000"),
            (b"content-type", b"application/json"),
            (b"content-length", b"300"),
        ],
    }


async def _least(app: ASGIApp, scope: Scope, body: bytes) -> float:
    """The seconds of CPU time that `app` takes for one request."""
    receive = _receiver(body)
    tries = []
    for _ in range(_TRIES):
        began = time.process_time()
        for _ in range(_REQUESTS):
            await app(dict(scope), receive, _send)
        tries.append((time.process_time() - began) / _REQUESTS)
    return min(tries)


def _receiver(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(_: Message) -> None:
    pass
