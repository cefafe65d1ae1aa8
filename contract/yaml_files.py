"""YAML files: read strictly, and where in one something stands, for messages one can follow."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml


class UnreadableFileError(Exception):
    """A file is missing or is no YAML; the message is one line: `file:line: why`."""


_STRING, _TIMESTAMP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """YAML as OpenAPI wants it: what could be JSON as well.

    Refuses a key that is no string, and one that is there twice, where YAML's own would silently
    take the last. What looks like a date stays a string.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as the library has it
        seen = set()
        for key, _ in node.value:
            if key.tag != _STRING:
                raise yaml.MarkedYAMLError(
                    problem=f"write '{key.value}' in quotes", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is there twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is anything
    """What a YAML file holds.

    Raises:
        UnreadableFileError: It cannot be read, is no YAML, or not such that it could be JSON.
    """
    try:
        return yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise UnreadableFileError(f"{shown(path)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(f"{shown(path)}:{line}: is not UTF-8") from error
    except yaml.reader.ReaderError as error:  # a control character
        line = path.read_text("utf-8").count("\n", 0, error.position) + 1
        raise UnreadableFileError(f"{shown(path)}:{line}: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        why = ": ".join(filter(None, (error.context, error.problem)))
        raise UnreadableFileError(f"{shown(path)}:{line}: {why}") from error


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
