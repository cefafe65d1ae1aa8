"""Which environment variables a file reads, and what it takes: told by its syntax tree."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"

_OR_FILE = "; or the path of a file that holds it in `{}_FILE`"

TAKES: Mapping[str, str] = {
    "api_keys": f"`NAME:KEY`, or several separated by commas{_OR_FILE}",
    "callers": "names, separated by commas, or `*`",
    "claim": "up to 255 letters, digits and `. _ ~ : / @ + = -`",
    "flag": "`true` or `false`",
    "get": "text",
    "listen": "`address:port`",
    "matching": "text",
    "path": "a path",
    "listen_or_off": "`address:port`, or `off`",
    "one_of": "`auto`, `console` or `json`",
    "name": "letters, digits, `_` and `-`; at most 50",
    "pem": f"PEM in base64, on one line{_OR_FILE}",
    "public_key": f"PEM, or PEM in base64{_OR_FILE}",
    "ratio": "a number, `0` to `1`",
    "secret": f"text{_OR_FILE}",
    "target": "`host:port`",
    "targets": "`host:port`, or several separated by commas",
    "text": "text",
    "url": "`http://host:port`",
    "urls": "`http://host:port`, several with commas",
    "whole": "a whole number",
}
"""What a variable may be, by the name of the method that reads it."""


@dataclass(frozen=True)
class Read:
    """A variable that is read; `default` is empty where there is none."""

    name: str
    takes: str
    default: str


def environment_reads(root: Path, file: str) -> Iterator[Read]:
    """The variables that a Python file of the repository `root` reads, in the file's order.

    A read is a call of a method in `TAKES`, or a subscript, with the variable's name.
    """
    module = _Module(ast.parse((root / file).read_text("utf-8"), file), file)
    seen = set()
    for node in sorted(module.nodes, key=lambda each: getattr(each, "lineno", 0)):
        read = module.read(node)
        if read and read.name not in seen:
            seen.add(read.name)
            yield read


class _Module:
    """A parsed file, and the values of the names in it."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        self.nodes = list(ast.walk(tree))
        self._file = file
        self._alternatives = {
            id(first): other
            for node in self.nodes
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
            for first, other in [(node.values[0], node.values[-1])]
        }

    def read(self, node: ast.AST) -> Read | None:
        match node:
            case ast.Call(func=ast.Attribute(attr=kind), args=[name, *values]) if kind in TAKES:
                given = self._bind(kind, values, node.keywords)
            case ast.Subscript(slice=name, ctx=ast.Load()):
                kind, given = "get", {}
            case _:
                return None
        variable = self._value(name)
        if not isinstance(variable, str) or not re.fullmatch(NAME, variable):
            return None
        default = given.pop("default", self._value(self._alternatives.get(id(node))))
        bounds = [str(each) for each in given.values() if isinstance(each, int)]
        takes = " ".join(
            [
                TAKES[kind].format(variable),
                *([f"from {bounds[0]} to {bounds[1]}"] if bounds else []),
            ]
        )
        return Read(variable, takes, _shown(default))

    def _bind(
        self, kind: str, values: list[ast.expr], keywords: list[ast.keyword]
    ) -> dict[str, object]:
        """The arguments after the variable's name, by their parameters."""
        parameters = ("default",) if kind == "get" else self._parameters(kind)
        given = dict(zip(parameters, map(self._value, values), strict=False))
        return given | {each.arg: self._value(each.value) for each in keywords if each.arg}

    def _parameters(self, kind: str) -> list[str]:
        """What a method of a class that the file knows takes after the variable's name."""
        for each in vars(self._imported()).values():
            method = getattr(each, kind, None) if isinstance(each, type) else None
            if inspect.isfunction(method):
                _self, *parameters = inspect.signature(method).parameters
                if parameters[:1] == ["name"]:
                    return parameters[1:]
        return []

    def _value(self, node: ast.expr | None) -> object:
        """What an expression is worth, None where that is known only when it runs."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return getattr(self._imported(), name, None)
            case ast.Attribute(value=ast.Name(id="cls"), attr=name):
                module: Any = self._imported()
                own = (each for each in vars(module).values() if hasattr(each, name))
                return next(
                    getattr(each, name) for each in own if each.__module__ == module.__name__
                )
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return getattr(getattr(self._imported(), owner, None), name, None)
            case ast.Call(func=ast.Name(id="str"), args=[inner]):
                return self._value(inner)
        return None

    def _imported(self) -> object:
        return importlib.import_module(self._file.removesuffix(".py").replace("/", "."))


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)
