"""What a handler may return.

A value of the type that the spec's success response has; `Answer`, where a status, headers or a
media type are to go with it; a `File`; a `Stream`; a Starlette `Response`, which is sent as it is.
"""

from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeAlias, TypeGuard, TypeVar

ValueT_co = TypeVar("ValueT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[ValueT_co]):
    """A value, and what is said of it.

    `status` is one that the operation declares; the first success that can hold the value where it
    is None. `headers` are written as OpenAPI's style `simple` has it: numbers, booleans, dates and
    lists are values of headers, too, and those that are None are left out. `media_type` is one of
    the declared ones; the client's choice where it is None.
    """

    value: ValueT_co
    status: int | None = None
    headers: Mapping[str, object] = field(default_factory=dict)
    media_type: str | None = None


class Tagged(dict[str, Any]):
    """A thing as it is stored: its properties, and the ETag of this state of it.

    Storage gives it; where a handler answers this very object, its ETag goes with it.
    """

    __slots__ = ("etag",)

    def __init__(self, value: Mapping[str, Any], etag: str) -> None:
        super().__init__(value)
        self.etag = etag


@dataclass(frozen=True, slots=True)
class File:
    """A file, with the name under which a client is to save it.

    The file at a path is also answered in ranges. A file object is read from where it stands, and
    closed.
    """

    source: Path | BinaryIO
    filename: str | None = None


Stream: TypeAlias = AsyncIterable[bytes | str] | Iterator[bytes | str]
"""Parts of a body, sent as they come. What blocks runs in a thread. It is closed at its end.

An error before the first part is answered as any other is; after that the connection ends.
"""


@dataclass(frozen=True, slots=True)
class Representations:
    """The same thing in several media types: by each, its value, or what makes it when asked for.

    The client chooses among these. Their order counts where it has no preference.
    """

    by_media_type: Mapping[str, object | Callable[[], object]]


class InvalidAnswerError(Exception):
    """A handler returned what its operation does not declare. Its client is answered 500."""


def is_stream(value: object) -> TypeGuard[Stream]:
    """Whether a value is a stream."""
    return not isinstance(value, _PLAIN) and isinstance(value, AsyncIterable | Iterator)


_PLAIN = (dict, list, str, bytes)
"""Asked for first: it is faster than to ask what an object can do."""
