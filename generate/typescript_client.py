"""The package of an API for TypeScript: types, and a function for each operation."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import assert_never

from generate.client_operations import Argument, ClientOperation, Typed
from generate.form_files import with_files
from generate.models import model_names
from generate.shapes import (
    NEVER,
    Alternative,
    Anything,
    Array,
    Named,
    Object,
    Scalar,
    Shape,
    Shapes,
    Value,
)
from openapi.description import Description, JsonSchema
from openapi.names import distinct
from openapi.views import View

_KINDS = {
    "none": "undefined",
    "text": "string",
    "bytes": "Uint8Array<ArrayBuffer>",
    "any": "unknown",
    "content": "Content",
}
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_RESERVED = {
    *("await", "break", "case", "catch", "class", "const", "continue", "debugger", "default"),
    *("delete", "do", "else", "enum", "export", "extends", "false", "finally", "for", "function"),
    *("if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null"),
    *("package", "private", "protected", "public", "return", "static", "super", "switch", "this"),
    *("throw", "true", "try", "typeof", "var", "void", "while", "with", "yield", "arguments"),
    *("eval", "call", "pages", "stream", "types", "etagOf"),
}


def typescript_module(
    description: Description, operations: list[ClientOperation]
) -> dict[str, object]:
    """What the templates of an API are filled with."""
    types = _Types(description)
    wishes = []
    for each in operations:
        for name in (each.name, f"iter_{each.name}", f"stream_{each.name}"):
            wish = camel_case(name)
            wishes.append((name, f"{wish}_" if wish in _RESERVED else wish))
    given = iter(distinct(wishes))
    written = [_Written(each, types, *(next(given) for _ in range(3))) for each in operations]
    return {"operations": written, "types": types.text()}


def camel_case(name: str) -> str:
    """`update_user` is `updateUser`."""
    return re.sub(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])", lambda match: match[1].upper(), name)


class _Types:
    """Writes types; in another module the names of the API's own begin with `t.`."""

    def __init__(self, description: Description) -> None:
        self._description, self._names = description, model_names(description)
        schemas = with_files(description)
        self._shapes = {view: Shapes(schemas, view) for view in View}

    def text(self) -> str:
        """A type for each schema."""
        lines = []
        for model, (name, view) in {model: key for key, model in self._names.items()}.items():
            lines += _comment(self._description.schemas[name].get("description", ""))
            shape = self._shapes[view].named(name)
            lines.append(f"export type {model} = {self._written(shape, view, '')};\n")
        return "\n".join(lines)

    def of(self, schema: JsonSchema, view: View) -> str:
        """The type of a schema, for another module."""
        return self._written(self._shapes[view].of(schema), view, "t.")

    def _written(self, shape: Shape, view: View, prefix: str) -> str:
        # Properties or items without a type are hardly ever meant to let any other value through.
        said = [each for each in shape if not isinstance(each, Anything)]
        if not said:
            return "unknown" if shape else "never"
        types = dict.fromkeys(self._alternative(each, view, prefix) for each in said)
        return " | ".join(sorted(types, key="null".__eq__))

    def _alternative(self, each: Alternative, view: View, prefix: str) -> str:  # noqa: PLR0911
        match each:
            case Anything():
                return "unknown"
            case Value(_, value):
                return json.dumps(value)
            case Scalar("file"):
                return "FormFile"
            case Scalar(kind):
                return _SCALARS.get(kind, "null")
            case Named(name):
                return f"{prefix}{self._names[name, view]}"
            case Array(items):
                return f"({self._written(items, view, prefix)})[]"
            case Object(fields, others) if fields:
                found = [
                    f"{_key(name)}{'' if one.required else '?'}: "
                    f"{self._written(one.shape, view, prefix)}"
                    for name, one in fields.items()
                    if not one.absent
                ]
                return f"{{ {'; '.join(found)} }}"
            case Object(_, others):
                inner = "never" if others == NEVER else self._written(others, view, prefix)
                return f"{{ [name: string]: {inner} }}"
            case _:
                assert_never(each)


class _Written:
    """An operation in TypeScript."""

    def __init__(
        self, operation: ClientOperation, types: _Types, name: str, iter_name: str, stream_name: str
    ) -> None:
        self._types, self._operation = types, operation
        self.name, self.iter_name, self.stream_name = name, iter_name, stream_name
        self.comment, self.streams = "\n".join(_comment(self._text())), operation.streams
        wishes = [(each.name, camel_case(each.name)) for each in operation.arguments]
        self._names = dict(zip((n for n, _ in wishes), distinct(wishes), strict=True))
        self.described = json.dumps(self._described())
        self.result = self._union(operation.result)
        self.item = None if operation.item is None else self._typed(operation.item)
        fields = [*self._fields()]
        self.arguments = f"args: {{ {'; '.join(fields)} }}"
        if all("?: " in each.partition(" ")[0] + " " for each in fields):
            self.arguments += " = {}"

    def _text(self) -> str:
        each = self._operation
        is_deprecated = each.operation.deprecation is not None
        return f"{each.text}{chr(10) * 2 + '@deprecated' if is_deprecated else ''}"

    def _described(self) -> Mapping[str, object]:
        found = asdict(self._operation.described)
        for each in found["parameters"]:
            each["argument"] = self._names[each["argument"]]
        return found | {"id": self.name}

    def _fields(self) -> list[str]:
        operation = self._operation
        fields = []
        for each in operation.arguments:
            key = _key(self._names[each.name])
            fields.append(f"{key}{'' if each.required else '?'}: {self._argument(each)}")
        if operation.body:
            fields.append(
                f"body{'' if operation.needs_body else '?'}: {self._union(operation.body)}"
            )
        for name, kinds in (
            ("contentType", operation.media_types),
            ("accept", operation.representations),
        ):
            if kinds:
                is_open = any("*" in each for each in kinds)
                fields.append(
                    f"{name}?: {'string' if is_open else ' | '.join(map(json.dumps, kinds))}"
                )
        return fields

    def _argument(self, argument: Argument) -> str:
        return "string | object" if argument.is_condition else self._typed(argument.type)

    def _union(self, types: tuple[Typed, ...]) -> str:
        found = dict.fromkeys(self._typed(each) for each in types)
        return " | ".join(sorted(found, key="undefined".__eq__))

    def _typed(self, typed: Typed) -> str:
        if typed.schema is None:
            return _KINDS[typed.kind]
        return self._types.of(typed.schema, typed.view)


def _key(name: str) -> str:
    """A property's name, in quotes only where it needs them."""
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) else json.dumps(name)


def _comment(text: str) -> list[str]:
    if not text:
        return []
    lines = text.replace("*/", "* /").splitlines()
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]
