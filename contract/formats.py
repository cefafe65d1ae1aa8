"""The formats of the specs, checked by libraries that know them."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from unicodedata import normalize

import ciso8601
import idna
import jsonschema_rs
import orjson

MAX_EMAIL_CHARACTERS = 254
"""RFC 5321's limit; also keeps a body of one long string from keeping the library busy."""

_IN_UTC = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ESCAPED = re.compile(r"\\(.)")


@lru_cache(maxsize=1024)  # a request asks up to three times: format, twins, storage
def email_key(address: str) -> str:
    """The one spelling that stands for all spellings of an e-mail address.

    Two addresses are one where their local parts are equal but for letter case and needless
    quotes, and their domains have the same A-labels: `faß.de` is not `fass.de`, but it is
    `xn--fa-hia.de`.

    Raises:
        ValueError: It is no mailbox as RFC 5321 and, for what is not ASCII, RFC 6531 have it.
    """
    local, _, domain = address.rpartition("@")
    # The library is asked about address literals, of domains only about `host`: it refuses labels
    # such as `r3--sn`, which IDNA reserves and SMTP does not.
    part = domain if domain.startswith("[") else "host"
    if len(address) > MAX_EMAIL_CHARACTERS or not _is_mailbox(f"{local}@{part}"):
        raise ValueError("no e-mail address")
    if not address.isprintable():  # white space and invisible characters beyond ASCII
        raise ValueError("an e-mail address of characters that cannot be seen")
    if local.startswith('"'):
        local = _ESCAPED.sub(r"\1", local[1:-1])
    return f"{normalize('NFC', local).casefold()}@{_domain_key(domain)}"


def _domain_key(domain: str) -> str:
    """One spelling for all of a domain: its U-labels, of which each has one A-label."""
    if domain.startswith("["):
        return f"[{ip_address(domain[1:-1].lower().removeprefix('ipv6:'))}]"
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    domain = domain.lower()
    if not _HOST.fullmatch(domain):
        raise ValueError("no domain")
    try:
        return idna.decode(domain) if "xn--" in domain else domain
    except idna.IDNAError:  # a label that only looks like an A-label is one of its own
        return domain


def parse_instant(text: str) -> datetime:
    """The instant that an RFC 3339 date-time names, in UTC.

    Raises:
        ValueError: It is none, names a leap second, or is in the year 0000.
        OverflowError: By its offset it is beyond the years of UTC, 0001 to 9999.
    """
    moment = ciso8601.parse_rfc3339(text)
    if text[10] not in "Tt":  # RFC 3339 leaves applications another separator; OpenAPI does not
        raise ValueError("no T between date and time")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def parse_date_time(text: str) -> datetime:
    """The same, cut to milliseconds; what is beyond UTC's years is the first or the last of them.

    Raises:
        ValueError: It is none, names a leap second, or is in the year 0000.
    """
    try:
        moment = parse_instant(text)
    except OverflowError:
        moment = _FIRST if text.startswith("0001") else _LAST
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def instant_text(moment: datetime) -> str:
    """A moment of UTC as RFC 3339 has it, with milliseconds: `2026-11-22T10:15:30.123Z`."""
    # orjson takes a fifth of isoformat's time; it has all six digits of a fraction, or none.
    text = orjson.dumps(moment, None, _IN_UTC).decode()
    return f"{text[1:24]}Z" if "." in text else f"{text[1:20]}.000Z"


def _is_email(address: str) -> bool:
    try:
        email_key(address)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    try:
        parse_instant(text)
    except OverflowError:
        return True
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    """As RFC 4648 has it in section 4: padded, and without line breaks."""
    try:
        return b64encode(b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def _library(name: str) -> Callable[[str], bool]:
    checker = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    return checker.is_valid


_is_mailbox = _library("idn-email")

CHECKS: Mapping[str, Callable[[str], bool]] = {
    "email": _is_email,
    "date-time": _is_date_time,
    "date": _library("date"),
    "byte": _is_base64,
    "decimal": lambda text: _DECIMAL.fullmatch(text) is not None,
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
