"""Regular expressions of paths, as the sets of paths that they match: what one has and another not.

Read is what Kong, HAProxy and `interegular` take for the same: characters, classes, groups,
alternatives and repetitions. What is not regular, or means something else to one of them, is
refused.
"""

import re
from collections import deque
from functools import cache

from interegular import InvalidSyntax, Unsupported, parse_pattern
from interegular.fsm import FSM, anything_else

NOTHING = parse_pattern("[^/]").to_fsm() & parse_pattern("/").to_fsm()
"""No path at all."""

_ESCAPE = r"\\[dws.+*?^$()|\[\]{}\\/-]"
_ATOM = rf"{_ESCAPE}|\[\^?(?:(?!&&|--|~~)[^\[\]\\]|{_ESCAPE})+\]|\.|\)|[^\\\[\](){{}}|.*+?^$]"
_TOKENS = re.compile(
    rf"(?:\(\?:|\(\?<[A-Za-z_]\w*>|\((?!\?)|\||(?:{_ATOM})(?:(?:[*+?]|\{{\d{{1,3}}(?:,\d{{0,3}})?\}})\??)?)*",
    re.ASCII,
)
_PLAIN = "x0abcdefghijklmnopqrstuvwyz123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_~!@"


class UnreadableError(ValueError):
    """A regular expression that cannot be compared; the message says what of it, and why."""


@cache
def language(pattern: str) -> FSM:
    """The texts that a pattern without anchors matches from end to end.

    Raises:
        UnreadableError: It has what is not read here.
    """
    read = _TOKENS.match(pattern)
    end = read.end() if read else 0
    if end < len(pattern):
        raise UnreadableError(
            f"has {pattern[end : end + 4]!r}, which cannot be compared with the specs: write it "
            "with characters, classes, groups, alternatives and repetitions below 1000 alone"
        )
    try:
        return parse_pattern(pattern.replace("(?<", "(?P<")).to_fsm()
    except (InvalidSyntax, Unsupported, ValueError) as error:
        raise UnreadableError(f"is no regular expression that can be compared ({error})") from error


def either(*texts: FSM) -> FSM:
    """What any of them has."""
    return _typed(FSM.union(NOTHING, *texts))  # type: ignore[no-untyped-call]


def common(*texts: FSM) -> FSM:
    """What all of them have."""
    return _typed(FSM.intersection(*texts))  # type: ignore[no-untyped-call]


def one_after_another(*texts: FSM) -> FSM:
    """A text of each, joined."""
    return _typed(FSM.concatenate(*texts))  # type: ignore[no-untyped-call]


def without(texts: FSM, *others: FSM) -> FSM:
    """What none of the others has."""
    return _typed(FSM.difference(texts, *others))  # type: ignore[no-untyped-call]


def meet(one: FSM, other: FSM) -> bool:
    """Whether they have a text in common."""
    # The library's own isdisjoint looks at no character that only one of the two names.
    return shortest(common(one, other)) is not None


def within(one: FSM, other: FSM) -> bool:
    """Whether the other has all that this one has."""
    return shortest(without(one, other)) is None


def _typed(texts: FSM) -> FSM:
    return texts


def shortest(texts: FSM) -> str | None:
    """One of the shortest texts, of plain characters where there is a choice; None without any."""
    keys = sorted((_character(texts, key), key) for key in texts.alphabet.by_transition)
    seen, left = {texts.initial}, deque([(texts.initial, "")])
    while left:
        state, text = left.popleft()
        if state in texts.finals:
            return text
        for (_, character), key in keys:
            following = texts.map.get(state, {}).get(key)
            if following is not None and following not in seen:
                seen.add(following)
                left.append((following, text + character))
    return None


def _character(texts: FSM, key: int) -> tuple[int, str]:
    """A character to stand for all that are alike to a language, the plainest ones first."""
    alike = texts.alphabet.by_transition[key]
    others = _PLAIN if anything_else in alike else ""
    known = {each for each in alike if each is not anything_else}
    found = [each for each in _PLAIN if each in known or (others and each not in texts.alphabet)]
    character = found[0] if found else min(known, default="\N{REPLACEMENT CHARACTER}")
    return _PLAIN.find(character) % 1000, character
