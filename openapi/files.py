"""One file of a spec: YAML 1.2 or JSON, read strictly, and the line of everything in it.

What OpenAPI's files may hold is what JSON could hold as well. PyYAML parses; its rules of YAML 1.1,
by which `NO` is false, `0123` is 83 and `2024-01-01` a date, are replaced by those of YAML 1.2.
"""

import json
import re
from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from openapi.errors import InvalidDocumentError
from openapi.pointers import parts_of

MAX_VALUES = 5_000_000
"""More values than this, aliases counted wherever they are used, are no API description."""

MAX_DEPTH = 100
"""Nor is what is nested deeper than this."""

_TOO_DEEP = f"is nested too deeply, over {MAX_DEPTH} levels: move parts to `components`"

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_SCALARS = (
    ("null", r"null|Null|NULL|~|", "nN~", ""),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("infinite", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
)
_SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that a JSON text may hold, and that are none or end a line in YAML."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Parses as fast as libyaml does; tells scalars apart as YAML 1.2's core schema does.

    One departure: a number with a leading zero (`0123`) is a string. YAML 1.2 would drop the zero,
    JSON has no such number, and who writes it means digits.
    """


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first, *_empty in _SCALARS:
    _Loader.add_implicit_resolver(
        f"{_TAG}{_name}", re.compile(rf"^(?:{_pattern})$"), [*_first, *_empty]
    )


class SpecFile:
    """A file that was read: what it holds, and where."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            InvalidDocumentError: It is missing, is neither YAML nor JSON, says a key twice, or
                holds what JSON could not.
        """
        self.path = path
        text = self._text()
        is_json = path.suffix == ".json"
        value = self._json(text) if is_json else None
        self._tree: yaml.Node | None = self._nodes(text)
        self.value: Any = value if is_json else self._value(self._tree)

    def line(self, pointer: str) -> int:
        """The line, from 1, of what a JSON pointer names, or of the last step that exists."""
        return self._lines(pointer)[-1]

    def holds(self, pointer: str) -> bool:
        """Whether a JSON pointer names something in the file."""
        return len(self._lines(pointer)) == len(parts_of(pointer)) + 1

    def forget_places(self) -> None:
        """Free what only lines need, ten times the file; the next question reads it again."""
        self._tree = None

    def error(self, line: int, why: str) -> InvalidDocumentError:
        """What is wrong in a line."""
        return InvalidDocumentError(f"{shown(self.path)}:{line}: {' '.join(why.split())}")

    def _text(self) -> str:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise InvalidDocumentError(f"{shown(self.path)}: {error.strerror}") from error
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self.error(line, "is not UTF-8: save the file in UTF-8") from error

    def _nodes(self, text: str) -> yaml.Node | None:
        if self.path.suffix == ".json":  # which YAML's parser reads but for these three
            text = _SURROGATE.sub(r"\\u003f\\u003f", text.replace("\t", " "))
            text = _NOT_IN_YAML.sub("?", text)
        try:
            root = yaml.compose(text, _Loader)
            self._check(root, set(), {})
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self.error(line, f"{error.reason}: take the character out") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            if "nesting depth" in (error.problem or ""):  # libyaml's own limit
                raise self.error(line, _TOO_DEEP) from error
            why = ": ".join(filter(None, (error.context, error.problem)))
            raise self.error(line, why) from error
        except RecursionError as error:
            raise self.error(1, _TOO_DEEP) from error
        return root

    def _check(self, node: yaml.Node | None, above: set[int], sizes: dict[int, int]) -> int:
        """Refuse keys that are twice there or no names, and aliases without an end.

        Returns:
            How many values the node stands for.
        """
        if node is None or isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in above:
            raise self.error(node.start_mark.line + 1, "an alias leads back to its own anchor")
        if len(above) >= MAX_DEPTH:
            raise self.error(node.start_mark.line + 1, _TOO_DEEP)
        if id(node) not in sizes:
            above.add(id(node))
            sizes[id(node)] = 1 + sum(self._check(each, above, sizes) for each in _within(node))
            above.remove(id(node))
            if isinstance(node, yaml.MappingNode):
                self._check_keys(node)
        if sizes[id(node)] > MAX_VALUES:
            raise self.error(node.start_mark.line + 1, f"stands for over {MAX_VALUES} values")
        return sizes[id(node)]

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag == f"{_TAG}null":
                raise self.error(line, "a key must be a text: write it in quotes")
            if key.tag != _MERGE and key.value in seen:
                raise self.error(line, f"the key {key.value} is there twice: remove one of them")
            seen.add(key.value)

    def _json(self, text: str) -> Any:  # noqa: ANN401 - JSON is anything
        try:
            return json.loads(text, parse_constant=_no_json, parse_float=_finite)
        except json.JSONDecodeError as error:
            raise self.error(error.lineno, f"is not JSON: {error.msg}") from error
        except RecursionError as error:
            raise self.error(1, _TOO_DEEP) from error
        except ValueError as error:
            line = text.count("\n", 0, text.find(str(error).partition(" ")[0])) + 1
            raise self.error(line, f"is not JSON: {error}") from error

    def _value(self, node: yaml.Node | None) -> Any:  # noqa: ANN401 - YAML is anything
        if node is None:
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != f"{_TAG}seq":
                raise self.error(node.start_mark.line + 1, f"the tag {node.tag} is not JSON's")
            return [self._value(each) for each in node.value]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        """A mapping: its own keys, and those that `<<` merges in, which give way to them."""
        if node.tag != f"{_TAG}map":
            raise self.error(node.start_mark.line + 1, f"the tag {node.tag} is not JSON's")
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                sources = self._value(value)
                for each in reversed(sources if isinstance(sources, list) else [sources]):
                    if not isinstance(each, dict):
                        raise self.error(key.start_mark.line + 1, "<< must name a mapping")
                    merged |= each
        own = {key.value: self._value(value) for key, value in node.value if key.tag != _MERGE}
        return merged | own

    def _scalar(self, node: yaml.Node) -> Any:  # noqa: ANN401 - any of JSON's scalars
        text, kind = str(node.value), node.tag.removeprefix(_TAG)
        match kind:
            case "str" | "merge":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                base = {"0o": 8, "0x": 16}.get(text[:2], 10)
                return int(text[2:] if base != 10 else text, base)  # noqa: PLR2004 - decimal
            case "float" if isfinite(float(text)):
                return float(text)
        raise self.error(node.start_mark.line + 1, f"{text} is no value of JSON: use quotes")

    def _lines(self, pointer: str) -> list[int]:
        """The lines of the whole and of each step of the pointer, as far as there are any."""
        self._tree = self._tree or self._nodes(self._text())
        node, lines = self._tree, [1]
        for key in parts_of(pointer):
            step = _step(node, key)
            if step is None:
                break
            named, node = step
            lines.append(named.start_mark.line + 1)
        return lines


class SpecFiles:
    """The files of one or more specs, each read once."""

    def __init__(self) -> None:
        self._files: dict[Path, SpecFile] = {}

    def __iter__(self) -> Iterator[Path]:
        return iter(self._files)

    def forget_places(self) -> None:
        """Free what only lines need, in every file."""
        for file in self._files.values():
            file.forget_places()

    def __getitem__(self, path: Path) -> SpecFile:
        """The file at an absolute path; raises InvalidDocumentError where it cannot be read."""
        if path not in self._files:
            self._files[path] = SpecFile(path)
        return self._files[path]


def shown(path: Path) -> str:
    """A file's name as a person in the working directory would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _within(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _step(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """What shows where an element is (its key, where it has one), and the element."""
    if isinstance(node, yaml.MappingNode):
        own = (pair for pair in node.value if pair[0].value == key)
        merged = (
            found
            for name, value in node.value
            if name.tag == _MERGE
            for each in (value.value if isinstance(value, yaml.SequenceNode) else [value])
            if (found := _step(each, key)) is not None
        )
        return next(own, None) or next(merged, None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)], node.value[int(key)]
    return None


def _no_json(text: str) -> Any:  # noqa: ANN401 - it never returns
    raise ValueError(f"{text} is no value of JSON")


def _finite(text: str) -> float:
    return float(text) if isfinite(float(text)) else _no_json(text)
