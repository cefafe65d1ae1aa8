"""`multipart/form-data` (RFC 7578): parts that are fields, and parts that are files."""

from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from contract.bodies.body_limits import MAX_BODY_BYTES
from contract.bodies.contents import Checked
from contract.bodies.files import Spool, UploadedFile
from contract.bodies.forms import Fields
from contract.bodies.incoming import Incoming
from contract.bodies.media_types import ContentType
from contract.bodies.multipart_parts import Parts, unreadable
from contract.errors import ValidationIssue
from openapi.description import Description, MediaType
from openapi.pointers import fragment_of

NAME = "multipart/form-data"

_MAX_HEADERS = 16
_MAX_HEADER_BYTES = 4096


@dataclass(slots=True)
class _Read:
    """A form as it came: its texts (typed) with one more for each file, and the files."""

    values: dict[str, Any]
    files: dict[str, list[UploadedFile]]


class MultipartContent(Checked):
    """A form with files: an object, typed by its schema, whose files are `UploadedFile`s."""

    may_be_empty = False

    def __init__(self, media: MediaType, description: Description, max_upload_bytes: int) -> None:
        self._fields = Fields(media, description, is_multipart=True)
        super().__init__(self._fields.schema, self._fields.schemas)
        of_files = self._fields.file_bytes(max_upload_bytes)
        self.max_bytes = media.max_bytes or MAX_BODY_BYTES + of_files

    async def read(
        self,
        sent: ContentType,
        incoming: Incoming,
        spool: Spool,
        issues: list[ValidationIssue],
    ) -> _Read | None:
        """As `Content` says."""
        first, before = await incoming.chunk(), len(issues)
        if not first:
            return None
        parts = Parts(self._fields, spool, issues)
        try:
            parser = MultipartParser(
                sent.parameters.get("boundary", "").encode("latin-1"),
                parts.callbacks(),
                max_header_count=_MAX_HEADERS,
                max_header_size=_MAX_HEADER_BYTES,
            )
            chunk = first
            while chunk:
                parser.write(chunk)
                await spool.settle()
                chunk = await incoming.chunk()
        except FormParserError as error:
            raise unreadable(f"is not multipart/form-data: {error}") from None
        if not parts.is_ended:
            raise unreadable("ends before its last boundary, or has another boundary than it says")
        await spool.finish()
        values = self._fields.values(parts.texts, issues)
        for name, files in parts.files.items():
            known = self._fields.known.get(name, self._fields.others)
            if len(files) > 1 and not known.is_array:
                issues.append(ValidationIssue("is there more than once", fragment_of([name])))
            places = [str(number) for number in range(len(files))]
            is_single = not known.is_array or (known.may_be_single and len(files) == 1)
            values[name] = places[0] if is_single else places
        return _Read(values, parts.files) if len(issues) == before else None

    def finish(self, value: _Read | None, issues: list[ValidationIssue]) -> Any:  # noqa: ANN401
        """As `Content` says; what could not be read is not checked as well."""
        if value is None:
            return None
        values = super().finish(value.values, issues)
        for name, files in value.files.items():
            is_array = isinstance(values[name], list)
            values[name] = files if is_array else files[0]
        return values
