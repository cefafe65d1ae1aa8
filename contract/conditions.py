"""What a request demands of the thing that it is for, and the key by which it is known again.

The headers Idempotency-Key, If-Match and If-None-Match are read here, whether a spec declares them
or not. No handler is given them: storage asks for the conditions that they are.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.responses import Response
from starlette.types import Receive, Scope

from contract.answers.returned import Answer, InvalidAnswerError, Tagged
from contract.errors import (
    InvalidRequest,
    PreconditionFailed,
    PreconditionRequired,
    ValidationIssue,
)
from contract.fingerprint import DIGEST_BYTES, Fingerprint
from openapi.description import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, Operation

SENT: Final = "contract_conditions"
"""Key in `scope["extensions"]`: the `Sent` of a request that has any of the headers."""

ANY = "*"
"""Stands for whatever ETag there is."""

MAX_KEY_CHARACTERS = 255

_CALLER = b"x-consumer-username"
"""The header by which the gateway names the caller; it lets no client send it."""

_NAMES = {each.encode(): each for each in (IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH)}
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ETAG = re.compile(r'[ \t]*(?:(W/)?("[\x21\x23-\x7e\x80-\xff]*"))?[ \t]*(?:,|$)')
_SAFE = ("GET", "HEAD")


@dataclass(slots=True)
class Repeatable:
    """A request that may come again: `key` is a digest of its caller and its key."""

    key: bytes
    fingerprint: Fingerprint


@dataclass(slots=True)
class Conditions:
    """What a request demands.

    `if_match` and `if_none_match` are ETags as in the header, or `ANY`; None where it demands
    nothing. They hold for the first thing that is written or read: `met` says that one was.
    """

    request: Repeatable | None = None
    if_match: Sequence[str] | None = None
    if_none_match: Sequence[str] | None = None
    met: bool = False
    _made: int = field(default=0, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether the request demands nothing, and has no key."""
        return self.request is None and self.if_match is None and self.if_none_match is None

    def new_id(self, kind: str) -> str:
        """The id of the next new thing of a kind: with a key the same at each repetition."""
        if self.request is None:
            return str(uuid4())
        self._made += 1
        seed = self.request.key + f"{kind} {self._made}".encode()
        return str(UUID(bytes=sha256(seed).digest()[:16], version=4))


_NO_CONDITIONS = Conditions()
_CURRENT: ContextVar[Conditions] = ContextVar("conditions", default=_NO_CONDITIONS)


def conditions() -> Conditions:
    """Those of the request that is being answered. Most have none; elsewhere there are none."""
    return _CURRENT.get()


@contextmanager
def under(demanded: Conditions) -> Iterator[None]:
    """Within, these are the conditions of the request that is being answered."""
    token = _CURRENT.set(demanded)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def conditions_of_write() -> Conditions:
    """Those for what is written now: what is demanded of its state, for the first thing alone."""
    current = _CURRENT.get()
    if current.met:
        return Conditions(current.request)
    if current is not _NO_CONDITIONS:
        current.met = True
    return current


@dataclass(slots=True)
class Sent:
    """The headers as they came, and the fingerprint of the request, where it has a key."""

    lines: Mapping[str, Sequence[str]]
    caller: bytes
    fingerprint: Fingerprint | None


def sent(scope: Scope, receive: Receive) -> tuple[Sent | None, Receive]:
    """The headers of a request, and what its body is to be read from; None where it has none."""
    lines: dict[str, list[str]] = {}
    media_type = caller = b""
    for name, value in scope["headers"]:
        if name in _NAMES:
            lines.setdefault(_NAMES[name], []).append(value.decode("latin-1"))
        elif name == b"content-type":
            media_type = value
        elif name == _CALLER:
            caller = value
    if not lines:
        return None, receive
    if IDEMPOTENCY_KEY not in lines:
        return Sent(lines, caller, None), receive
    fingerprint = Fingerprint(scope, media_type)
    return Sent(lines, caller, fingerprint), fingerprint.of(receive)


class ConditionalOperation:
    """Has requests for one operation handled under their conditions. Thread-safe."""

    def __init__(self, operation: Operation) -> None:
        declared = [each for each in operation.parameters if each.is_condition]
        self._arguments = tuple(each.python_name for each in declared)
        self._operation, self._declared = operation.id, {each.name.lower() for each in declared}
        self._needs_etag = any(each.required and each.name.lower() == IF_MATCH for each in declared)
        self._is_safe = operation.method in _SAFE

    async def handled(
        self, handle: Callable[..., Awaitable[object]], arguments: dict[str, Any], scope: Scope
    ) -> object:
        """What a handler answers under the conditions of a request; 304 for what its client has.

        Raises:
            InvalidRequest: The key cannot be read.
            PreconditionFailed: If-Match cannot be read, or what was read is in another state.
            PreconditionRequired: The operation demands If-Match, and there is none.
            InvalidAnswerError: The operation declares the headers, and its handler has answered
                without asking storage for anything that heeds them.
        """
        for name in self._arguments:
            arguments.pop(name, None)
        found: Sent | None = scope["extensions"].get(SENT)
        if self._needs_etag and (found is None or IF_MATCH not in found.lines):
            raise PreconditionRequired(
                "Send If-Match with the ETag of what you read, so that nobody's change is lost."
            )
        if found is None:
            return await handle(**arguments)
        demanded = Conditions(
            _request(found), _etags(found, IF_MATCH), _etags(found, IF_NONE_MATCH)
        )
        with under(demanded):
            result = await handle(**arguments)
        if self._is_safe:
            return _of_reading(result, demanded)
        if not demanded.met and (names := self._declared & found.lines.keys()):
            heedless = f"{self._operation} did not heed {', '.join(sorted(names))}"
            raise InvalidAnswerError(f"{heedless}: store by storage/")
        return result


def _of_reading(result: object, demanded: Conditions) -> object:
    value = result.value if isinstance(result, Answer) else result
    if not isinstance(value, Tagged):
        return result
    if demanded.if_match is not None and not _among(demanded.if_match, value.etag):
        raise PreconditionFailed.now(value.etag)
    if _among(demanded.if_none_match or (), value.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": value.etag})
    return result


def _request(found: Sent) -> Repeatable | None:
    if found.fingerprint is None:
        return None
    lines = found.lines[IDEMPOTENCY_KEY]
    text = lines[0].strip(" \t")
    is_plain = text.isascii() and text.isprintable() and not text.startswith('"')
    quoted = None if is_plain else _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    if len(lines) > 1 or not (is_plain or quoted) or not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise _invalid(
            "Idempotency-Key",
            f"must be one, plain or quoted, of 1 to {MAX_KEY_CHARACTERS} characters",
        )
    scoped = b"%d %b %b" % (len(found.caller), found.caller, key.encode("latin-1"))
    digest = sha256(scoped).digest()
    return Repeatable(digest[:DIGEST_BYTES], found.fingerprint)


def _etags(found: Sent, name: str) -> Sequence[str] | None:
    if name not in found.lines:
        return None
    text = ",".join(found.lines[name]).strip(" \t")
    if text == ANY:
        return (ANY,)
    tags, at = [], 0
    while at < len(text):
        each = _ETAG.match(text, at)
        if each is None:
            return _none_of_them(name)
        at = each.end()
        # Strong comparison for If-Match, weak comparison for If-None-Match (RFC 9110, 13.1).
        if each[2] and not (each[1] and name == IF_MATCH):
            tags.append(each[2])
    return tags


def _none_of_them(name: str) -> Sequence[str]:
    """What a header demands that is no list of ETags.

    Raises:
        PreconditionFailed: It is If-Match: no state is one of them.
    """
    if name == IF_MATCH:
        raise PreconditionFailed('If-Match must be * or a list of ETags in their quotes: "1".')
    return ()


def _invalid(name: str, why: str) -> InvalidRequest:
    return InvalidRequest("A header cannot be read.", [ValidationIssue(why, parameter=name)])


def _among(tags: Sequence[str], etag: str) -> bool:
    return etag in tags or ANY in tags
