"""How a request travels from the socket to its handler.

    gunicorn → Service ─┬→ health, metrics, Swagger UI (Starlette)
                        └→ Api → [connexion: routing → Arguments → request validation] → handler

| part | file | what it does |
| --- | --- | --- |
| `Service` | service.py | sends what is not of the API to what stands beside it |
| `Api` | here | normalizes the path, answers OPTIONS, makes problem+json of errors |
| routing | connexion | finds the operation; `binding.py` puts connexion together |
| `Arguments` | arguments.py, parameters/ | reads body and parameters, strictly, once |
| request validation | connexion | calls the compiled validators of validation.py on them |
| handler | handlers/ | the function that `operationId` names |
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.common_headers import with_common_headers
from contract.deprecation import deprecation_headers
from contract.errors import FAILED, MethodNotAllowed, NotFound, Problem
from contract.paths import Paths, is_ambiguous_path, loggable_path
from openapi.description import Description
from tracing.requests import REQUEST_ID_HEADER, RequestSpan, RequestSpans

_JSON = "application/json"

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Is told of every answer: operationId (None where none matched), status, seconds."""

    def __call__(self, operation: str | None, status: int, seconds: float, /) -> None:
        """Take note. Must not block or raise."""


class Api:
    """Everything that holds for every request and answer of the API, whatever the operation."""

    def __init__(
        self,
        app: ASGIApp,
        description: Description,
        version: str,
        translate: Callable[[Exception], Problem | None],
        observe: Observer,
    ) -> None:
        """Wrap what `bind` made.

        Args:
            app: The bound handlers.
            description: Their API.
            version: What `X-Service-Version` says.
            translate: The problem that a storage error stands for, None for one it does not know.
            observe: Is told of every answer.
        """
        self._app = app
        self._paths = Paths(description)
        self._operations = {each.id: each for each in description.operations}
        self._spans = RequestSpans()
        self._deprecated = deprecation_headers(description)
        self._version = (b"x-service-version", version.encode())
        self._translate = translate
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, under the name by which the gateway, or else this, calls it."""
        scope["path"] = self._paths.normalize(scope["path"])
        scope["extensions"] = {}
        with self._spans.begin(scope) as span:
            await self._answer_within(span, scope, receive, send)

    async def _answer_within(
        self, span: RequestSpan, scope: Scope, receive: Receive, send: Send
    ) -> None:
        began = time.perf_counter()
        status: int | None = None
        named = (REQUEST_ID_HEADER, span.request_id.encode())

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = with_common_headers(message, self._version, named)
                if self._deprecated:
                    message["headers"] += self._deprecated.get(_operation(scope) or "", ())
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._answer(scope, receive, send_named)
        except Exception as error:
            if status is not None:  # part of an answer has gone out: there is no other to give
                raise
            problem = self._problem(scope, error)
            await self._typed(scope, problem.response())(scope, receive, send_named)
        operation = _operation(scope)
        found = self._operations.get(operation or "")
        span.answered(None if found is None else found.path, status or 500)
        self._observe(operation, status or 500, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if is_ambiguous_path(scope["raw_path"]):
            raise NotFound("There is nothing at this path.")
        if scope["method"] != "OPTIONS" or self._paths.answers_options(path):
            await self._app(scope, receive, send)
            return
        allowed = self._paths.methods(path)
        if not allowed:
            raise NotFound("There is nothing at this path.")
        response = Response(status_code=204, headers={"Allow": ", ".join(allowed)})
        await response(scope, receive, send)

    def _typed(self, scope: Scope, response: Response) -> Response:
        """A problem as plain JSON, where that is declared for its very status, not problem+json."""
        operation = self._operations.get(_operation(scope) or "")
        declared = operation and operation.responses.get(str(response.status_code))
        if declared and _JSON in declared.content and response.media_type not in declared.content:
            response.headers["content-type"] = _JSON
        return response

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
                    "request_failed",
                    path=loggable_path(scope["path"]),
                    problem=known.kind,
                    reason=error,
                )
            return known
        log.error(
            "request_failed",
            path=loggable_path(scope["path"]),
            problem=Problem.kind,
            exc_info=error,
        )
        return Problem(FAILED)


def _operation(scope: Scope) -> str | None:
    """The id of the operation that a request was found to be for."""
    found: str | None = scope["extensions"].get("connexion_routing", {}).get("operation_id")
    return found
