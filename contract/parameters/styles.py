"""How OpenAPI's styles write values: one table, by which they are taken apart and put together.

A text is percent-decoded after it was split, so that a delimiter within an element survives where
it is encoded. `style: label` delimits by commas (OpenAPI 3.0.4 and 3.1.1, RFC 6570) or dots (the
versions before); where there is a comma, it is the delimiter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes


class Misfit(ValueError):  # noqa: N818 - it is about what was sent, not about us
    """What was sent cannot be taken apart; the message says why."""


@dataclass(frozen=True, slots=True)
class StyleRule:
    """How a style writes a value.

    Args:
        prefix: Before the value.
        is_named: Whether the parameter's name stands before it: `color=`.
        delimiter: Between elements that are not exploded.
        also: What is read as the delimiter, too, where that is not there itself.
        exploded: Between elements that are.
    """

    prefix: str = ""
    is_named: bool = False
    delimiter: str = ","
    also: tuple[str, ...] = ()
    exploded: str = ","


STYLES: Mapping[str, StyleRule] = {
    "simple": StyleRule(),
    "label": StyleRule(prefix=".", also=(".",), exploded="."),
    "matrix": StyleRule(prefix=";", is_named=True, exploded=";"),
    "form": StyleRule(is_named=True, exploded="&"),
    "spaceDelimited": StyleRule(is_named=True, delimiter="%20", also=("+",), exploded="&"),
    "pipeDelimited": StyleRule(is_named=True, delimiter="|", also=("%7C", "%7c"), exploded="&"),
}
"""By name; `deepObject` writes names and not values."""


def decoded(text: str) -> str:
    """The text without its percent-encoding.

    Raises:
        Misfit: It is not UTF-8.
    """
    try:
        return unquote_to_bytes(text).decode() if "%" in text else text
    except UnicodeDecodeError as error:
        raise Misfit("is not UTF-8") from error


def form_decoded(text: str) -> str:
    """The same of a query, where a plus sign is a space.

    Raises:
        Misfit: It is not UTF-8.
    """
    return decoded(text.replace("+", " ") if "+" in text else text)


def text_of(octets: str) -> str:
    """The text of a header, of which each character so far is one octet: OpenAPI encodes nothing.

    Raises:
        Misfit: It is not UTF-8.
    """
    try:
        return octets if octets.isascii() else octets.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise Misfit("is not UTF-8") from error


def octets_decoded(octets: str) -> str:
    """The same of a path or a cookie, where it may be percent-encoded.

    Raises:
        Misfit: It is not UTF-8.
    """
    return decoded(text_of(octets))


Decode = Callable[[str], str]


def elements(text: str, rule: StyleRule, *, explode: bool = False) -> list[str]:
    """The elements of an array, or the names and values of an object, not decoded."""
    delimiter = rule.exploded if explode else rule.delimiter
    if not explode and delimiter not in text:
        delimiter = next((each for each in rule.also if each in text), delimiter)
    return text.split(delimiter)


def object_of(texts: list[str], decode: Decode) -> dict[str, Any]:
    """The object of `R,100,G,200`, taken apart.

    Raises:
        Misfit: A name has no value, or is there twice.
    """
    if texts == [""]:
        return {}
    if len(texts) % 2:
        raise Misfit("has a name without a value: names and values take turns")
    names, values = map(decode, texts[::2]), map(decode, texts[1::2])
    return once(zip(names, values, strict=True))


def exploded_object(texts: list[str], decode: Decode, *, bare: bool = False) -> dict[str, Any]:
    """The object of `R=100`, `G=200`.

    Args:
        texts: The pairs.
        decode: What undoes the encoding of a name or value.
        bare: Whether a name may stand alone for one with an empty value, as RFC 6570 has it in
            matrix.

    Raises:
        Misfit: One of them has no equals sign, or a name is there twice.
    """
    if texts == [""]:
        return {}
    pairs = [each.partition("=") for each in texts]
    if not bare and any(not sign for _, sign, _ in pairs):
        raise Misfit("is not written as names and values: name=value")
    return once((decode(name), decode(value)) for name, _, value in pairs)


def once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as an object.

    Raises:
        Misfit: A name is there twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Misfit(f"property {name}: is there more than once")
        found[name] = value
    return found
