"""The bare floor: the same database work with nothing around it.

No spec, no validation, no connexion, no error but a traceback: Starlette's routing, orjson, and
the very classes with which the services store. What a service takes longer than this, the
contract takes.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contract.formats import instant_text
from models.fields.user import User
from openapi.reading import load_description
from processes.settings import mongo_settings
from services.declaration import Service
from services.reading import declared
from storage.client import Json, connect, now
from storage.orders import Orders
from storage.users import Users


def users() -> Starlette:
    """What v2 of the user service does, as gunicorn runs it."""
    service, client, database = _opened("user")
    store = Users(database["users"], "v2", load_description(service.spec))

    async def create(request: Request) -> Response:
        moment = instant_text(now())
        body = orjson.loads(await request.body())
        return _json(
            await store.create(body | {User.createdAt: moment, User.updatedAt: moment}), 201
        )

    async def update(request: Request) -> Response:
        body = orjson.loads(await request.body())
        times = {"$max": {User.updatedAt: instant_text(now())}}
        return _json(await store.update_contacts(request.path_params["id"], body, times))

    routes = [
        Route("/users/", create, methods=["POST"]),
        Route("/users/{id}", update, methods=["PUT"]),
    ]
    return Starlette(routes=routes, lifespan=_closing(client))


def orders() -> Starlette:
    """What the order service does, as gunicorn runs it."""
    service, client, database = _opened("order")
    (row,) = service.collections
    events = load_description(service.spec.with_name("events.yaml"))
    store = Orders(database, load_description(service.spec), events, row)

    async def create(request: Request) -> Response:
        return _json(await store.create(orjson.loads(await request.body())), 201)

    async def page(request: Request) -> Response:
        query = request.query_params
        return _json((await store.page(query["status"], int(query["limit"]), None)).items)

    routes = [
        Route("/orders/", create, methods=["POST"]),
        Route("/orders/", page, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=_closing(client))


def _opened(api: str) -> tuple[Service, AsyncMongoClient[Json], AsyncDatabase[Json]]:
    service, settings = declared().by_api[api], mongo_settings()
    client = connect(settings, timed=False)
    return service, client, client[settings.database(service.database)]


def _closing(
    client: AsyncMongoClient[Json],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.close()

    return lifespan


def _json(content: Any, status: int = 200) -> Response:  # noqa: ANN401 - JSON is anything
    return Response(orjson.dumps(content), status, media_type="application/json")
