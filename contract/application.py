"""How a request travels from the socket to its handler.

    gunicorn → Service ─┬→ health, metrics, Swagger UI (Starlette)
                        └→ Api → [connexion: routing → Arguments → request validation] → handler

`Api` is the outermost part of every answer: it settles the path, names the build, and turns
whatever went wrong into problem+json.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.request_validation import (
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)
from connexion.middleware.routing import RoutingMiddleware
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.arguments import ARGUMENTS, Arguments
from contract.document import Document, operations
from contract.errors import FAILED, MethodNotAllowed, NotFound, Problem
from contract.handlers import Handler
from contract.validation import validator_map

SERVER = (b"server", b"aware")
"""A header of every answer: whoever asks need not know which library answers."""

ANSWER_WITHIN_SECONDS = 5
"""After this long a handler is stopped; what it waited for is unavailable."""

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Is told of every answer: operationId (None where none matched), status, seconds."""

    def __call__(self, operation: str | None, status: int, seconds: float, /) -> None:
        """Take note. Must not block or raise."""


def bind(
    document: Document,
    handlers: Mapping[str, Handler],
    *,
    middlewares: list[Callable[[ASGIApp], ASGIApp]] | None = None,
) -> ASGIApp:
    """Put connexion, with our validators, around the handlers.

    Args:
        document: The spec.
        handlers: By operationId.
        middlewares: What a request passes between here and its handler; for tests that take a
            part out.

    Returns:
        An ASGI application that raises a `Problem` (or connexion's own HTTP exception for an
        unknown method) where it cannot answer.
    """
    connexion: Any = ConnexionMiddleware(
        partial(_call, handlers),
        middlewares=middlewares if middlewares is not None else pipeline(document),
        validator_map=validator_map(document),
        uri_parser_class=_NoUriParser,
        resolver=handlers.__getitem__,
    )
    connexion.add_api(document)
    bound: ASGIApp = connexion
    return bound


def pipeline(document: Document) -> list[Callable[[ASGIApp], ASGIApp]]:
    """The parts of connexion that a request passes, outermost first."""
    return [RoutingMiddleware, partial(Arguments, document=document), RequestValidation]


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
    handlers: Mapping[str, Handler], scope: Scope, receive: Receive, send: Send
) -> None:
    extensions = scope["extensions"]
    operation_id = extensions["connexion_routing"]["operation_id"]
    if operation_id is None:
        raise NotFound("There is nothing at this path.")
    async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
        response = await handlers[operation_id](**extensions[ARGUMENTS])
    await response(scope, receive, send)


class Api:
    """Everything that holds for every request and answer of the API, whatever the operation."""

    def __init__(
        self,
        app: ASGIApp,
        document: Document,
        version: str,
        translate: Callable[[Exception], Problem | None],
        observe: Observer,
    ) -> None:
        """Wrap what `bind` made.

        Args:
            app: The bound handlers.
            document: Their spec.
            version: What `X-Service-Version` says.
            translate: The problem that a storage error stands for, None for one it does not know.
            observe: Is told of every answer.
        """
        self._app = app
        self._paths = _Paths(document)
        self._headers = ((b"x-service-version", version.encode()), SERVER)
        self._translate = translate
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        status = 500

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._headers]
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        scope["path"] = self._paths.settle(scope["path"])
        extensions: dict[str, Any] = {}
        scope["extensions"] = extensions
        try:
            _refuse_odd(scope)
            await self._app(scope, receive, send_named)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a problem
            problem = self._problem(scope, error)
            await problem.response()(scope, receive, send_named)
        operation = extensions.get("connexion_routing", {}).get("operation_id")
        self._observe(operation, status, time.perf_counter() - began)

    def _problem(self, scope: Scope, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = self._paths.methods(scope["path"])
            if not allowed:
                return NotFound("There is nothing at this path.")
            return MethodNotAllowed(
                f"Use {' or '.join(allowed)}.", (), {"Allow": ", ".join(allowed)}
            )
        known = self._translate(error)
        if known is not None:
            if known.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.error(
                    "request_failed", path=scope["path"], problem=known.kind, reason=str(error)
                )
            return known
        log.error("request_failed", path=scope["path"], problem=Problem.kind, exc_info=error)
        return Problem(FAILED)


# Empty segments, and slashes and control characters encoded: in no path of a spec, and read
# otherwise by other parts, so that `/orders/o1%2Fstatus` would be what the gateway never took it
# for, and `/orders//` a redirect to wherever the header Host says.
_ODD = re.compile(rb"//|%(2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)


def is_odd(path: bytes) -> bool:
    """Whether a path, as sent, is one that parts of a system read differently."""
    return _ODD.search(path) is not None


def _refuse_odd(scope: Scope) -> None:
    if is_odd(scope["raw_path"]):
        raise NotFound("There is nothing at this path.")
    if scope["method"] == "HEAD":  # Starlette's router takes it for GET; the specs do not
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)


class _Paths:
    """The paths of a spec: the trailing slash made insignificant, the methods of each."""

    def __init__(self, document: Document) -> None:
        self._methods: dict[tuple[str, ...], list[str]] = {}
        self._slash: dict[tuple[str, ...], bool] = {}
        for operation in operations(document):
            parts = tuple("*" if part.startswith("{") else part for part in _parts(operation.path))
            self._methods.setdefault(parts, []).append(operation.method)
            self._slash[parts] = operation.path.endswith("/")

    def settle(self, path: str) -> str:
        """`path` with or without its trailing slash, as the spec writes it."""
        known = self._match(path)
        if known is None or path.endswith("/") == self._slash[known]:
            return path
        return f"{path}/" if self._slash[known] else path[:-1]

    def methods(self, path: str) -> list[str]:
        """The methods of `path` in the spec, sorted; empty where it has none."""
        known = self._match(path)
        return sorted(self._methods[known]) if known is not None else []

    def _match(self, path: str) -> tuple[str, ...] | None:
        parts = _parts(path)
        if parts in self._methods:
            return parts
        for known in self._methods:
            if len(known) == len(parts) and all(
                a == b or (a == "*" and b) for a, b in zip(known, parts, strict=True)
            ):
                return known
        return None


def _parts(path: str) -> tuple[str, ...]:
    trimmed = path[1:-1] if len(path) > 1 and path.endswith("/") else path[1:]
    return tuple(trimmed.split("/"))
