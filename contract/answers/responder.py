"""From what a handler returned to status, media type and headers, and on to the client."""

import json
from collections.abc import Mapping, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract.answers.accept import Accept, accept_of, preferred
from contract.answers.declared import NO_BODY, Body, Declared
from contract.answers.headers import Raw, raw_headers
from contract.answers.returned import (
    Answer,
    File,
    InvalidAnswerError,
    Representations,
    Tagged,
    is_stream,
)
from contract.answers.sending import send_file, send_stream, start_of
from contract.errors import NotAcceptable
from openapi.description import Description, Operation

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_LEAST_STATUS = 200
_NO_HEADERS: Mapping[str, object] = {}


class Responder:
    """Answers for one operation. Thread-safe.

    A value that comes without a status gets the first success that the spec declares and that can
    hold it: an exact code, else 200 for `2XX`, else 200 for `default`.
    """

    def __init__(self, operation: Operation, description: Description) -> None:
        self._operation, self._schemas = operation, description.schemas
        self._known: dict[str, Declared] = {}
        exact = [each for each in operation.responses if each.isdigit() and each.startswith("2")]
        ranges = [each for each in ("2XX", "default") if each in operation.responses]
        self._successes = [(int(each), self._declared(each)) for each in exact] or [
            (200, self._declared(each)) for each in ranges[:1]
        ]

    def _declared(self, status: str) -> Declared:
        """What is declared under a status; other than successes are looked at when needed."""
        if status not in self._known:
            response = self._operation.responses[status]
            self._known[status] = Declared(response, self._schemas)
        return self._known[status]

    @property
    def may_be_none(self) -> bool:
        """Whether None is an answer: of no body, or JSON's null."""
        return any(each.holds(None) for _, each in self._successes)

    def accepted(self, scope: Scope) -> Accept | None:
        """What the client takes; None where that is anything.

        Raises:
            NotAcceptable: It takes none of the media types of any success: then nothing is to be
                done for it.
        """
        accept = accept_of(scope)
        successes = [each for _, each in self._successes] if accept is not None else []
        if accept and successes and not any(each.is_acceptable(accept) for each in successes):
            raise _not_acceptable([body for each in successes for body in each.bodies])
        return accept

    async def __call__(
        self, result: object, accept: Accept | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send what the handler returned.

        Raises:
            InvalidAnswerError: The operation does not declare such an answer.
            NotAcceptable: The client takes none of its media types. Not where the request may have
                changed something: then it gets the first, as RFC 9110 allows (12.5.1).
        """
        if isinstance(result, Response):
            await self._without_write_only(result)(scope, receive, send)
            return
        value, wish, given, name = result, None, _NO_HEADERS, None
        if isinstance(result, Answer):
            value, wish = result.value, result.status
            given, name = result.headers, result.media_type
        status, declared = self._response(value, wish)
        headers = raw_headers(given, declared.headers) if given else []
        if value is None and (status in NO_BODY or not declared.bodies):
            if status not in NO_BODY:
                headers.append((b"content-length", b"0"))
            await send(start_of(status, headers))
            await send({"type": "http.response.body", "body": b""})
            return
        found = self._candidates(value, declared, name)
        if name is None and accept is not None:
            body, value = _preferred(found, accept, is_safe=scope["method"] in _SAFE)
        else:
            body, value = found[0]
        if callable(value):  # which only one of several representations is
            value = value()
        headers += _about(value, body)
        if declared.varies:
            headers = _with_vary(headers)
        start = start_of(status, headers)
        if isinstance(value, File):
            await send_file(start, value, scope, receive, send)
        elif is_stream(value):
            charset = body.media_type.charset
            await send_stream(start, value, scope, receive, send, charset=charset)
        else:
            encoded = body.encode(value)
            headers.append((b"content-length", b"%d" % len(encoded)))
            await send(start)
            await send({"type": "http.response.body", "body": encoded})

    def _response(self, value: object, wish: int | None) -> tuple[int, Declared]:
        """The status, and what is declared for it."""
        if wish is None:
            for status, declared in self._successes:
                if declared.holds(value):
                    return status, declared
            what = "no success" if not self._successes else "no success with such a body"
            raise self._invalid(f"{_kind(value)}, and the spec declares {what}")
        found = self._operation.response(wish)
        if found is None or wish < _LEAST_STATUS:
            raise self._invalid(f"{wish}, which the spec does not declare")
        declared = self._declared(found.status)
        fits = value is None if wish in NO_BODY else declared.holds(value)
        if not fits:
            raise self._invalid(f"{_kind(value)} with {wish}, which has no such body")
        return wish, declared

    def _candidates(
        self, value: object, declared: Declared, name: str | None
    ) -> list[tuple[Body, object]]:
        """The media types that can hold the value, and it. There is one at least."""
        found: list[tuple[Body, object]]
        if isinstance(value, Representations):
            found = [
                (declared.named(each), made)
                for each, made in value.by_media_type.items()
                if name in (None, each)
            ]
        elif name is not None:
            found = [(declared.named(name), value)]
        else:
            found = [(body, value) for each in declared.bodies if (body := each.holding(value))]
        if not found:
            names = " or ".join(str(each.media_type) for each in declared.bodies)
            raise self._invalid(f"{_kind(value)}, of which no {names} is made")
        return found

    def _without_write_only(self, response: Response) -> Response:
        """A handler's own response, unless it is a stream or a file."""
        content = getattr(response, "body", None)
        found = self._operation.response(response.status_code)
        if not content or found is None:
            return response
        try:
            body = self._declared(found.status).named(response.headers.get("content-type", ""))
        except InvalidAnswerError:
            return response
        if not (body.hidden.any and body.media_type.is_json):
            return response
        changed = Response(body.encode(json.loads(content)), response.status_code)
        changed.raw_headers += [
            each for each in response.raw_headers if each[0] != b"content-length"
        ]
        changed.background = response.background
        return changed

    def _invalid(self, what: str) -> InvalidAnswerError:
        return InvalidAnswerError(f"{self._operation.id} answered {what}")


def _preferred(
    found: list[tuple[Body, object]], accept: Accept, *, is_safe: bool
) -> tuple[Body, object]:
    """What the client likes best."""
    place = preferred(accept, [body.media_type for body, _ in found])
    if place is None and is_safe:
        raise _not_acceptable([body for body, _ in found])
    return found[place or 0]


def _about(value: object, body: Body) -> list[Raw]:
    """The headers that say what the body is."""
    if isinstance(value, Tagged):
        return [body.content_type, (b"etag", value.etag.encode())]
    return [body.content_type]


def _kind(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _not_acceptable(bodies: Sequence[Body]) -> NotAcceptable:
    names = " or ".join(dict.fromkeys(str(each.media_type) for each in bodies))
    return NotAcceptable(f"This is answered as {names}.", (), {"Vary": "Accept"})


def _with_vary(headers: list[Raw]) -> list[Raw]:
    """The headers, which say that the answer depends on `Accept`, whatever else it depends on."""
    said = [value for name, value in headers if name == b"vary"]
    names = [each.strip().lower() for value in said for each in value.split(b",")]
    if b"*" not in names and b"accept" not in names:
        return [*headers, (b"vary", b"Accept")]
    return headers


def responders(description: Description) -> Mapping[str, Responder]:
    """By the operation's id."""
    return {each.id: Responder(each, description) for each in description.operations}
