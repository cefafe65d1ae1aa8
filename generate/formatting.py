"""Python as the repository's linter sorts its imports and its formatter writes it."""

import subprocess
import sys
from functools import cache
from pathlib import Path


@cache
def formatted(text: str, path: str, root: Path) -> str:
    """The text as it is to stand at `path` in the repository `root`."""
    for arguments in (("check", "--select", "I", "--fix", "--quiet"), ("format", "--quiet")):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", path, "-"]
        text = subprocess.run(
            command, input=text, cwd=root, check=True, capture_output=True, text=True
        ).stdout
    return text


def docstring(text: str) -> str:
    """A text as a docstring, whatever stands in it: what cannot be seen is escaped."""
    shown = "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text.replace("\\", r"\\")
    )
    if shown.endswith('"'):
        shown = rf"{shown[:-1]}\""
    return '"""{}"""'.format(shown.replace('"""', r"\"\"\""))
