"""From a request to the arguments of its handler: the body parsed, the parameters read.

Here stands what is true of every request whatever its schema: one media type, strict JSON, no
parameter twice, none that the spec does not know.
"""

import re
from typing import Any

import jiter
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.errors import (
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationIssue,
)
from contract.parameters.reader import ParameterReader
from openapi.description import Description, Operation

MAX_BODY_BYTES = 1024 * 1024
"""A larger body is refused; the gateway's limit is the same."""

ARGUMENTS = "contract_arguments"
"""Key in `scope["extensions"]`: what the handler is called with, by name."""

ISSUES = "contract_issues"
"""Key in `scope["extensions"]`: what is known to be wrong, for the validation to refuse."""

_JSON = b"application/json"
_MEDIA_TYPE = re.compile(
    rb'application/json[ \t]*(;[ \t]*(charset[ \t]*=[ \t]*("utf-?8"|utf-?8)[ \t]*)?)*',
    re.IGNORECASE,
)


class Arguments:
    """Puts the arguments of the matched operation into the scope.

    Stands between connexion's routing and its request validation, so that what connexion then
    has validated is the very object that the handler gets, and is parsed once.

    Raises (from a call): InvalidRequest, PayloadTooLarge, UnsupportedMediaType.
    """

    def __init__(self, app: ASGIApp, description: Description) -> None:
        self._app = app
        self._readers = {each.id: _Reader(each, description) for each in description.operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the arguments and call the next application."""
        operation_id = scope["extensions"]["connexion_routing"]["operation_id"]
        if operation_id is not None:
            issues: list[ValidationIssue] = []
            scope["extensions"][ISSUES] = issues
            arguments = await self._readers[operation_id](scope, receive, issues)
            scope["extensions"][ARGUMENTS] = arguments
        await self._app(scope, receive, send)


class _Reader:
    """Reads the arguments of one operation."""

    def __init__(self, operation: Operation, description: Description) -> None:
        self._body = operation.body
        self._parameters = ParameterReader(operation, description)

    async def __call__(
        self, scope: Scope, receive: Receive, issues: list[ValidationIssue]
    ) -> dict[str, Any]:
        arguments = self._parameters(scope, issues)
        if self._body is not None:
            arguments["body"] = await self._read_body(scope["headers"], receive)
        return arguments

    async def _read_body(self, headers: list[tuple[bytes, bytes]], receive: Receive) -> Any:  # noqa: ANN401
        has_type = _check_headers(headers)
        body = await _read(receive)
        if not body and self._body is not None and not self._body.required:
            return None
        if not has_type:
            raise UnsupportedMediaType("Send the body as application/json, in UTF-8.")
        return _parse(body)


def _check_headers(headers: list[tuple[bytes, bytes]]) -> bool:
    """Refuse a body by what is said of it; False where its media type is not said."""
    media_types = []
    for name, value in headers:
        if name == b"content-type":
            media_types.append(value)
        elif name == b"content-encoding":
            raise UnsupportedMediaType("Send the body as it is, not compressed.")
        elif name == b"content-length" and _is_too_large(value):
            raise PayloadTooLarge(f"A body has at most {MAX_BODY_BYTES} bytes.")
    if media_types == [_JSON]:
        return True
    if not media_types:
        return False
    if len(media_types) != 1 or not _MEDIA_TYPE.fullmatch(media_types[0].strip()):
        raise UnsupportedMediaType("Send the body as application/json, in UTF-8.")
    return True


def _is_too_large(content_length: bytes) -> bool:
    most = b"%d" % MAX_BODY_BYTES
    digits = content_length.lstrip(b"0")
    return (len(digits), digits) > (len(most), most)


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The connection ended before the body did.")
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"A body has at most {MAX_BODY_BYTES} bytes.")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    if not body:
        raise InvalidRequest("A body is needed.", [ValidationIssue("there is none", pointer="#")])
    try:
        return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise InvalidRequest(
            "The body is not JSON.", [ValidationIssue(str(error), pointer="#")]
        ) from error
