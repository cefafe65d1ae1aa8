"""YAML files: read strictly, and where in one something stands, for messages one can follow."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml


class UnreadableFileError(Exception):
    """A file is missing or is no YAML; the message is one line: `file:line: why`."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, where YAML's own would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as the library has it
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    None, None, f"{key.value} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is anything
    """What a YAML file holds.

    Raises:
        UnreadableFileError: It cannot be read, is no YAML, or has a key twice in one place.
    """
    try:
        return yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise UnreadableFileError(f"{shown(path)}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        why = ": ".join(filter(None, (error.context, error.problem)))
        raise UnreadableFileError(f"{shown(path)}{line}: {why}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnreadableFileError(f"{shown(path)}: {' '.join(str(error).split())}") from error


def place(path: Path, pointer: str = "") -> str:
    """`file:line` of what `pointer` names, or of the innermost part on the way that is there.

    Args:
        path: A YAML file that can be read.
        pointer: A JSON pointer, as `/paths/~1orders~1/get`.
    """
    return f"{shown(path)}:{_lines(path, pointer)[-1]}"


def holds(path: Path, pointer: str) -> bool:
    """Whether `pointer` names something in a YAML file that can be read."""
    return len(_lines(path, pointer)) == len(_keys(pointer)) + 1


def shown(path: Path) -> str:
    """A file's name as a person in the working directory would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def escaped(key: object) -> str:
    """A key as one part of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _lines(path: Path, pointer: str) -> list[int]:
    """The lines, from 1, of the whole and of each step of the pointer, as far as there are any."""
    node = yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)
    lines = [1]
    for key in _keys(pointer):
        step = _step(node, key)
        if step is None:
            break
        named, node = step
        lines.append(named.start_mark.line + 1)
    return lines


def _step(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """What shows where an element is (its key, where it has one), and the element."""
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if pair[0].value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)], node.value[int(key)]
    return None


def _keys(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
