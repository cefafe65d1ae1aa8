"""Bodies that are one value: JSON, text, and files. Forms have modules of their own."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from contract.bodies.body_limits import MAX_BODY_BYTES
from contract.bodies.field_values import parse_json_body, put_together, typed, types_of
from contract.bodies.files import Spool, UploadedFile
from contract.bodies.incoming import Incoming
from contract.bodies.media_types import ContentType
from contract.completion import Completion
from contract.errors import InvalidRequest, UnsupportedMediaType, ValidationIssue
from contract.schema import Schema
from openapi.description import Description, JsonSchema, MediaType
from openapi.views import View


class Content(Protocol):
    """How bodies of one media type of an operation are read. Thread-safe.

    `max_bytes` is the limit of the whole body. `may_be_empty` says whether a body of no bytes is
    one, where it is required and its media type is said.
    """

    max_bytes: int
    may_be_empty: bool

    async def read(
        self, sent: ContentType, incoming: Incoming, spool: Spool, issues: list[ValidationIssue]
    ) -> Any:  # noqa: ANN401 - `finish` knows
        """Take the whole body in; what is wrong with single fields is added to `issues`.

        Raises:
            InvalidRequest: It cannot be read.
            UnsupportedMediaType: It is in another charset than it may be.
            PayloadTooLarge: It is, or one of its files is.
            RequestTimeout: It comes too slowly, or not whole.
        """
        ...

    def finish(self, value: Any, issues: list[ValidationIssue]) -> Any:  # noqa: ANN401
        """What the handler gets of what was read; what does not fit is added to `issues`."""
        ...


class Checked:
    """A value that must fit a schema, and is completed by it."""

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema = Schema(schema, schemas, View.REQUEST)
        self._completion = Completion(schema, schemas)

    def finish(self, value: Any, issues: list[ValidationIssue]) -> Any:  # noqa: ANN401
        """As `Content` says."""
        found = self._schema.issues(value)
        if found:
            issues += found
            return value
        return self._completion(value)


class JsonContent(Checked):
    """JSON: whatever it holds."""

    may_be_empty = False

    def __init__(self, media: MediaType, description: Description) -> None:
        super().__init__(media.schema, description.schemas)
        self.max_bytes = media.max_bytes or MAX_BODY_BYTES

    async def read(self, sent: ContentType, incoming: Incoming, *_: object) -> Any:  # noqa: ANN401
        """As `Content` says."""
        if sent.parameters and not sent.is_in_utf_8:
            raise UnsupportedMediaType("Send JSON in UTF-8.")
        body = await incoming.whole()
        return parse_json_body(body) if body else None


class TextContent(Checked):
    """Text in the charset that its media type says, UTF-8 where it says none: a `str`."""

    may_be_empty = True

    def __init__(self, media: MediaType, description: Description) -> None:
        super().__init__(media.schema, description.schemas)
        self.max_bytes = media.max_bytes or MAX_BODY_BYTES
        self._types = types_of(media.schema, description.schemas)

    async def read(self, sent: ContentType, incoming: Incoming, *_: object) -> Any:  # noqa: ANN401
        """As `Content` says."""
        if sent.charset is None:
            raise UnsupportedMediaType("This charset is not known here: send UTF-8.")
        try:
            text = (await incoming.whole()).decode(sent.charset)
        except UnicodeDecodeError as error:
            issue = ValidationIssue(f"is no text in {sent.charset}", pointer="#")
            raise InvalidRequest("The body cannot be read.", [issue]) from error
        return typed(text, self._types)


class FileContent:
    """Bytes, whatever they mean: an `UploadedFile`. Its schema limits how many."""

    may_be_empty = True

    def __init__(self, media: MediaType, description: Description, max_upload_bytes: int) -> None:
        parts = [*put_together(media.schema, description.schemas)]
        self._least, self._most = length_limits(parts)
        self.max_bytes = media.max_bytes or max(max_upload_bytes, self._most or 0)

    async def read(
        self, sent: ContentType, incoming: Incoming, spool: Spool, _: object
    ) -> UploadedFile:
        """As `Content` says."""
        while chunk := await incoming.chunk():
            if self._most is not None and incoming.size > self._most:
                issue = ValidationIssue(f"has more than {self._most} bytes", pointer="#")
                raise InvalidRequest("A file is too large.", [issue])
            spool.append(chunk)
            await spool.settle()
        await spool.finish()
        return UploadedFile(spool, 0, content_type=sent.name)

    def finish(self, value: UploadedFile, issues: list[ValidationIssue]) -> UploadedFile:
        """As `Content` says."""
        if value.size < self._least:
            issues.append(ValidationIssue(f"has fewer than {self._least} bytes", pointer="#"))
        return value


def length_limits(parts: Iterable[JsonSchema]) -> tuple[int, int | None]:
    """How many bytes a file has at least and at most, by the parts of its schema."""
    parts = [*parts]
    least = max((each["minLength"] for each in parts if "minLength" in each), default=0)
    most = [each["maxLength"] for each in parts if "maxLength" in each]
    return least, min(most, default=None)
