"""The formats of the specs, checked by libraries that know them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import ciso8601
import email_validator
import jsonschema_rs

MOST_EMAIL_CHARACTERS = 254
"""RFC 5321's limit; also keeps a body of one long string from keeping the library busy."""

# What nearly all addresses look like. The library takes 100 microseconds to say what this says in
# two; a test holds both against each other. Whatever else there is, the library decides.
_PLAIN = re.compile(
    r"(?P<local>[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?P<top>[a-z]{2,})"
)
_SPECIAL = {name.rpartition(".")[2] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES}


@lru_cache(maxsize=1024)  # a request asks up to three times: format, twins, storage
def email_key(address: str) -> str:
    """The one spelling that stands for all spellings of an e-mail address.

    Raises:
        ValueError: It is no address.
    """
    if len(address) > MOST_EMAIL_CHARACTERS:
        raise ValueError("longer than an address can be")
    if address.isascii() and _is_plain(lower := address.lower()):
        return lower
    return email_validator.validate_email(
        address, check_deliverability=False, strict=True
    ).normalized.casefold()


def _is_plain(address: str) -> bool:
    match = _PLAIN.fullmatch(address)
    return (
        match is not None
        and len(match["local"]) <= 64  # noqa: PLR2004 - RFC 5321
        and max(map(len, address.rpartition("@")[2].split("."))) <= 63  # noqa: PLR2004 - RFC 1035
        and match["top"] not in _SPECIAL
    )


def parse_date_time(text: str) -> datetime:
    """The moment that an RFC 3339 date-time names, in UTC and cut to milliseconds.

    Raises:
        ValueError: It is none, names a leap second, or lies outside the years 0001 to 9999.
    """
    try:
        moment = ciso8601.parse_rfc3339(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 0001 to 9999") from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _is_email(address: str) -> bool:
    try:
        email_key(address)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    try:
        parse_date_time(text)
    except ValueError:
        return False
    return True


def _library(name: str) -> Callable[[str], bool]:
    checker = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    return checker.is_valid


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "email": _is_email,
    "date-time": _is_date_time,
    "date": _library("date"),
    "uuid": _library("uuid"),
    "uri": _library("uri"),
}
"""What a string must pass to be of a format, by the format's name in a spec."""


class UniqueAs:
    """The keyword `x-unique-as` of an array: no two elements may be spellings of one thing.

    Its value names the format whose spellings count: `email`. Elements that are not of the
    format are left to `format`.
    """

    def __init__(self, _parent: object, value: object, _path: object) -> None:
        if value != "email":
            raise ValueError(f"x-unique-as: nobody knows the spellings of {value}")

    def validate(self, instance: Any) -> None:  # noqa: ANN401 - JSON is anything
        """Compare the elements.

        Raises:
            ValueError: Two are the same; the message says which.
        """
        if not isinstance(instance, list) or len(instance) < 2:  # noqa: PLR2004
            return
        seen: dict[str, int] = {}
        for place, address in enumerate(instance):
            if isinstance(address, str) and _is_email(address):
                first = seen.setdefault(email_key(address), place)
                if first != place:
                    raise ValueError(f"elements {first} and {place} are the same address")
