"""The parts of a `multipart/form-data` body, as they come in."""

import re
from typing import TYPE_CHECKING

from python_multipart.multipart import parse_options_header

from contract.bodies.body_limits import MAX_BODY_BYTES, MAX_FIELDS
from contract.bodies.files import Spool, UploadedFile
from contract.bodies.form_fields import Field, Kind
from contract.bodies.forms import Fields
from contract.bodies.media_types import ContentType, is_json
from contract.errors import InvalidRequest, PayloadTooLarge, ValidationIssue
from openapi.pointers import fragment_of

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_TEXT = ContentType("text/plain", {})
_PLAIN_ENCODINGS = ("binary", "8bit", "7bit")


def unreadable(why: str) -> InvalidRequest:
    """The form as a whole is none."""
    return InvalidRequest("The form cannot be read.", [ValidationIssue(why, pointer="#")])


class Parts:
    """Takes the parts of one body from the parser: texts by name, and files by name.

    A file's bytes are in the spool. What is wrong with a part is added to `issues` with its place,
    and the part is not kept.
    """

    def __init__(self, fields: Fields, spool: Spool, issues: list[ValidationIssue]) -> None:
        self._fields, self._spool, self._issues = fields, spool, issues
        self.texts: dict[str, list[str]] = {}
        self.files: dict[str, list[UploadedFile]] = {}
        self.is_ended = False
        self._count = self._text_bytes = 0
        self._header, self._value = bytearray(), bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._take,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_FIELDS:
            raise unreadable(f"has more than {MAX_FIELDS} parts")
        self._headers: dict[str, str] = {}

    def _end_header(self) -> None:
        name = self._header.decode("latin-1").lower()
        self._headers[name] = self._value.decode("latin-1").strip(" \t")
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        """The headers of a part are in: what is it?"""
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        try:
            self._name = options[b"name"].decode()
            filename = options[b"filename"].decode() if b"filename" in options else None
        except (KeyError, UnicodeDecodeError):
            raise unreadable("has a part without a name in UTF-8") from None
        if kind != b"form-data":
            raise unreadable("has a part whose Content-Disposition is not form-data")
        self._is_left_empty = filename == ""
        self._filename = None if filename is None else _without_folders(filename)
        known = self._fields.known.get(self._name)
        self._field = known or self._fields.others
        self._is_file = self._field.kind is Kind.FILE
        if known is None and filename is not None and not self._fields.is_closed:
            self._is_file = True
        self._index = len((self.files if self._is_file else self.texts).get(self._name, ()))
        said = self._headers.get("content-type")
        self._type = None if said is None else ContentType.parse(said)
        self._data: list[bytes] = []
        self._start = self._spool.size
        found = [*self._wrong_headers(known, said)]
        self._issues += (ValidationIssue(why, self._place()) for why in found)
        self._is_kept = not found

    def _wrong_headers(self, known: Field | None, said: str | None) -> list[str]:
        found = []
        if known is None and self._fields.is_closed:
            found.append("is not a property here")
        encoding = self._headers.get("content-transfer-encoding", "binary").lower()
        if encoding not in _PLAIN_ENCODINGS:
            found.append(f"is in the transfer encoding {encoding[:50]}: send the bytes as they are")
        if said is not None and self._type is None:
            found.append("has a Content-Type that is no media type")
        elif not self._is_of_type():
            wanted = " or ".join(each.name for each in self._field.content_types)
            found.append(f"must be {wanted or 'application/json'}, by its Content-Type")
        elif not self._is_file and (self._type or _TEXT).charset is None:
            found.append("is in a charset that is not known here: send UTF-8")
        found += self._fields.wrong_headers(self._field, self._headers)
        return found

    def _is_of_type(self) -> bool:
        """Whether the media type of a part is one that its field may have."""
        allowed = self._field.content_types
        if self._type is None and not self._is_file:
            return True  # what it must be, then
        if allowed:
            return any((self._type or _TEXT) in each for each in allowed)
        name = (self._type or _TEXT).name
        return self._field.kind is not Kind.JSON or is_json(name) or name == _TEXT.name

    def _take(self, data: bytes, start: int, end: int) -> None:
        if not self._is_kept:
            return
        if not self._is_file:
            self._text_bytes += end - start
            if self._text_bytes > MAX_BODY_BYTES:
                raise PayloadTooLarge(
                    f"The fields of a form have at most {MAX_BODY_BYTES} bytes, files apart."
                )
            self._data.append(data[start:end])
            return
        self._spool.append(memoryview(data)[start:end])
        most = self._field.most
        if most is not None and self._spool.size - self._start > most:
            issue = ValidationIssue(f"has more than {most} bytes", self._place())
            raise InvalidRequest("A file is too large.", [issue])

    def _close(self) -> None:
        """A part has ended."""
        if not self._is_kept:
            return
        if not self._is_file:
            self.texts.setdefault(self._name, []).append(self._text())
        elif self._spool.size > self._start or not self._is_left_empty:
            self._keep_file()

    def _keep_file(self) -> None:
        if self._spool.size - self._start < self._field.least:
            why = f"has fewer than {self._field.least} bytes"
            self._issues.append(ValidationIssue(why, self._place()))
        file = UploadedFile(
            self._spool,
            self._start,
            filename=self._filename,
            content_type=None if self._type is None else self._type.name,
            headers=self._headers,
        )
        self.files.setdefault(self._name, []).append(file)

    def _text(self) -> str:
        charset = (self._type or _TEXT).charset or "utf-8"
        try:
            return b"".join(self._data).decode(charset)
        except UnicodeDecodeError:
            self._issues.append(ValidationIssue(f"is no text in {charset}", self._place()))
            return ""

    def _end(self) -> None:
        self.is_ended = True

    def _place(self) -> str:
        is_array = self._field.is_array and not self._field.may_be_single
        return fragment_of([self._name, self._index] if is_array else [self._name])


def _without_folders(filename: str) -> str | None:
    """The name of a file, whatever path a client sends."""
    name = re.split(r"[/\\]", filename)[-1]
    name = "".join(each for each in name if each.isprintable()).strip()
    return name if name not in ("", ".", "..") else None
