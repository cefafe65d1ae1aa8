"""The package of an API for Python: types, and a client that waits or is awaited."""

import io
import tokenize
from pprint import pformat

from generate.client_operations import Argument, ClientOperation, Typed
from generate.formatting import docstring
from generate.models import Models
from openapi.description import Description
from openapi.names import class_name, distinct

_KINDS = {"none": "None", "text": "str", "bytes": "bytes", "any": "Any", "content": "_Content"}
_UNSET = "_Unset = _UNSET"


def python_module(
    description: Description, operations: list[ClientOperation], runtime: str
) -> dict[str, object]:
    """What the templates of an API are filled with; `runtime` is where it is imported from."""
    models = Models(description, ("_File", f"from {runtime}.bodies import File as _File"))
    written = [_Written(each, models) for each in operations]
    names = {each.name for each in operations}
    derived = [(f"iter_{each.name}", f"stream_{each.name}") for each in operations]
    given = distinct([*((n, n) for n in names), *((f"{n} ", n) for pair in derived for n in pair)])
    found = iter(given[len(names) :])
    for each in written:
        each.iter_name, each.stream_name = next(found), next(found)
    return {"operations": written, "types": models.text(), "runtime": runtime}


class _Written:
    """An operation in Python."""

    iter_name = stream_name = ""

    def __init__(self, operation: ClientOperation, models: Models) -> None:
        self._models, self._operation = models, operation
        self.name = operation.name
        self.described = pformat(operation.described, width=90, sort_dicts=False)
        self.docstring, self.streams = docstring(operation.text), operation.streams
        self.result = self._union(operation.result, "Result")
        item = operation.item
        self.item = None if item is None else self._typed(item, "Item")
        self.parameters, self.given = self._parameters(), self._given()

    def _parameters(self) -> str:
        operation = self._operation
        first = [
            f"{each.name}: {self._argument(each)}" for each in operation.arguments if each.is_path
        ]
        rest = [
            f"{each.name}: {self._argument(each)}"
            for each in operation.arguments
            if not each.is_path
        ]
        if operation.body:
            written = self._union(operation.body, "Body")
            has_default = not operation.needs_body
            nullable = operation.described.nullable_body
            default = f" | {_UNSET}" if nullable else " | None = None"
            first.append(f"body: {written}{default if has_default else ''}")
        if kinds := operation.media_types:
            is_open = any("*" in each for each in kinds)
            rest.append(f"content_type: {'str' if is_open else _literal(kinds)} | None = None")
        if kinds := operation.representations:
            is_open = any("*" in each for each in kinds)
            rest.append(f"accept: {'str' if is_open else _literal(kinds)} | None = None")
        return ", ".join([*first, "*", *rest, "options: _Options | None = None"])

    def _argument(self, argument: Argument) -> str:
        if argument.is_condition:
            written = "_Condition"
        else:
            written = self._typed(argument.type, argument.name)
        if argument.required:
            return written
        return f"{written} | {_UNSET if argument.may_be_null else 'None = None'}"

    def _given(self) -> str:
        operation = self._operation
        names = [each.name for each in operation.arguments]
        names += ["body"] if operation.body else []
        names += ["content_type"] if operation.media_types else []
        names += ["accept"] if operation.representations else []
        return "{" + ", ".join(f'"{each}": {each}' for each in names) + "}"

    def _union(self, types: tuple[Typed, ...], hint: str) -> str:
        found = dict.fromkeys(self._typed(each, hint) for each in types)
        return " | ".join(sorted(found, key="None".__eq__))

    def _typed(self, typed: Typed, hint: str) -> str:
        if typed.schema is None:
            return _KINDS[typed.kind]
        hint = class_name(f"{self.name} {hint}")
        written = self._models.type_of(typed.schema, hint, typed.view)
        return _prefixed(written, self._models)


def _prefixed(expression: str, models: Models) -> str:
    """The expression as another module writes it that has the models as `_types`."""
    words = [*tokenize.generate_tokens(io.StringIO(expression).readline)]
    names = [each for each in words if each.type == tokenize.NAME and each.string in models.names]
    for each in reversed(names):
        at = each.start[1]
        expression = f"{expression[:at]}_types.{expression[at:]}"
    return expression


def _literal(names: tuple[str, ...]) -> str:
    return f"Literal[{', '.join(map(repr, names))}]"
