"""connexion, bound: routing and request validation of the specs around our handlers."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import count
from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.request_validation import (
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)
from connexion.middleware.routing import RoutingMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.answers.responder import Responder, responders
from contract.arguments import ARGUMENTS, Arguments
from contract.bodies.body_limits import MAX_UPLOAD_BYTES
from contract.conditions import ConditionalOperation
from contract.errors import NotFound
from contract.handlers import Handler
from contract.parameters.path import path_name
from contract.paths import by_precedence, decoded
from contract.validation import validator_map
from openapi.description import Description, Operation

REQUEST_TIMEOUT_SECONDS = 5
"""After this long a handler is stopped; what it waited for is unavailable. It has returned by then;
the stream or file that it returned may take longer to send."""


def bind(
    description: Description,
    handlers: Mapping[str, Handler],
    *,
    middlewares: list[Callable[[ASGIApp], ASGIApp]] | None = None,
    max_upload_bytes: int = MAX_UPLOAD_BYTES,
) -> ASGIApp:
    """Put connexion, with our validators, around the handlers.

    Args:
        description: The API.
        handlers: By operationId.
        middlewares: What a request passes between here and its handler; for tests that take a
            part out.
        max_upload_bytes: Of all files of a request, where the spec does not say how many.

    Returns:
        An ASGI application that raises a `Problem` (or connexion's own HTTP exception for an
        unknown method) where it cannot answer.
    """
    responding = responders(description)
    operations = {
        each.id: (ConditionalOperation(each), handlers[each.id], responding[each.id])
        for each in description.operations
    }
    connexion: Any = ConnexionMiddleware(
        partial(_call, operations),
        middlewares=pipeline(description, max_upload_bytes) if middlewares is None else middlewares,
        validator_map=validator_map(description),
        uri_parser_class=_NoUriParser,
        resolver=handlers.__getitem__,
    )
    connexion.add_api(_routes(description))
    bound: ASGIApp = connexion
    return bound


def pipeline(
    description: Description, max_upload_bytes: int = MAX_UPLOAD_BYTES
) -> list[Callable[[ASGIApp], ASGIApp]]:
    """The parts of connexion that a request passes, outermost first."""
    arguments = partial(Arguments, description=description, max_upload_bytes=max_upload_bytes)
    return [RoutingMiddleware, arguments, RequestValidation]


def _routes(description: Description) -> dict[str, Any]:
    """What connexion needs of an API: its paths and names. Schemas, and all of 3.1, are ours.

    Paths stand in the order in which they are to be tried; HEAD before GET, which takes it too.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(
        description.operations, key=lambda each: (by_precedence(each.path), each.method != "HEAD")
    ):
        names = {each.name for each in operation.parameters if each.location == "path"}
        numbered = _numbered(operation.path)
        paths.setdefault(numbered, {})[operation.method.lower()] = _route(operation, len(names))
    info = {"title": "API", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths}


def _numbered(path: str) -> str:
    """A path with its parameters called as `Arguments` expects them."""
    numbers = count()
    return re.sub(r"\{[^{}]*\}", lambda _: f"{{{path_name(next(numbers))}}}", decoded(path))


def _route(operation: Operation, parameters: int) -> dict[str, Any]:
    route: dict[str, Any] = {
        "operationId": operation.id,
        "parameters": [
            {"name": path_name(n), "in": "path", "required": True, "schema": {"type": "string"}}
            for n in range(parameters)
        ],
        "responses": {"default": {"description": "See the spec."}},
    }
    if operation.body is not None:
        body = {"schema": {"description": "See the spec."}}
        route["requestBody"] = {"content": {"application/json": body}}
    return route


class _Operation(RequestValidationOperation):
    """One operation's validation, without what `Arguments` has done: one media type is left."""

    def extract_content_type(self, _headers: object) -> tuple[str, str]:
        """What every body is."""
        return "application/json", "utf-8"

    def validate_mime_type(self, mime_type: str) -> None:
        """Nothing is left to refuse."""


class _RequestValidationApi(RequestValidationAPI):
    def make_operation(self, operation: Any) -> RequestValidationOperation:  # noqa: ANN401
        """As connexion does, with what it would look up for every request looked up once."""
        operation.body_definition = cache(operation.body_definition)
        operation.body_schema = cache(operation.body_schema)
        return _Operation(
            self.next_app,
            operation=operation,
            strict_validation=self.strict_validation,
            validator_map=self.validator_map,
        )


class RequestValidation(RequestValidationMiddleware):
    """connexion's request validation. A spec does not change while a service runs."""

    api_cls = _RequestValidationApi


class _NoUriParser:
    """connexion makes a parser of parameters for every request; ours were read before."""

    def __init__(self, *_: object) -> None:
        pass


async def _call(
    operations: Mapping[str, tuple[ConditionalOperation, Handler, Responder]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    extensions = scope["extensions"]
    operation_id = extensions["connexion_routing"]["operation_id"]
    if operation_id is None:
        raise NotFound("There is nothing at this path.")
    conditional, handle, respond = operations[operation_id]
    accept = respond.accepted(scope)
    async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
        result = await conditional.handled(handle, extensions[ARGUMENTS], scope)
    await respond(result, accept, scope, receive, send)
