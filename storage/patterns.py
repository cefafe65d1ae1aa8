"""Patterns of the specs as MongoDB's engine (PCRE) reads them."""

import re

_TOKEN = re.compile(r"\\.|[\[\]$]", re.DOTALL)
_SPACES = r"\s\x{00a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
r"""What `\s` is in ECMA-262; PCRE's own is ASCII's part of it."""


def pcre(pattern: str) -> str:
    r"""A pattern of a description, for MongoDB.

    There `$` also matches before a line break at the end, which `\z` does not.
    """
    in_class = False

    def translated(match: re.Match[str]) -> str:
        nonlocal in_class
        found = match[0]
        if found == r"\s":
            return _SPACES if in_class else f"[{_SPACES}]"
        if found == "$" and not in_class:
            return r"\z"
        in_class = found == "[" or (in_class and found != "]")
        return found

    return _TOKEN.sub(translated, pattern)


def pcre_of_names(pattern: str) -> str:
    """The same for `patternProperties`, where MongoDB would match bytes and not characters."""
    return f"(*UTF){pcre(pattern)}"
