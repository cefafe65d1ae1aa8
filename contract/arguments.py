"""From a request to the arguments of its handler: the body parsed, the parameters read.

Here stands what is true of every request whatever its schema: one media type, strict JSON, no
parameter twice, none that the spec does not know.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import jiter
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.document import Document, InvalidDocumentError, Operation, operations, resolve
from contract.errors import (
    Fault,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
)

MOST_BODY_BYTES = 1024 * 1024
"""A larger body is refused; the gateway's limit is the same."""

ARGUMENTS = "contract_arguments"
"""Key in `scope["extensions"]`: what the handler is called with, by name."""

FAULTS = "contract_faults"
"""Key in `scope["extensions"]`: what is known to be wrong, for the validation to refuse."""

_QUERY_TYPES = {"string", "integer", "number", "boolean"}

_JSON = b"application/json"
_MEDIA_TYPE = re.compile(rb'application/json *(; *charset *= *("utf-?8"|utf-?8) *)?', re.IGNORECASE)


class Arguments:
    """Puts the arguments of the matched operation into the scope.

    Stands between connexion's routing and its request validation, so that what connexion then
    has validated is the very object that the handler gets, and is parsed once.

    Raises (from a call): InvalidRequest, PayloadTooLarge, UnsupportedMediaType.
    """

    def __init__(self, app: ASGIApp, document: Document) -> None:
        self._app = app
        self._readers = {each.id: _Reader(each, document) for each in operations(document)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the arguments and call the next application."""
        operation_id = scope["extensions"]["connexion_routing"]["operation_id"]
        if operation_id is not None:
            faults: list[Fault] = []
            scope["extensions"][FAULTS] = faults
            arguments = await self._readers[operation_id](scope, receive, faults)
            scope["extensions"][ARGUMENTS] = arguments
        await self._app(scope, receive, send)


class _Reader:
    """Reads the arguments of one operation."""

    def __init__(self, operation: Operation, document: Document) -> None:
        self._body = operation.body_schema is not None
        self._body_defaults = _defaults(document, operation.body_schema or {})
        self._path: list[str] = []
        self._query: dict[str, str] = {}
        self._defaults: dict[str, Any] = {}
        for parameter in operation.parameters:
            name, schema = parameter["name"], resolve(document, parameter["schema"])
            if parameter["in"] == "path" and schema["type"] == "string":
                self._path.append(name)
            elif parameter["in"] == "query" and schema["type"] in _QUERY_TYPES:
                self._query[name] = schema["type"]
                self._defaults[name] = schema.get("default")
            else:
                kind = f"{schema['type']} in {parameter['in']}"
                raise InvalidDocumentError(f"{operation.id}: parameter {name}: no {kind} here")

    async def __call__(self, scope: Scope, receive: Receive, faults: list[Fault]) -> dict[str, Any]:
        arguments = {name: scope["path_params"][name] for name in self._path}
        arguments |= self._defaults
        if scope["query_string"]:
            arguments |= _query(scope["query_string"], self._query, faults)
        if self._body:
            _check_headers(scope["headers"])
            body = arguments["body"] = _parse(await _read(receive))
            if self._body_defaults and isinstance(body, dict):
                arguments["body"] = self._body_defaults | body
        return arguments


def _defaults(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The defaults of a body's own properties (not of what is nested in them)."""
    properties = resolve(document, schema).get("properties", {})
    return {name: each["default"] for name, each in properties.items() if "default" in each}


def _check_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Refuse a body by what is said of it."""
    media_types = []
    for name, value in headers:
        if name == b"content-type":
            media_types.append(value)
        elif name == b"content-encoding":
            raise UnsupportedMediaType("Send the body as it is, not compressed.")
        elif name == b"content-length" and _is_too_large(value):
            raise PayloadTooLarge(f"A body has at most {MOST_BODY_BYTES} bytes.")
    if media_types == [_JSON]:
        return
    if len(media_types) != 1 or not _MEDIA_TYPE.fullmatch(media_types[0].strip()):
        raise UnsupportedMediaType("Send the body as application/json, in UTF-8.")


def _is_too_large(content_length: bytes) -> bool:
    most = b"%d" % MOST_BODY_BYTES
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
        if size > MOST_BODY_BYTES:
            raise PayloadTooLarge(f"A body has at most {MOST_BODY_BYTES} bytes.")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    if not body:
        raise InvalidRequest("A body is needed.", [Fault("there is none", pointer="#")])
    try:
        return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise InvalidRequest("The body is not JSON.", [Fault(str(error), pointer="#")]) from error


def _query(query: bytes, known: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    """The query's parameters by name, as the types that the spec gives them."""
    values: dict[str, Any] = {}
    for name, text in _pairs(query):
        if name not in known:
            faults.append(Fault("is not a parameter here", parameter=name[:100]))
        elif name in values:
            faults.append(Fault("is there more than once", parameter=name))
        else:
            values[name] = _typed(text, known[name])
    return values


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError as error:
        fault = Fault("is not a query string in UTF-8 of at most 100 parameters")
        raise InvalidRequest("The query cannot be read.", [fault]) from error


_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,307})(\.[0-9]{1,400})?")


def _typed(text: str, kind: str) -> Any:  # noqa: ANN401 - whatever the spec says
    """`text` as `kind`; where it is none, the text itself, which no schema of that type admits."""
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
