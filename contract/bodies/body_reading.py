"""Which way a body is read, by its media type: compiled once for each operation."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from starlette.types import Receive, Scope

from contract.bodies.contents import Content, FileContent, JsonContent, TextContent
from contract.bodies.field_values import put_together, types_of
from contract.bodies.files import Spool
from contract.bodies.forms import is_file
from contract.bodies.incoming import Incoming
from contract.bodies.media_types import ContentType, Range, is_binary, is_json, is_text
from contract.bodies.multipart import NAME as MULTIPART
from contract.bodies.multipart import MultipartContent
from contract.bodies.urlencoded import NAME as URLENCODED
from contract.bodies.urlencoded import UrlencodedContent
from contract.errors import (
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationIssue,
)
from openapi.description import Body, Description, MediaType, Operation


@dataclass(frozen=True, slots=True)
class Choice:
    """A media type or range of a body, and how it is read."""

    name: str
    range: Range
    content: Content
    is_json_only: bool

    @property
    def told(self) -> str:
        """What a client is told to send."""
        return "application/json" if self.is_json_only else self.name

    def takes(self, sent: ContentType) -> bool:
        """Whether a body of this media type is read so."""
        return sent in self.range and (not self.is_json_only or is_json(sent.name))


class Reading(Enum):
    """What a body is read as, by its media type and its schema."""

    VALUE = "value"
    """JSON or a form: what the schema describes."""

    TEXT = "str"
    """Text."""

    FILE = "UploadedFile"
    """Bytes: also what is described, but not in JSON, such as XML. Nothing is checked of that."""

    @property
    def type(self) -> str:
        """What Python calls it."""
        return self.value


def reading_of(name: str, media: MediaType, description: Description) -> Reading:
    """What bodies of a media type or range are read as."""
    name = name.partition(";")[0].strip().lower()
    types = types_of(media.schema, description.schemas)
    if name in (URLENCODED, MULTIPART):
        return Reading.FILE if types - {"object"} else Reading.VALUE
    if is_json(name):
        return Reading.VALUE
    parts = [*put_together(media.schema, description.schemas)]
    if is_binary(name) or any(map(is_file, parts)) or not types:
        return Reading.TEXT if is_text(name) and not types else Reading.FILE
    if types <= {"string", "null"} or (is_text(name) and not {"object", "array"} & types):
        return Reading.TEXT
    return Reading.VALUE if "*" in name else Reading.FILE


def is_unchecked(name: str, media: MediaType, description: Description) -> bool:
    """Whether a schema says more of a body than is read: it is given as it was sent."""
    types = types_of(media.schema, description.schemas)
    is_file = reading_of(name, media, description) is Reading.FILE
    return is_file and bool(types - {"string", "null"})


def _choice(
    name: str, media: MediaType, description: Description, max_upload_bytes: int
) -> Choice | None:
    """How a spec's media type is read; None where it is not."""
    found = Range.parse(name)
    if found is None:
        return None
    reading = reading_of(found.name, media, description)
    content: Content
    if reading is Reading.FILE:
        content = FileContent(media, description, max_upload_bytes)
    elif found.name == URLENCODED:
        content = UrlencodedContent(media, description)
    elif found.name == MULTIPART:
        content = MultipartContent(media, description, max_upload_bytes)
    elif reading is Reading.TEXT:
        content = TextContent(media, description)
    else:
        content = JsonContent(media, description)
    return Choice(name, found, content, is_json_only=found.is_range and reading is Reading.VALUE)


class BodyReader:
    """Reads the bodies of one operation. Thread-safe."""

    def __init__(
        self, operation: Operation, body: Body, description: Description, max_upload_bytes: int
    ) -> None:
        choices = (
            _choice(name, media, description, max_upload_bytes)
            for name, media in body.content.items()
        )
        self._choices = sorted(
            (each for each in choices if each is not None),  # else the spec's order stays
            key=lambda each: each.range.precedence,
        )
        self._required = body.required
        self._tells_type = len(body.arguments) > 1
        names = [each.told for each in self._choices]
        accepted = ", ".join(names)
        self._refusal = f"Send {' or '.join(names)}."
        self._accept = {"Accept": accepted}
        if operation.method == "PATCH":
            self._accept["Accept-Patch"] = accepted
        self._plain = {
            each.range.name.encode(): (ContentType(each.range.name, {}), each.content)
            for each in reversed(self._choices)
            if not each.range.is_range and not each.range.parameters
        }
        self.may_have_files = any(
            isinstance(each.content, FileContent | MultipartContent) for each in self._choices
        )
        """Whether a spool is needed."""

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        spool: Spool,
        arguments: dict[str, Any],
        issues: list[ValidationIssue],
    ) -> Content | None:
        """Read a body to its end.

        Args:
            scope: Its request.
            receive: Where it comes from.
            spool: Keeps its files.
            arguments: Gets `body` (what `finish` is to make of it is the handler's) and, where
                there is a choice, `content_type`.
            issues: Gets what is wrong with single fields.

        Returns:
            What finishes it; None where there is no body, and need not be one.

        Raises:
            InvalidRequest: It cannot be read, or is missing.
            UnsupportedMediaType: It is of a media type, charset or content coding that is not read.
            PayloadTooLarge: It is.
            RequestTimeout: It comes too slowly, or not whole.
        """
        media_types, length = _headers(scope["headers"])
        found = self._plain.get(media_types[0]) if len(media_types) == 1 else None
        if found is None:
            found = self._chosen(media_types)
        if found is None:
            await self._refuse_unless_absent(Incoming(receive, 1))
            self._set(arguments, None, None)
            return None
        sent, content = found
        if length is not None and _is_more(length, content.max_bytes):
            raise PayloadTooLarge(f"A body has at most {content.max_bytes} bytes here.")
        incoming = Incoming(receive, content.max_bytes)
        value = await content.read(sent, incoming, spool, issues)
        if not incoming.size and not (self._required and content.may_be_empty):
            self._require_absent()
            self._set(arguments, None, None)
            return None
        self._set(arguments, value, sent.name)
        return content

    def _set(self, arguments: dict[str, Any], body: Any, content_type: str | None) -> None:  # noqa: ANN401
        arguments["body"] = body
        if self._tells_type:
            arguments["content_type"] = content_type

    def _chosen(self, media_types: list[bytes]) -> tuple[ContentType, Content] | None:
        """What was sent, and how it is read; None where it is not named."""
        sent = (
            ContentType.parse(media_types[0].decode("latin-1")) if len(media_types) == 1 else None
        )
        if sent is None:
            return None
        chosen = (each.content for each in self._choices if each.takes(sent))
        content = next(chosen, None)
        return None if content is None else (sent, content)

    async def _refuse_unless_absent(self, incoming: Incoming) -> None:
        """Of no media type that is read there may be no body at all."""
        try:
            first = await incoming.chunk()
        except PayloadTooLarge:
            first = b"x"
        if first:
            raise UnsupportedMediaType(self._refusal, (), self._accept)
        self._require_absent()

    def _require_absent(self) -> None:
        if self._required:
            issue = ValidationIssue("there is none", pointer="#")
            raise InvalidRequest("A body is needed.", [issue])


def _headers(headers: list[tuple[bytes, bytes]]) -> tuple[list[bytes], bytes | None]:
    """The media types that are said, and the length."""
    media_types, length = [], None
    for name, value in headers:
        if name == b"content-type":
            media_types.append(value)
        elif name == b"content-length":
            length = value
        elif name == b"content-encoding":
            raise UnsupportedMediaType("Send the body as it is, not compressed.")
    return media_types, length


def _is_more(content_length: bytes, most: int) -> bool:
    """Whether a length is more, however many digits it has."""
    limit, digits = b"%d" % most, content_length.lstrip(b"0")
    return (len(digits), digits) > (len(limit), limit)
