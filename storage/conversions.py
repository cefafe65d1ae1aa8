"""Formats whose strings are stored as a type of MongoDB's own, where that loses nothing.

What would lose something stays the string that was sent: `pattern` says what that can be.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Decimal128

from contract.formats import instant_text, parse_instant
from openapi.description import JsonSchema

_CHARACTERS = 24
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_OFFSET = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"


@dataclass(frozen=True)
class Conversion:
    """How strings of a format are stored.

    Args:
        bson_type: MongoDB's name of the type.
        python_type: pymongo's class of it.
        encode: From the wire; gives a string back where it is to stay one.
        decode: To the wire, of what is no string.
        pattern: What strings of the format stay strings.
        allows: Whether a schema with these keywords about its text can have it converted.
    """

    bson_type: str
    python_type: type
    encode: Callable[[str], Any]
    decode: Callable[[Any], str]
    pattern: str
    allows: Callable[[JsonSchema, Collection[str]], bool]


def _to_moment(text: str) -> datetime | str:
    try:
        moment = parse_instant(text)
    except (ValueError, OverflowError):
        return text
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment


def _has_room(schema: JsonSchema, said: Collection[str]) -> bool:
    """Whether the text of a moment in UTC, with milliseconds, fits the schema."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", _CHARACTERS)
    return {*said} <= {"minLength", "maxLength"} and least <= _CHARACTERS <= most


def _to_bytes(text: str) -> bytes | str:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return text
    return data if b64encode(data).decode() == text else text


def _to_decimal(text: str) -> Decimal128 | str:
    try:
        number = Decimal128(text)
    except ArithmeticError:
        return text
    return number if str(number) == text and text[-1:].isdigit() else text


def _says_nothing(_: JsonSchema, said: Collection[str]) -> bool:
    return not said


CONVERSIONS: Mapping[str, Conversion] = {
    "date-time": Conversion(
        "date",
        datetime,
        _to_moment,
        instant_text,
        # Beyond the years of UTC, by the offset.
        rf"^(?:0001-01-01[Tt]{_TIME}\+|9999-12-31[Tt]{_TIME}-){_OFFSET}$",
        _has_room,
    ),
    "byte": Conversion(
        "binData", bytes, _to_bytes, lambda data: b64encode(data).decode(), "(?!)", _says_nothing
    ),
    "decimal": Conversion(
        "decimal", Decimal128, _to_decimal, str, r"^[+-]?[0-9]+(?:\.[0-9]+)?$", _says_nothing
    ),
}
"""By the name of the format."""
