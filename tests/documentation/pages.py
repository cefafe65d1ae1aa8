"""Every page of documentation in the repository."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@cache
def tracked() -> list[str]:
    """The paths of all files that git knows of, or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [each for each in listed.stdout.split("\0") if each and (ROOT / each).exists()]


def pages() -> list[str]:
    """The paths of all Markdown pages for people, from the root on."""
    return [each for each in tracked() if each.endswith(".md")]


def read(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text("utf-8", errors="replace")


def code(page: str) -> list[str]:
    """What a page shows as code: the lines of its blocks, and what stands in a line as code."""
    text = read(page)
    lines = [line for _, block in _FENCE.findall(text) for line in block.splitlines()]
    return lines + _SPAN.findall(_FENCE.sub("", text))
