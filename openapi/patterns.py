r"""Patterns: regular expressions of ECMA-262, written so that other engines mean the same.

What comes out is ECMA-262 still, with its `u` flag or without. The engine of the validators, PCRE
and Python would otherwise take `.`, `\b`, `[\w-.]` or `(?<name>…)` for something else, or refuse
them. What ECMA-262 does not know (`\A`, `(?i)`, `a++`) is refused, although some engines do.
"""

import re
from functools import cache

import jsonschema_rs

_WORD = "[A-Za-z0-9_]"
_ANY = "[^\n\r\u2028\u2029]"
_BOUNDARY = f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_NO_BOUNDARY = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
_INSTEAD = {
    "A": "write ^",
    "Z": "write $",
    "z": "write $",
    "h": "write [ \\t]",
    "R": "write \\r?\\n",
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_SYNTAX_OF_CLASSES = frozenset("\\]^[-")
_SETS = {
    r"\d": "0-9",
    r"\w": "A-Za-z0-9_",
    r"\s": "\\t-\\r \\xA0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}
_CONTRARY = (r"\D", r"\W", r"\S")
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9kbB]")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??")
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!]|<([A-Za-z_$][\w$]*)>)", re.ASCII)
_PROPERTY = re.compile(r"[pP]\{[A-Za-z_]+(?:=[A-Za-z_0-9]+)?\}", re.ASCII)
_CODE = re.compile(
    r"u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})"
    r"|u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})",
    re.IGNORECASE,
)


@cache
def portable(pattern: str) -> str:
    """The pattern for whichever engine.

    Raises:
        ValueError: It is none of ECMA-262, or none that can be compiled here.
    """
    written = _Writer(pattern).written()
    if not _compiles(written):
        if _compiles(re.sub(r"\{\d+(,\d*)?\}", "{1}", written)):
            raise ValueError("repeats too often to be compiled: write `maxLength` instead")
        raise ValueError("is no regular expression of ECMA-262")
    return written


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except ValueError:
        return False
    return True


class _Writer:
    """Reads a pattern from left to right, and writes it anew."""

    def __init__(self, pattern: str) -> None:
        self._text, self._at = pattern, 0
        self._looks_around = _LOOKS_AROUND.search(pattern) is not None
        whole = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", pattern, flags=re.DOTALL)
        groups = re.findall(r"\((?!\?)|\(\?<([A-Za-z_$][\w$]*)>", whole, re.ASCII)
        self._groups = ["", *groups]
        names = [name for name in groups if name]
        if len({*names}) != len(names):
            raise ValueError("has two groups of one name: rename one")

    def written(self) -> str:
        parts, can_repeat = [], False
        while self._at < len(self._text):
            if quantifier := _QUANTIFIER.match(self._text, self._at):
                least, most = quantifier[1], quantifier[2]
                if not can_repeat:
                    raise ValueError(
                        f"repeats nothing with {quantifier[0]}: write \\{quantifier[0]}"
                    )
                if least and most and int(least) > int(most):
                    raise ValueError(f"has {quantifier[0]}, whose numbers are the wrong way round")
                self._at = quantifier.end()
                parts.append(quantifier[0])
                can_repeat = False
            else:
                start = self._at
                parts.append(self._atom())
                can_repeat = self._text[start] not in "(|^"
        return "".join(parts)

    def _atom(self) -> str:
        char = self._next()
        match char:
            case "\\":
                return self._escape()
            case "[":
                return self._class()
            case "(":
                return self._group()
            case ".":
                return _ANY
            case "{":
                raise ValueError("has a { that begins no {1,2}: write \\{ or {0,2}")
            case "]" | "}":
                return f"\\{char}"
        return char

    def _group(self) -> str:
        if not self._text.startswith("?", self._at):
            return "("
        group = _GROUP.match(self._text, self._at - 1)
        if group is None:
            found = self._text[self._at - 1 : self._at + 3]
            raise ValueError(f"has {found}, which ECMA-262 does not know: write it another way")
        self._at = group.end()
        return "(" if group[1] else group[0]

    def _escape(self) -> str:
        rest = self._text[self._at :]
        if number := re.match(r"[1-9][0-9]*", rest):
            return self._reference(int(number[0]), number[0])
        if name := re.match(r"k<([^>]*)>", rest):
            known = name[1] in self._groups
            return self._reference(self._groups.index(name[1]) if known else 0, name[0])
        if rest[:1] in ("b", "B"):
            self._at += 1
            return _BOUNDARY if rest[0] == "b" else _NO_BOUNDARY
        found = self._set()
        if found.lower() in _SETS and self._looks_around:
            return _class_of([found], negated=False)
        return found or _literal(self._escaped(), _SYNTAX)

    def _reference(self, number: int, said: str) -> str:
        if not 0 < number < len(self._groups):
            raise ValueError(f"has \\{said}, and no such group")
        self._at += len(said)
        return f"\\{number}(?:)" if self._text[self._at : self._at + 1].isdigit() else f"\\{number}"

    def _set(self) -> str:
        """An escape for many characters; empty where what follows is for one."""
        found = _PROPERTY.match(self._text, self._at) or re.match(
            r"[dDwWsS]", self._text[self._at :]
        )
        if not found:
            return ""
        self._at += len(found[0])
        return f"\\{found[0]}"

    def _escaped(self) -> str:
        """The one character that an escape stands for."""
        if code := _CODE.match(self._text, self._at):
            self._at = code.end()
            if code[1]:
                return (bytes.fromhex(code[1]) + bytes.fromhex(code[2])).decode("utf-16-be")
            return _character(int(code[3] or code[4] or code[5], 16), code[0])
        char = self._next()
        if char == "c" and re.match(r"[A-Za-z]", self._text[self._at :]):
            return chr(ord(self._next()) % 32)
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum() and char.isascii():
            instead = _INSTEAD.get(char, f"write {char}, if that is meant")
            raise ValueError(f"has \\{char}, which means nothing in ECMA-262: {instead}")
        return char

    def _class(self) -> str:
        negated = self._text.startswith("^", self._at)
        self._at += negated
        parts: list[str] = []
        while not self._text.startswith("]", self._at):
            parts += self._member_or_range(is_first=not parts)
        self._at += 1
        if not parts:
            return "[\\s\\S]" if negated else "(?!)"
        if self._looks_around:
            return _class_of(parts, negated=negated)
        return f"[{'^' * negated}{''.join(parts)}]"

    def _member_or_range(self, *, is_first: bool) -> list[str]:
        first = self._member()
        to = self._text[self._at : self._at + 2]
        if first == "-" and (is_first or to[:1] == "]") and to[:1] != "-":
            return ["-"]
        if to[:1] != "-" or to == "-]":
            return [_in_class(first)]
        self._at += 1
        last = self._member()
        if len(first) > 1 or len(last) > 1:  # no range: the dash stands for itself
            return [_in_class(first), "\\-", _in_class(last)]
        if first > last:
            raise ValueError(f"has the range {first}-{last}, the wrong way round")
        return [f"{_in_class(first)}-{_in_class(last)}"]

    def _member(self) -> str:
        """A character; or an escape for many, which is longer than one."""
        char = self._next()
        if char != "\\":
            return char
        if self._text.startswith("b", self._at):
            self._at += 1
            return "\b"
        return self._set() or self._escaped()

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise ValueError("ends too early: a bracket or a backslash is left open")
        self._at += 1
        return self._text[self._at - 1]


def _character(code: int, said: str) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:  # noqa: PLR2004 - surrogates, and the end
        raise ValueError(f"has \\{said}, which is no character")
    return chr(code)


def _class_of(parts: list[str], *, negated: bool) -> str:
    r"""A class of characters, ranges and escapes for many.

    `\d`, `\w` and `\s` are written out: in a pattern with look-arounds or references the engine of
    the validators takes them for those of Unicode.
    """
    without = [_SETS[each.lower()] for each in parts if each in _CONTRARY]
    within = [_SETS.get(each, each) for each in parts if each not in _CONTRARY]
    if any(each in within for each in without):  # a set, and all that is not in it
        return "(?!)" if negated else "[\\s\\S]"
    if not without:
        return f"[{'^' * negated}{''.join(within)}]"
    if len(without) == 1 and not within:
        return f"[{'^' * (not negated)}{without[0]}]"
    alternatives = [f"[^{each}]" for each in without] + [f"[{''.join(within)}]"] * bool(within)
    either = "|".join(alternatives)
    return f"(?:(?!{either})[\\s\\S])" if negated else f"(?:{either})"


def _in_class(member: str) -> str:
    return member if len(member) > 1 else _literal(member, _SYNTAX_OF_CLASSES)


def _literal(char: str, special: frozenset[str]) -> str:
    if char in special:
        return f"\\{char}"
    return char if char.isprintable() or ord(char) > 0xFF else f"\\x{ord(char):02X}"  # noqa: PLR2004
