"""Does every answer keep the contract? Switched on in all tests, off in operation."""

from http import HTTPStatus
from typing import Any

import jiter
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.document import Document, operations, resolve
from contract.errors import Problem
from contract.schema import Schema

log = structlog.get_logger(__name__)

_UNDECLARED = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
"""Answers of no operation: another method's, and that of a stub until its handler is written."""


class ResponseCheck:
    """Holds every answer back until it is known to be one that the spec declares.

    An answer that breaks the contract (status, media type, headers, body; properties that the
    schema does not name count as breaking) becomes a 500, and is logged with everything that is
    wrong with it.
    """

    def __init__(self, app: ASGIApp, document: Document) -> None:
        self._app = app
        self._problem = Schema(document, {"$ref": "#/components/schemas/Problem"}, closed=True)
        self._declared = {
            each.id: {
                int(status): _Declared(document, resolve(document, response))
                for status, response in each.definition["responses"].items()
            }
            for each in operations(document)
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
        faults = self._faults(operation, messages)
        if faults:
            log.error("answer_breaks_contract", operation=operation, faults=faults)
            await Problem("; ".join(faults)).response()(scope, receive, send)
            return
        for message in messages:
            await send(message)

    def _faults(self, operation: str | None, messages: list[Message]) -> list[str]:
        status = messages[0]["status"]
        headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        declared = self._declared[operation].get(status) if operation else None
        if declared is not None:
            return declared.faults(headers, body)
        if operation is not None and status not in _UNDECLARED:
            return [f"{operation} declares no {status}"]
        return [fault.detail for fault in self._problem.faults(_json(body))]


class _Declared:
    """One response as an operation declares it."""

    def __init__(self, document: Document, response: dict[str, Any]) -> None:
        self._media_type: str | None = None  # where the response has no body, as a 204
        if "content" in response:
            ((self._media_type, content),) = response["content"].items()
            self._schema = Schema(document, content["schema"], closed=True)
        self._headers = {
            name: resolve(document, header) for name, header in response.get("headers", {}).items()
        }

    def faults(self, headers: dict[str, str], body: bytes) -> list[str]:
        """What is wrong with an answer of this status."""
        if self._media_type is None:
            found = ["there is a body, the spec has none"] if body else []
        else:
            faults = self._schema.faults(_json(body))
            found = [f"{fault.pointer}: {fault.detail}" for fault in faults]
        if headers.get("content-type") != self._media_type:
            found.append(f"Content-Type is {headers.get('content-type')}")
        found += [
            f"{name} is missing"
            for name, header in self._headers.items()
            if header.get("required") and name.lower() not in headers
        ]
        return found


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """The body's JSON; where it is none, what no schema of ours admits."""
    try:
        return jiter.from_json(body)
    except ValueError:
        return None
