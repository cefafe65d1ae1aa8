"""A page of documentation as something that can be run: its changes and its commands, in order."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(diff|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<< *'(\w+)'$")
_PROMPT = "$ "
_ANYTHING = "…"
_LONGEST = 900
"""Seconds that a command may take."""


@dataclass(frozen=True)
class Change:
    """A patch that the page shows."""

    text: str

    def apply(self, folder: Path) -> str | None:
        """Make the change in `folder`; what is wrong with it, None where it fits."""
        command = ["git", "apply", "--verbose", "-"]
        done = subprocess.run(
            command, input=self.text, cwd=folder, capture_output=True, text=True, check=False
        )
        return f"{self.text}\ndoes not fit:\n{done.stderr}" if done.returncode else None


@dataclass(frozen=True)
class Command:
    """A command that the page shows, and what it says that the command writes."""

    line: str
    output: str

    def run(self, folder: Path, environment: Mapping[str, str]) -> str | None:
        """Run it in `folder`; how it wrote something else than printed, or None."""
        done = subprocess.run(
            ["bash", "-c", self.line],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        if re.fullmatch(_pattern(self.output), done.stdout.strip(), re.DOTALL):
            return None
        return f"$ {self.line}\nprinted:\n{self.output}\nwritten:\n{done.stdout}"


Step = Change | Command


def steps(page: Path, replaced: Mapping[str, str]) -> list[Step]:
    """Everything that a person who follows the page does.

    Args:
        page: Markdown; its blocks of `diff` and `console` count.
        replaced: What stands in commands instead of what is printed: the ports of a machine on
            which those of the page are taken.
    """
    found: list[Step] = []
    for kind, text in _BLOCK.findall(page.read_text("utf-8")):
        if kind == "diff":
            found.append(Change(text))
        else:
            found += _commands(text, replaced)
    return found


def environment(**variables: str) -> dict[str, str]:
    """The variables of the shell of somebody who works in a clone, and those given."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_PORT")
        and name not in {"PYTHONPATH", "PYTEST_ADDOPTS", "AWARE_STATE", "P_VALUE"}
    } | variables


def _commands(text: str, replaced: Mapping[str, str]) -> Iterator[Command]:
    for block in re.split(r"^(?=\$ )", text, flags=re.MULTILINE)[1:]:
        first, *lines = block.removeprefix(_PROMPT).splitlines()
        command = [first]
        heredoc = _HEREDOC.search(first)
        while (heredoc and command[-1] != heredoc[1]) or _is_open("\n".join(command)):
            command.append(lines.pop(0))
        line = "\n".join(command)
        for printed, actual in replaced.items():
            line = line.replace(printed, actual)
        yield Command(line, "\n".join(lines))


def _is_open(command: str) -> bool:
    """Whether a quotation mark waits for the one that closes it."""
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def _pattern(output: str) -> str:
    return ".*?".join(re.escape(part) for part in output.strip().split(_ANYTHING))
