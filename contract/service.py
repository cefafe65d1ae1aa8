"""A whole HTTP service: the API, and beside it what operates and shows it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from http import HTTPStatus
from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.common_headers import with_common_headers
from contract.errors import Malformed, MethodNotAllowed, NotFound
from contract.paths import is_ambiguous_path, is_management_path
from contract.targets import has_one_host, in_origin_form
from openapi.description import Description
from openapi.shown import shown

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Service:
    """What gunicorn calls: the API, and beside it health, metrics and Swagger UI."""

    def __init__(
        self,
        api: ASGIApp,
        description: Description,
        *,
        ready: Callable[[], Awaitable[bool]],
        metrics: Callable[[], tuple[bytes, str]],
        lifespan: Lifespan,
    ) -> None:
        """Put the parts side by side.

        Args:
            api: Answers everything that is not beside it.
            description: What Swagger UI shows.
            ready: Whether requests can be answered now.
            metrics: What there is to measure, and its media type.
            lifespan: Entered before the first request, left after the last.
        """
        self._api = api
        self._draining = False
        document = shown(description.document)

        async def live(_: Request) -> Response:
            return JSONResponse({"status": "live"})

        async def readiness(_: Request) -> Response:
            if self._draining:
                return JSONResponse({"status": "draining"}, 503)
            if await ready():
                return JSONResponse({"status": "ready"})
            return JSONResponse({"status": "not ready", "needs": "MongoDB"}, 503)

        async def figures(_: Request) -> Response:
            body, media_type = metrics()
            return Response(body, headers={"Content-Type": media_type})

        async def openapi(_: Request) -> Response:
            return JSONResponse(document)

        self._beside = Starlette(
            routes=[
                Route("/health/live", live),
                Route("/health/ready", readiness),
                Route("/metrics", figures),
                Route("/openapi.json", openapi),
                Route("/ui{rest:path}", _swagger_ui()),
            ],
            exception_handlers={HTTPException: _as_problem},
            lifespan=lifespan,
        )

    def drain(self) -> None:
        """Say from now on that requests are to go elsewhere; answer all that come."""
        self._draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end the process."""
        if scope["type"] == "http":
            scope = in_origin_form(scope)
            if not has_one_host(scope):
                problem = Malformed("A request of HTTP/1.1 has one header Host.")
                await problem.response()(scope, receive, partial(_send_named, send))
                return
            if _is_for_api(scope):
                await self._api(scope, receive, send)
                return
        await self._beside(scope, receive, partial(_send_named, send))


async def _send_named(send: Send, message: Message) -> None:
    if message["type"] == "http.response.start":
        message = with_common_headers(message)
    await send(message)


def _is_for_api(scope: Scope) -> bool:
    return is_ambiguous_path(scope["raw_path"]) or not is_management_path(scope["path"])


def _swagger_ui() -> ASGIApp:
    """Swagger UI. It shows what `/openapi.json` answers, which is ours: connexion knows no 3.1."""
    options = SwaggerUIOptions(serve_spec=False, spec_path="/openapi.json")
    pages: Any = ConnexionMiddleware(
        _nothing, middlewares=[SwaggerUIMiddleware], swagger_ui_options=options
    )
    info = {"title": "API", "version": "1"}
    pages.add_api({"openapi": "3.0.3", "info": info, "paths": {}})
    shown: ASGIApp = pages
    return shown


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(HTTPStatus.NOT_FOUND)


async def _as_problem(_: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405 in the one form that errors have here."""
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed("Use another method.", (), error.headers or {}).response()
    return NotFound("There is nothing at this path.").response()
