"""Patterns of the specs as MongoDB's engine (PCRE) reads them."""

import re

_TOKEN = re.compile(r"\\[pP]\{[^}]*\}|\\.|[\[\]$]", re.DOTALL)
_SPACES = r"\s\x{00a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
r"""What `\s` is in ECMA-262; PCRE's own is ASCII's part of it."""

_OTHERS = (
    r"\x{00}-\x{08}\x{0e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}"
    r"\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}"
)
r"""What `\S` is."""

_CATEGORIES = {
    "Letter": "L",
    "Mark": "M",
    "Number": "N",
    "Punctuation": "P",
    "Symbol": "S",
    "Separator": "Z",
    "Other": "C",
    "Uppercase_Letter": "Lu",
    "Lowercase_Letter": "Ll",
    "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc",
    "Enclosing_Mark": "Me",
    "Decimal_Number": "Nd",
    "Letter_Number": "Nl",
    "Other_Number": "No",
    "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd",
    "Open_Punctuation": "Ps",
    "Close_Punctuation": "Pe",
    "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf",
    "Other_Punctuation": "Po",
    "Math_Symbol": "Sm",
    "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk",
    "Other_Symbol": "So",
    "Space_Separator": "Zs",
    "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp",
    "Control": "Cc",
    "Format": "Cf",
    "Surrogate": "Cs",
    "Private_Use": "Co",
    "Unassigned": "Cn",
}
"""PCRE's names of Unicode's categories."""


def pcre(pattern: str) -> str:
    r"""A pattern of a description, for MongoDB.

    There `$` also matches before a line break at the end, which `\z` does not.
    """
    in_class = False

    def translated(match: re.Match[str]) -> str:
        nonlocal in_class
        found = match[0]
        if found in (r"\s", r"\S"):
            meant = _SPACES if found == r"\s" else _OTHERS
            return meant if in_class else f"[{meant}]"
        if found == "$" and not in_class:
            return r"\z"
        if found[1:2] in ("p", "P") and len(found) > len(r"\p"):
            name = found[3:-1].rpartition("=")[2]
            return f"\\{found[1]}{{{_CATEGORIES.get(name, name)}}}"
        in_class = found == "[" or (in_class and found != "]")
        return found

    return _TOKEN.sub(translated, pattern)


def pcre_of_names(pattern: str) -> str:
    """The same for `patternProperties`, where MongoDB would match bytes and not characters."""
    return f"(*UTF){pcre(pattern)}"
