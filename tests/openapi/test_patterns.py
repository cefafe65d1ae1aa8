"""Patterns mean on the wire what ECMA-262 says they mean."""

import re

import jsonschema_rs
import pytest

from contract.schema import Schema
from openapi.patterns import portable

SAME = [
    (r"^[A-Za-z0-9_-]{1,64}$", ["a-_"], ["", "é", "a\n"]),
    (r"^\d+$", ["1"], ["\u0661"]),
    (r"^\w$", ["a"], ["é"]),
    (r"^\s$", ["\ufeff", "\u00a0"], ["\u0085", "\x1c"]),
    (r"^\p{L}$", ["é"], ["1"]),
    (r"^\p{Script=Greek}$", ["\u03b1"], ["a"]),
    (r"(?<=a)b", ["ab"], ["b"]),
    (r"^(?!a)[a-c]$", ["b"], ["a"]),
    (r"^(a)\1$", ["aa"], ["a"]),
    (r"^(?:a|b){2,}?$", ["ab"], ["a"]),
    (r"^[^a-z]$", ["A", "\n"], ["a"]),
]
"""A pattern that is written as it stands, what it fits, what it does not."""

OTHER = [
    (r"^.$", ["a", "\U0001f600"], ["\n", "\r", "\u2028", ""]),
    (r"\bé", ["aé"], ["é", " é"]),
    (r"\bfoo\b", ["a foo b", "éfoo"], ["food"]),
    (r"a\Bb", ["ab"], ["a b"]),
    (r"^[\d-x]$", ["1", "-", "x"], ["a"]),
    (r"^[\w-.]+$", ["a-."], ["a b"]),
    (r"^[a-c-e]$", ["b", "-", "e"], ["d"]),
    (r"^[^]$", ["a", "\n"], ["", "ab"]),
    (r"^[]$", [], ["", "a"]),
    (r"^[[a]$", ["[", "a"], ["b"]),
    (r"^[[:alpha:]]$", [":]", "a]"], ["b", "b]"]),
    (r"^[a-z&&[^b]]$", ["&]", "^]"], ["a", "b"]),
    (r"^(?<year>\d{4})-\k<year>$", ["2026-2026"], ["2026-2027"]),
    (r"^\u0041\x42\u{43}$", ["ABC"], ["abc"]),
    (r"^\uD83D\uDE00$", ["\U0001f600"], ["x"]),
    (r"^\0\cJ[\b]$", ["\0\n\b"], ["0Jb"]),
    (r"^\_\@\<\>$", ["_@<>"], ["\\_"]),
    (r"^]}$", ["]}"], ["]"]),
]
"""A pattern that other engines would refuse or take for something else; the same."""


@pytest.mark.parametrize(("pattern", "good", "bad"), [*SAME, *OTHER])
def test_a_pattern_is_one_of_ecma_262(pattern: str, good: list[str], bad: list[str]) -> None:
    """It fits what it should, and nothing else."""
    schema = Schema({"type": "string", "pattern": portable(pattern)}, {})
    assert [each for each in good if schema.issues(each)] == []
    assert [each for each in bad if not schema.issues(each)] == []


@pytest.mark.parametrize("pattern", [each[0] for each in SAME])
def test_what_all_engines_understand_stays_as_it_is(pattern: str) -> None:
    """Whoever reads a message or a model finds the pattern of the spec."""
    assert portable(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a{,3}", "begins no {1,2}"),
        ("a{2,1}", "wrong way round"),
        ("[b-a]", "wrong way round"),
        (r"\A", "write ^"),
        (r"\Z", "write $"),
        (r"\h", "means nothing"),
        ("(?i)a", "does not know"),
        ("(?P<x>a)", "does not know"),
        ("(?>a)", "does not know"),
        ("a++", "repeats nothing"),
        ("*a", "repeats nothing"),
        ("(|*a)", "repeats nothing"),
        (r"\2(a)", "no such group"),
        (r"\k<x>", "no such group"),
        ("(?<a>x)(?<a>y)", "two groups"),
        (r"\uD800", "no character"),
        (r"\u12", "means nothing"),
        (r"\p{Klingon}", "no regular expression"),
        ("[a", "left open"),
        ("a\\", "left open"),
        ("(a", "no regular expression"),
        ("a)", "no regular expression"),
    ],
)
def test_what_is_none_is_refused(pattern: str, reason: str) -> None:
    """What another engine would let by as something else, too."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        portable(pattern)


@pytest.mark.parametrize("around", ["{}", "(?!x){}", "(?<!x){}\\b|{}", "(?=({}))\\1"])
@pytest.mark.parametrize(
    "pattern",
    [
        r"\w",
        r"\W",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        r"[\w-.]",
        r"[^\W]",
        r"[\D\s]",
        r"[^\Da]",
        r"[\s\S]",
        r"[^\s\S]",
    ],
)
def test_sets_are_those_of_ecma_262_beside_whatever_stands_there(around: str, pattern: str) -> None:
    """The engine would take those of Unicode in a pattern with a look-around."""
    plain = jsonschema_rs.Draft202012Validator({"pattern": f"^(?:{portable(pattern)})$"})
    whole = portable(around.replace("{}", f"(?:{pattern})"))
    beside = jsonschema_rs.Draft202012Validator({"pattern": f"^(?:{whole})$"})
    for char in "aZ_0-. \té٣\ufeff\x85\u2003\u180e\u017f\u212a":
        assert beside.is_valid(char) is plain.is_valid(char), (whole, char)
