"""Does every answer keep the contract? Switched on in all tests, off in operation."""

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

import jiter
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.answers.declared import NO_BODY
from contract.answers.headers import read_header
from contract.answers.media_types import MediaRange, media_range
from contract.errors import PROBLEM_JSON, Problem
from contract.schema import Schema
from openapi.description import Description, JsonSchema, Operation, Response
from openapi.schemas import value_type
from openapi.views import View

MAX_HELD_BYTES = 16 * 1024 * 1024
"""Of an answer, so much is held back to be checked; what is longer goes out as it comes."""

_PARTS = ("multipart", "byteranges")
"""Several parts of a file, of which only the whole is declared."""

_UNDECLARED = frozenset(
    {
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.NOT_MODIFIED,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""Problems that an operation need not declare: they are about HTTP itself, or a fault of ours."""

log = structlog.get_logger(__name__)


class ResponseCheck:
    """Holds every answer back until it is known to be one that the spec declares.

    An answer that breaks the contract (status, media type, headers, body; properties that the
    schema does not name count as breaking) becomes a 500, and is logged with everything that is
    wrong with it. Of a stream that is not JSON, and of what is longer than MAX_HELD_BYTES, only
    the body is not looked at.
    """

    def __init__(self, app: ASGIApp, description: Description) -> None:
        self._app = app
        self._operations = {
            each.id: _Operation(each, description) for each in description.operations
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, if need be otherwise than the application did."""
        held = _Held(self, scope, receive, send)
        await self._app(scope, receive, held.take)

    def issues(self, scope: Scope, start: Message, body: bytes, *, is_whole: bool) -> list[str]:
        """What is wrong with an answer, of which the body may be no more than its beginning."""
        name = scope["extensions"].get("connexion_routing", {}).get("operation_id")
        if name is None:  # no operation's answer, but that there is none
            return []
        return self._operations[name].issues(scope, start, body, is_whole=is_whole)


class _Held:
    """One answer, held back for as long as it has to be."""

    def __init__(self, check: ResponseCheck, scope: Scope, receive: Receive, send: Send) -> None:
        self._check, self._scope = check, scope
        self._receive, self._send = receive, send
        self._messages: list[Message] = []
        self._size = 0
        self._passes = self._refused = False

    async def take(self, message: Message) -> None:
        """Hold a message, or let it pass."""
        if self._refused:
            return
        if self._passes:
            await self._send(message)
            return
        self._messages.append(message)
        if message["type"] == "http.response.start":
            return
        self._size += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if is_whole or self._size > MAX_HELD_BYTES or not _is_json(self._messages[0]):
            await self._decide(is_whole=is_whole)

    async def _decide(self, *, is_whole: bool) -> None:
        start, *parts = self._messages
        body = b"".join(each.get("body", b"") for each in parts)
        issues = self._check.issues(self._scope, start, body, is_whole=is_whole)
        if issues:
            self._refused = True
            name = self._scope["extensions"]["connexion_routing"]["operation_id"]
            log.error("answer_breaks_contract", operation=name, issues=issues)
            problem = Problem("; ".join(issues)).response()
            if self._scope["method"] == "HEAD":
                problem.body = b""
            await problem(self._scope, self._receive, self._send)
            return
        self._passes = True
        for message in self._messages:
            await self._send(message)
        self._messages.clear()


class _Operation:
    """The answers of one operation."""

    def __init__(self, operation: Operation, description: Description) -> None:
        self._operation = operation
        self._declared = {
            key: _Declared(description, each) for key, each in operation.responses.items()
        }

    def issues(self, scope: Scope, start: Message, body: bytes, *, is_whole: bool) -> list[str]:
        """What is wrong with one of them."""
        status, headers = start["status"], _headers(start)
        is_part = status == HTTPStatus.PARTIAL_CONTENT and str(status) not in self._declared
        response = self._operation.response(HTTPStatus.OK if is_part else status)
        if response is None:
            is_problem = status in NO_BODY or headers.get("content-type") == PROBLEM_JSON
            is_known = status in _UNDECLARED and is_problem
            return [] if is_known else [f"{self._operation.id} declares no {status}"]
        declared = self._declared[response.status]
        found = declared.header_issues(headers)
        if status in NO_BODY:
            return [*found, f"there is a body, and {status} has none"] if body else found
        is_whole = is_whole and scope["method"] != "HEAD" and not is_part
        return found + declared.body_issues(headers, body, is_whole=is_whole)


class _Declared:
    """One response as an operation declares it."""

    def __init__(self, description: Description, response: Response) -> None:
        self._description, self._response = description, response

    @cached_property
    def _content(self) -> list[tuple[MediaRange, "_Content"]]:
        """Compiled when it is first answered: a large API has thousands of them."""
        return [
            (media_range(name), _Content(each.schema, self._description))
            for name, each in self._response.content.items()
        ]

    @cached_property
    def _headers(self) -> Mapping[str, Schema]:
        return {
            name: Schema(each.schema, self._description.schemas, View.RESPONSE)
            for name, each in self._response.headers.items()
        }

    def body_issues(self, headers: Mapping[str, str], body: bytes, *, is_whole: bool) -> list[str]:
        """What is wrong with an answer's media type and, where it is there as a whole, its body."""
        said = headers.get("content-type")
        if not self._response.content:
            return ["there is a body, the spec has none"] if body else []
        try:
            media_type = media_range(said or "")
        except ValueError:
            return [f"Content-Type is {said}"]
        if (media_type.type, media_type.subtype) == _PARTS:
            return []
        # The most specific that covers it is the one that is meant.
        fitting = [each for each in self._content if each[0].covers(media_type)]
        if not fitting:
            return [f"Content-Type is {said}"]
        meant = max(fitting, key=lambda each: each[0].specificity)[1]
        return meant.issues(media_type, body) if is_whole else []

    def header_issues(self, headers: Mapping[str, str]) -> list[str]:
        """What is wrong with its headers; it may have more of them than are declared."""
        found = []
        for name, header in self._response.headers.items():
            text = headers.get(name.lower())
            if text is None:
                found += [f"{name} is missing"] if header.required else []
                continue
            value = read_header(text, header, self._description)
            found += [f"{name}: {each.detail}" for each in self._headers[name].issues(value)]
        return found


class _Content:
    """A body in one of the declared media types."""

    def __init__(self, schema: JsonSchema, description: Description) -> None:
        self._schema = Schema(schema, description.schemas, View.RESPONSE, closed=True)
        self._type = value_type(schema, description.schemas)

    def issues(self, media_type: MediaRange, body: bytes) -> list[str]:
        """What is wrong with it. Of what is neither JSON nor text, nothing can be."""
        if media_type.is_json:
            try:
                value = jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
            except ValueError as error:
                return [f"the body is no JSON: {error}"]
        elif media_type.is_text and self._type not in ("array", "object"):
            try:
                value = self._read(body.decode(media_type.charset))
            except (ValueError, LookupError) as error:
                return [f"the body is no text in its charset: {error}"]
        else:
            return []
        return [f"{issue.pointer}: {issue.detail}" for issue in self._schema.issues(value)]

    def _read(self, text: str) -> Any:  # noqa: ANN401 - whatever its schema says
        """A text as the value that its schema speaks of."""
        if self._type not in ("integer", "number", "boolean"):
            return text
        try:
            return jiter.from_json(text.encode(), allow_inf_nan=False)
        except ValueError:
            return text


def _headers(start: Message) -> dict[str, str]:
    """By name; one that is there several times is a list of its values (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in start["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _is_json(start: Message) -> bool:
    try:
        return media_range(_headers(start).get("content-type", "")).is_json
    except ValueError:
        return False
