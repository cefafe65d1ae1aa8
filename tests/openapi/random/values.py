"""Values that fit a schema, and that can be sent where they are to be sent.

What is hostile to a serialiser comes often: delimiters, percent signs, pluses, what looks like
another type, letters beyond ASCII. What OpenAPI's text gives no way to send is left out, here and
nowhere else, each with the reason.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

HOSTILE = (
    *("", " ", ",", ".", ";", "%", "+", "&", "=", "|", "?", "#", "'", '"', "\\", "/", ":", "@"),
    *("a b", " a", "a ", "a,b", "a.b", "a;b", "a=b", "a&b=c", "a|b", "a+b", "100%", "%41", "%2C"),
    *("%", "%%", "..", "a/b", "[x]", "x[y]", "{}", "[]", "null", "true", "false", "1", "-1", "1.5"),
    *("é", "Straße", "日本語", "💥", "e\u0301", "\u00a0", "\u200b", "\ufeff", "$", "~", "^", "`"),
)
CONTROLS = "".join(map(chr, [*range(32), 127]))


@cache
def texts(
    without: str = "", *, ascii_only: bool = False, least: int = 0, most: int = 12
) -> Strategy:
    """Texts without some characters, and without NUL: no service takes it, no database keeps it."""
    alphabet = st.characters(
        codec="ascii" if ascii_only else "utf-8",
        exclude_categories=["Cs"],
        exclude_characters="\0" + without,
    )
    listed = [
        each
        for each in HOSTILE
        if least <= len(each) <= most
        and not {*each} & {*without}
        and (each.isascii() or not ascii_only)
    ]
    free = st.text(alphabet, min_size=least, max_size=most)
    return st.sampled_from(listed) | free if listed else free


def integers(schema: Json) -> Strategy:
    """Integers in the range that the schema gives, or that 64 bits do."""
    bits = 31 if schema.get("format") == "int32" else 63
    least = max(schema.get("minimum", -(2**bits)), -(2**bits))
    most = min(schema.get("maximum", 2**bits - 1), 2**bits - 1)
    return st.integers(least, most)


def numbers(schema: Json) -> Strategy:
    """Numbers, whole ones too."""
    is_short = schema.get("format") == "float"
    floats = st.floats(allow_nan=False, allow_infinity=False, width=32 if is_short else 64)
    return floats.map(lambda each: each + 0.0) | st.integers(-(2**31), 2**31)


def instances(schema: Json, strings: Strategy, *, nulls: bool = False) -> Strategy:
    """Values that fit a schema of the few keywords that `descriptions` writes.

    Args:
        schema: In OpenAPI 3.0 or 3.1.
        strings: The texts that can be sent.
        nulls: Whether null can be sent.
    """
    kind = schema["type"]
    if isinstance(kind, list):
        kind = kind[0]
    if nulls and (schema.get("nullable") or "null" in schema["type"]):
        return st.none() | instances({**schema, "type": kind, "nullable": False}, strings)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "string":
        return FORMATTED[schema["format"]] if "format" in schema else strings
    if kind == "array":
        items = instances(schema["items"], strings, nulls=nulls)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=4)
    if kind == "object":
        return objects(schema, strings, nulls=nulls)
    return {"integer": integers, "number": numbers, "boolean": _booleans}[kind](schema)


def _booleans(_: Json) -> Strategy:
    return st.booleans()


def objects(schema: Json, strings: Strategy, *, nulls: bool = False) -> Strategy:
    """Objects with what they need, and some of what they may have."""
    parts = {
        name: instances(each, strings, nulls=nulls) for name, each in schema["properties"].items()
    }
    needed = {name: parts.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(needed, optional=parts)


FORMATTED: dict[str, Strategy] = {
    "uuid": st.uuids().map(str),
    "date": st.dates(min_value=date(1900, 1, 1)).map(str),
    "date-time": st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        datetime.isoformat
    ),
    "email": st.sampled_from(["a@example.com", "o'neil+x@example.org", "first.last@example.net"]),
    "ipv4": st.sampled_from(["127.0.0.1", "192.0.2.255"]),
}
"""By format: what is certainly one."""
