"""Rows of `services.yaml` as text: one more, or one fewer; comments and format stay as they are."""

from pathlib import Path
from typing import Any

import yaml

from openapi.files import SpecFile
from services.reading import FILE


class RowError(Exception):
    """The file is not written so that a row can be put in or taken out; the message says how."""


def with_row(root: Path, name: str, lines: tuple[str, ...]) -> str:
    """The text with a row more, behind the others.

    Args:
        root: The repository.
        name: Of the service.
        lines: What the row says, indented as if it began at the margin.
    """
    text = (root / FILE).read_text("utf-8")
    rows = _rows(root, text)
    column = rows[-1][0].start_mark.column
    before = text.splitlines()[: _end(rows[-1][1])]
    after = text.splitlines()[len(before) :]
    row = [" " * column + f"{name}:", *(" " * (column + 2) + line for line in lines)]
    return "\n".join([*before, "", *row, *after, ""])


def without_row(root: Path, name: str) -> str:
    """The text without a row, and without the comment right above it."""
    text = (root / FILE).read_text("utf-8")
    lines = text.splitlines()
    rows = {key.value: (key, value) for key, value in _rows(root, text)}
    if name not in rows:
        raise RowError(f"{FILE} has no service {name}, but {', '.join(rows)}")
    if len(rows) == 1:
        raise RowError(f"{name} is the only service of {FILE}, and one there has to be")
    key, value = rows[name]
    first, end = key.start_mark.line, _end(value)
    while lines[first - 1].lstrip().startswith("#"):
        first -= 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    left = "\n".join([*lines[:first], *lines[end:]]).rstrip("\n")
    return f"{left}\n"


def _rows(root: Path, text: str) -> list[tuple[yaml.Node, yaml.Node]]:
    SpecFile(root / FILE)  # which says what is wrong with a file that is no YAML
    top: Any = yaml.compose(text, yaml.SafeLoader)
    services = next(value for key, value in top.value if key.value == "services")
    if services.flow_style or any(value.flow_style for _, value in services.value):
        raise RowError(f"{FILE}: write each row on lines of its own, without braces around it")
    return [*services.value]


def _end(node: yaml.Node) -> int:
    """How many lines of the file there are up to the end of a node."""
    last = node
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return int(last.end_mark.line) + 1
