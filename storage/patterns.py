"""Patterns of the specs (ECMA-262) as MongoDB reads them (PCRE)."""

import re

_TOKEN = re.compile(r"\\u(?P<unit>[0-9a-fA-F]{4})|(?P<space>\\s)|\\.|[\[\]$]", re.DOTALL)
_SPACES = r"\s\x{00a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
r"""What `\s` is in ECMA-262; PCRE's own is ASCII's part of it."""


def pcre(pattern: str) -> str:
    r"""The pattern for MongoDB.

    There `\uXXXX` is `\x{XXXX}`, `$` also matches before a line break at the end, which `\z` does
    not, and `[` within a class may begin the name of one.
    """
    in_class = False

    def translated(match: re.Match[str]) -> str:
        nonlocal in_class
        found = match[0]
        if match["unit"]:
            return rf"\x{{{match['unit']}}}"
        if match["space"]:
            return _SPACES if in_class else f"[{_SPACES}]"
        if found == "[":
            found = r"\[" if in_class else found
            in_class = True
        elif found == "]":
            in_class = False
        elif found == "$" and not in_class:
            return r"\z"
        return found

    return _TOKEN.sub(translated, pattern)
