"""docs/troubleshooting.md quotes the messages that the programs write, and all of a start."""

import ast
import re

import pytest

from tests.documentation.pages import read, tracked

PAGE = "docs/troubleshooting.md"
ANYTHING = "…"
STARTS = ("LocalError", "MissingError", "PortTakenError", "AlreadyRunningError", "NotRunningError")
"""What a start on one machine may end with."""

_RUNNING = ("… did not get there within … s", "… `make status` shows it")
"""What other commands than a start raise, and what adds to a message that is explained."""


def quoted() -> list[str]:
    """The messages that the page explains: the first column of its first two kinds of tables."""
    tables, _ = read(PAGE).split("## When it runs")
    return re.findall(r"^\| `([^`|]+)` \|", tables, re.MULTILINE)


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(_text, parts))
        case ast.BinOp(left=left, right=right):
            return _text(left) + _text(right)
    return ANYTHING


def _written() -> str:
    """Every text in the programs, with `…` for what is filled in."""
    texts = []
    for name in tracked():
        if name.endswith(".py") and not name.startswith(("tests/", "bench/")):
            nodes = ast.walk(ast.parse(read(name)))
            texts += [_text(each) for each in nodes if isinstance(each, ast.expr)]
        elif name.startswith("local/") and name.endswith(".sh"):
            texts.append(re.sub(r"\$\w+", ANYTHING, read(name)))
    return "\n".join(texts)


def test_every_message_that_the_page_explains_is_one_of_a_program() -> None:
    """Word for word."""
    written = " ".join(_written().split())
    assert len(quoted()) > 30
    missing = [each for each in quoted() if not re.search(_pattern(each), written)]
    assert missing == []


def _pattern(message: str) -> str:
    """It as written; `…` in it may stand for a piece that is filled in, or for more text."""
    return ".{1,80}?".join(map(re.escape, message.rstrip(ANYTHING).split(ANYTHING)))


@pytest.mark.parametrize("kind", STARTS)
def test_every_message_of_a_start_is_explained(kind: str) -> None:
    """Each that is raised in local/ as an error of a start."""
    explained = quoted()
    for name in tracked():
        if not name.startswith("local/") or not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(read(name))):
            match node:
                case ast.Raise(exc=ast.Call(func=ast.Name(id=found), args=[message, *_])):
                    text = _text(message)
                    if found != kind or text.strip(ANYTHING) == "" or text.startswith(_RUNNING):
                        continue
                    assert any(re.match(_pattern(each), text) for each in explained), (
                        f"{name}: {text}"
                    )
