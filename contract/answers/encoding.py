"""A value as the bytes of a media type."""

import csv
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson

from contract.answers.media_types import MediaRange
from contract.answers.returned import File, InvalidAnswerError, is_stream

Encoder = Callable[[Any], bytes]
"""Raises InvalidAnswerError for a value that its media type cannot hold."""

_FORM = ("application", "x-www-form-urlencoded")


def encoder_of(media_type: MediaRange) -> Encoder:
    """What makes bodies of a media type. Bytes are such a body already."""
    if media_type.is_json:
        return to_json
    if (media_type.type, media_type.subtype) == _FORM:
        return _form
    if media_type.is_text:
        return _csv(media_type.charset) if media_type.subtype == "csv" else _text(media_type)
    return _other(media_type)


def can_hold(media_type: MediaRange, value: object) -> bool:
    """Whether a value may be one of a media type. What is bytes, or made of them, always may."""
    if media_type.is_json or isinstance(value, bytes | File) or is_stream(value):
        return True
    if (media_type.type, media_type.subtype) == _FORM:
        return isinstance(value, Mapping)
    if media_type.subtype == "csv":
        return isinstance(value, str | list | tuple | Mapping)
    scalars = (str, int, float, Decimal, date, time, UUID) if media_type.is_text else (str,)
    return isinstance(value, scalars)


def usual_type(value: object) -> str:
    """The media type that a value has where a spec says only a range, as `*/*`."""
    match value:
        case File(source, filename):
            name = filename or (source.name if isinstance(source, Path) else "")
            return guess_type(name)[0] or "application/octet-stream"
        case bytes():
            return "application/octet-stream"
        case str():
            return "text/plain"
    return "application/octet-stream" if is_stream(value) else "application/json"


def to_json(value: Any) -> bytes:  # noqa: ANN401 - JSON is anything
    """JSON: moments in UTC with milliseconds, decimals as strings, bytes within it in base64."""
    if isinstance(value, bytes):
        return value
    try:
        return orjson.dumps(value, plain, orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise InvalidAnswerError(f"a handler's answer is no JSON: {error}") from error
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain
    )
    return text.encode()


def plain(value: object) -> str:
    """What JSON has no value for, and neither has text, as OpenAPI's formats write it.

    A moment that does not say where it is is in UTC.

    Raises:
        TypeError: There is no format for it.
    """
    if isinstance(value, datetime):
        text = value.isoformat(timespec="milliseconds")
        return f"{text}Z" if value.tzinfo is None else _in_utc(value, text)
    match value:
        case date() | time():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case UUID():
            return str(value)
        case bytes():
            return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no format of OpenAPI's")


def _in_utc(value: datetime, text: str) -> str:
    if not text.endswith("+00:00"):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"


def as_text(value: object) -> str:
    """A single value, neither list nor mapping, as text.

    Raises:
        TypeError: It is none.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else plain(value)


def _text(media_type: MediaRange) -> Encoder:
    def encode(value: object) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return as_text(value).encode(media_type.charset)
        except TypeError as error:
            raise _misfit(value, media_type) from error

    return encode


def _csv(charset: str) -> Encoder:
    """Rows: mappings, under a line with their names, or lists. Or the whole, as text."""

    def encode(value: Any) -> bytes:  # noqa: ANN401
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode(charset)
        rows = [*value] if isinstance(value, list | tuple) else [value]
        if not all(isinstance(row, Mapping | list | tuple) for row in rows):
            raise InvalidAnswerError("text/csv is made of rows: lists, or mappings of names")
        text = StringIO()
        writer = csv.writer(text)
        if any(isinstance(row, Mapping) for row in rows):
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer.writerow(names)
            rows = [[row.get(name) for name in names] for row in rows]
        writer.writerows([_cell(cell) for cell in row] for row in rows)
        return text.getvalue().encode(charset)

    return encode


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        return to_json(value).decode()
    return as_text(value)


def _form(value: Any) -> bytes:  # noqa: ANN401
    if isinstance(value, bytes):
        return value
    if not isinstance(value, Mapping):
        raise InvalidAnswerError("a form is made of a mapping")
    fields = {
        name: [as_text(one) for one in each] if isinstance(each, list | tuple) else as_text(each)
        for name, each in value.items()
        if each is not None
    }
    return urlencode(fields, doseq=True).encode()


def _other(media_type: MediaRange) -> Encoder:
    def encode(value: object) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode(media_type.charset)
        raise _misfit(value, media_type)

    return encode


def _misfit(value: object, media_type: MediaRange) -> InvalidAnswerError:
    return InvalidAnswerError(
        f"a handler answered {type(value).__name__}, of which no {media_type} is made: return text "
        "or bytes"
    )
