"""Media types as RFC 9110 writes them (8.3.1), and the types and ranges that a spec names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - no password
_NAME = re.compile(rf"[ \t]*({_TOKEN}/{_TOKEN})")
_PARAMETER = re.compile(
    rf"[ \t]*;[ \t]*(?:({_TOKEN})[ \t]*=[ \t]*"
    rf'(?:({_TOKEN})|"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"))?'
)
_CHARSET = re.compile(
    r"us-ascii|utf-?8|utf-(16|32)(le|be)?|iso-8859-([1-9]|1[013456])|windows-125[0-8]|koi8-[ru]"
    r"|shift_jis|euc-(jp|kr)|gb(2312|k|18030)|big5",
    re.IGNORECASE,
)
"""Those with a name of IANA that clients use; Python knows others that are no charsets."""

_BINARY = re.compile(r"(image|audio|video|font)/.*|application/(octet-stream|pdf|zip|gzip)")


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type: `name` is `type/subtype` in lower case; names of parameters are so, too."""

    name: str
    parameters: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What a header says; None where it is no media type, or has a parameter twice."""
        found = _NAME.match(text)
        if found is None:
            return None
        parameters: dict[str, str] = {}
        at = found.end()
        while each := _PARAMETER.match(text, at):
            at = each.end()
            if each[1] is None:
                continue
            if each[1].lower() in parameters:
                return None
            value = re.sub(r"\\(.)", r"\1", each[3]) if each[2] is None else each[2]
            parameters[each[1].lower()] = value
        return cls(found[1].lower(), parameters) if not text[at:].strip(" \t") else None

    @property
    def charset(self) -> str | None:
        """The charset of a text, UTF-8 where none is said; None where it is not known."""
        said = self.parameters.get("charset", "utf-8")
        return said.lower() if _CHARSET.fullmatch(said) else None

    @property
    def is_in_utf_8(self) -> bool:
        """Whether that is UTF-8."""
        return self.charset in ("utf-8", "utf8")


@dataclass(frozen=True, slots=True)
class Range:
    """A media type or a range of them, as a spec names it: `image/png`, `image/*`, `*/*`.

    So is `application/*+json`: .NET writes that for every type that is made of JSON.
    """

    name: str
    parameters: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What the spec says; None where it is neither. A charset says nothing: each is read."""
        found = ContentType.parse(text)
        if found is None or not re.fullmatch(r"\*/\*|[^*]+/(\*(\+[^*]+)?|[^*]+)", found.name):
            return None
        given = {name: value for name, value in found.parameters.items() if name != "charset"}
        return cls(found.name, given)

    def __contains__(self, sent: ContentType) -> bool:
        """Whether a media type is this one, or in this range."""
        kind, _, subtype = self.name.partition("/")
        if "*" not in subtype:
            is_in = sent.name == self.name
        else:
            is_in = kind == "*" or sent.name.startswith(f"{kind}/")
            is_in &= sent.name.endswith(subtype[1:])
        return is_in and self.parameters.items() <= sent.parameters.items()

    @property
    def precedence(self) -> tuple[int, bool, int]:
        """A key to sort by: the most specific is first."""
        return self.name.count("*"), self.name.endswith("*"), -len(self.parameters)

    @property
    def is_range(self) -> bool:
        """Whether it is more than one media type."""
        return "*" in self.name


def is_json(name: str) -> bool:
    """Whether a media type is JSON, or made of it."""
    return name == "application/json" or name.endswith("+json")


def is_text(name: str) -> bool:
    """Whether it is text, which its charset says how to read."""
    return name.startswith("text/")


def is_binary(name: str) -> bool:
    """Whether it is bytes, whatever a schema says."""
    return _BINARY.fullmatch(name) is not None
