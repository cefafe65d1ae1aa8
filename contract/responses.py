"""Does every answer keep the contract? Switched on in all tests, off in operation."""

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

import jiter
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.errors import Problem
from contract.schema import Schema
from openapi.description import Description, Response
from openapi.views import View

log = structlog.get_logger(__name__)

_UNDECLARED = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
"""Answers of no operation: another method's, and that of a stub until its handler is written."""


class ResponseCheck:
    """Holds every answer back until it is known to be one that the spec declares.

    An answer that breaks the contract (status, media type, headers, body; properties that the
    schema does not name count as breaking) becomes a 500, and is logged with everything that is
    wrong with it.
    """

    def __init__(self, app: ASGIApp, description: Description) -> None:
        self._app = app
        self._operations = {
            each.id: (
                each,
                {key: _Declared(description, one) for key, one in each.responses.items()},
            )
            for each in description.operations
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, if need be otherwise than the application did."""
        if scope["method"] == "HEAD":  # whose answers have no body to check
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, hold)
        operation = scope["extensions"].get("connexion_routing", {}).get("operation_id")
        issues = self._issues(operation, messages)
        if issues:
            log.error("answer_breaks_contract", operation=operation, issues=issues)
            await Problem("; ".join(issues)).response()(scope, receive, send)
            return
        for message in messages:
            await send(message)

    def _issues(self, operation: str | None, messages: list[Message]) -> list[str]:
        status = messages[0]["status"]
        headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        if operation is None or status in _UNDECLARED:
            return []
        found, declared = self._operations[operation]
        response = found.response(status)
        if response is None:
            return [f"{operation} declares no {status}"]
        return declared[response.status].issues(headers, body)


class _Declared:
    """One response as an operation declares it."""

    def __init__(self, description: Description, response: Response) -> None:
        self._description, self._response = description, response
        self._required = [name for name, each in response.headers.items() if each.required]

    @cached_property
    def _content(self) -> Mapping[str, Schema]:
        """Compiled when it is first answered: a large API has thousands of them."""
        return {
            name: Schema(each.schema, self._description.schemas, View.RESPONSE, closed=True)
            for name, each in self._response.content.items()
        }

    def issues(self, headers: dict[str, str], body: bytes) -> list[str]:
        """What is wrong with an answer of this status."""
        found = [f"{name} is missing" for name in self._required if name.lower() not in headers]
        media_type = headers.get("content-type")
        if not self._content:
            return [*found, "there is a body, the spec has none"] if body else found
        if media_type is None or media_type not in self._content:
            return [*found, f"Content-Type is {media_type}"]
        issues = self._content[media_type].issues(_json(body))
        return [*found, *(f"{issue.pointer}: {issue.detail}" for issue in issues)]


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """The body's JSON; where it is none, what no schema of ours admits."""
    try:
        return jiter.from_json(body)
    except ValueError:
        return None
