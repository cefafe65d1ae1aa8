"""Media types, and ranges of them, as OpenAPI and HTTP write them (RFC 9110, 8.3.1 and 12.5.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_RANGE = re.compile(rf"({_WORD})/({_WORD})[ \t]*")
_PARAMETER = re.compile(rf";[ \t]*(?:({_WORD})=({_WORD}|{_QUOTED}))?[ \t]*")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """`text/plain; charset=utf-8`, `image/*` or `*/*`; names in small letters."""

    type: str
    subtype: str
    parameters: Mapping[str, str]

    @property
    def is_concrete(self) -> bool:
        """Whether it is one media type."""
        return self.subtype != "*"

    @property
    def is_json(self) -> bool:
        """Whether its bodies are JSON."""
        return self.subtype == "json" or self.subtype.endswith("+json")

    @property
    def is_text(self) -> bool:
        """Whether its bodies are text in a charset."""
        return self.type == "text" and not self.is_json

    @property
    def charset(self) -> str:
        """How its text is encoded."""
        return self.parameters.get("charset", "utf-8")

    @property
    def specificity(self) -> tuple[bool, bool, int]:
        """The higher, the fewer media types there are in it."""
        return self.type != "*", self.subtype != "*", len(self.parameters)

    def covers(self, other: "MediaRange") -> bool:
        """Whether all media types of the other are among those of this one."""
        return (
            self.type in ("*", other.type)
            and self.subtype in ("*", other.subtype)
            and all(other.has(name, value) for name, value in self.parameters.items())
        )

    def has(self, name: str, value: str) -> bool:
        """Whether a parameter has this value, letter case aside."""
        if name == "charset" and (self.is_text or self.is_json):
            return self.charset.lower() == value.lower()
        return self.parameters.get(name, "").lower() == value.lower() and name in self.parameters

    def __str__(self) -> str:
        written = "".join(f"; {name}={_quoted(each)}" for name, each in self.parameters.items())
        return f"{self.type}/{self.subtype}{written}"


@lru_cache(maxsize=1024)
def media_range(text: str) -> MediaRange:
    """Read one. Empty parameters, as in `text/plain;`, are passed over.

    Raises:
        ValueError: It is none.
    """
    text = text.strip(" \t")
    match = _RANGE.match(text)
    if match is None or (match[1] == "*" and match[2] != "*"):
        raise ValueError(f"{text} is no media type")
    parameters, at = {}, match.end()
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            raise ValueError(f"{text} is no media type")
        if found[1]:
            parameters[found[1].lower()] = _unquoted(found[2])
        at = found.end()
    return MediaRange(match[1].lower(), match[2].lower(), parameters)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _quoted(text: str) -> str:
    if re.fullmatch(_WORD, text):
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
