"""Bodies: how they are written, and how those of answers are read."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import SEEK_SET
from typing import IO, Any
from urllib.parse import unquote

import httpx

from .errors import UnreadableAnswerError
from .operations import UNSET, Encoding, Operation, Parameter
from .wire import in_query, joined, plain

FORM, PARTS, BYTES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/octet-stream",
)

Content = str | bytes | IO[bytes] | Iterable[bytes] | AsyncIterable[bytes]
"""What is sent as it is: of a file and of an iterable never more is in memory than a piece."""

Part = tuple[str, tuple[str | None, Any, str | None, Mapping[str, str]]]


@dataclass(frozen=True)
class File:
    """A file in a form: bytes, or an open file, which is read piece by piece."""

    content: bytes | IO[bytes]
    name: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A body, ready to be sent any number of times if `may_be_repeated`."""

    content_type: str | None = None
    content: Any = None
    parts: tuple[Part, ...] | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Whether it can be read again from its beginning."""
        contents = [self.content] if self.parts is None else [each[1][1] for each in self.parts]
        return all(isinstance(each, bytes | None) or _can_seek(each) for each in contents)

    def arguments(self, *, is_async: bool) -> dict[str, Any]:
        """What httpx is to be given."""
        if self.parts is not None:
            for _, (_, content, _, _) in self.parts:
                if _can_seek(content):
                    content.seek(0, SEEK_SET)
            return {"files": self.parts}
        if self.content is None or isinstance(self.content, bytes):
            return {"content": self.content}
        if _can_seek(self.content):
            self.content.seek(0, SEEK_SET)
        if is_async and not hasattr(self.content, "__aiter__"):
            return {"content": _pieces_async(self.content)}
        return {"content": _pieces(self.content) if _can_seek(self.content) else self.content}


def written(operation: Operation, body: Any, content_type: str | None) -> Sent:  # noqa: ANN401
    """The body of a request.

    Raises:
        TypeError: It cannot be written in the media type.
        ValueError: It must be said in which it is.
    """
    if body is UNSET or (body is None and not operation.nullable_body) or not operation.bodies:
        return Sent()
    name = content_type or _usual(operation, body)
    encoding = _encoding(operation, name)
    essence = name.partition(";")[0].strip().lower()
    if isinstance(body, Mapping) and essence == FORM:
        return Sent(name, _urlencoded(body, encoding).encode("ascii"))
    if isinstance(body, Mapping) and essence == PARTS:
        return Sent(name, parts=(*_parts(body, encoding),))
    if is_json(essence):
        return Sent(name, json.dumps(body, ensure_ascii=False, allow_nan=False).encode())
    if body is None or isinstance(body, str | int | float):
        return Sent(name, plain(body).encode(_charset(name)))
    if isinstance(body, Mapping | list):
        raise TypeError(f"{operation.id}: an object cannot be sent as {name}: give text or bytes")
    return Sent(name, body)


def _usual(operation: Operation, body: Any) -> str:  # noqa: ANN401 - as its schema says
    first = next(iter(operation.bodies))
    if "*" not in first:
        return first
    if isinstance(body, Mapping | list):
        return "application/json"
    if first == "*/*":
        return "text/plain; charset=utf-8" if isinstance(body, str) else BYTES
    raise ValueError(f"{operation.id}: say with content_type which of {first} the body is")


def _encoding(operation: Operation, name: str) -> Mapping[str, Encoding]:
    """That of the most specific media type that fits: `a/b` before `a/*` before `*/*`."""
    found = [each for each in operation.bodies if fits(name, each)]
    return operation.bodies[min(found, key=lambda each: each.count("*"))] if found else {}


def _urlencoded(body: Mapping[str, Any], encoding: Mapping[str, Encoding]) -> str:
    pairs = []
    for name, value in body.items():
        said = encoding.get(name, Encoding())
        style, explode = said.style or "form", said.explode
        is_json = said.content_type is not None or (isinstance(value, dict) and said.style is None)
        pairs += in_query(
            Parameter(
                name, name, "query", style, style == "form" if explode is None else explode, is_json
            ),
            "" if value is None else value,
        )
    return joined(pairs)


def _parts(body: Mapping[str, Any], encoding: Mapping[str, Encoding]) -> Iterator[Part]:
    for name, value in body.items():
        said = encoding.get(name, Encoding())
        kind = (said.content_type or "").partition(",")[0].strip() or None
        if said.style or said.explode is not None:
            style, explode = said.style or "form", bool(said.explode)
            for key, text in in_query(Parameter(name, name, "query", style, explode), value):
                yield _part(unquote(key), unquote(text), None)
        elif kind is not None and is_json(kind):
            yield _part(name, json.dumps(value, ensure_ascii=False), kind)
        else:
            for each in value if isinstance(value, list) else [value]:
                yield _part(name, each, None if kind is None or "*" in kind else kind)


def _part(name: str, value: Any, kind: str | None) -> Part:  # noqa: ANN401 - as its schema says
    if isinstance(value, File):
        content, named = value.content, value.content_type or kind
        return name, (value.name, content, named, value.headers)
    if isinstance(value, bytes) or hasattr(value, "read"):
        return name, (None, value, kind, {})
    if isinstance(value, Mapping | list):
        kind = kind or "application/json"
    return name, (None, plain(value).encode(), kind, {})


def is_json(essence: str) -> bool:
    """Whether a media type is JSON."""
    return essence == "application/json" or essence.endswith("+json")


def fits(name: str, media_range: str) -> bool:
    """Whether a media type is the one, or in the range, that an API declares."""
    said, wanted = (each.partition(";")[0].strip().lower() for each in (name, media_range))
    kind, _, rest = wanted.partition("/")
    if "*" not in wanted:
        return said == wanted
    return kind == "*" or (said.startswith(f"{kind}/") and said.endswith(rest.lstrip("*")))


_BODILESS = (204, 205, 304)


def read(response: httpx.Response) -> Any:  # noqa: ANN401 - as the API declares
    """The body of an answer: any of JSON, a text, bytes, or None where there is none."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not response.content and (not kind or response.status_code in _BODILESS):
        return None
    if is_json(kind):
        return json.loads(response.content)
    return response.text if kind.startswith("text/") else response.content


def answered(operation: Operation, response: httpx.Response) -> Any:  # noqa: ANN401
    """The body of a success.

    Raises:
        UnreadableAnswerError: It is none that the API declares.
    """
    kind = response.headers.get("content-type", "")
    is_declared = not operation.answers or any(fits(kind, each) for each in operation.answers)
    if response.content and not is_declared:
        raise UnreadableAnswerError(operation.id, f"an answer of the media type {kind!r}")
    try:
        return read(response)
    except ValueError as error:
        raise UnreadableAnswerError(operation.id, f"the answer is no JSON: {error}") from error


def _charset(content_type: str) -> str:
    return httpx.Response(200, headers={"content-type": content_type}).charset_encoding or "utf-8"


def _can_seek(content: Any) -> bool:  # noqa: ANN401 - whatever somebody gave
    return hasattr(content, "seekable") and bool(content.seekable())


def _pieces(content: Any) -> Iterator[bytes]:  # noqa: ANN401 - a file or an iterable
    if not hasattr(content, "read"):
        yield from content
        return
    while piece := content.read(65536):
        yield piece


async def _pieces_async(content: Any) -> AsyncIterator[bytes]:  # noqa: ANN401
    for piece in _pieces(content):
        yield piece
