"""What the handler of an operation returns, as Python says it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.answers.declared import NO_BODY
from contract.answers.media_types import media_range
from generate.models import model_names
from openapi.description import Description, JsonSchema, Operation, Response, name_of
from openapi.schemas import value_type
from openapi.views import View

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_UNCHECKED = {"object": "dict[str, Any]", "array": "list[Any]"}

_VALUES = "contract.answers.returned"
_MODULES = {
    **dict.fromkeys(("Answer", "File", "Representations", "Stream"), _VALUES),
    "Any": "typing",
    "UploadedFile": "contract.bodies.files",
    "Response": "starlette.responses",
}


@dataclass(frozen=True)
class Returned:
    """A type of what a handler returns.

    `models` are the classes of `models/` in it, `names` what else it needs of other modules.
    """

    written: str
    models: frozenset[str]
    names: frozenset[str]


def value_of(
    description: Description, operation: Operation, module: str = "", *, stored: bool = False
) -> Returned:
    """What the success responses of an operation hold.

    Args:
        description: The API.
        operation: The operation.
        module: Where the models are, as the type is to call it.
        stored: Whether a model may also be what a database holds of it, of which nobody knows
            more than that it is a mapping.
    """
    types = _Types(description, module, stored=stored)
    responses = [
        each for status, each in operation.responses.items() if status.startswith("2")
    ] or [each for status, each in operation.responses.items() if status == "default"]
    values = [*dict.fromkeys(one for each in responses for one in types.of(each))]
    values.sort(key="None".__eq__)  # behind the others
    if not responses or "Any" in values:  # anything; linters forbid Any, which checks nothing
        return Returned("object", frozenset(), frozenset())
    return Returned(" | ".join(values), frozenset(types.models), frozenset(types.names))


def returned(description: Description, operation: Operation, module: str) -> Returned:
    """All that its handler may return: such a value, one with headers and the like, a response."""
    value = value_of(description, operation, module, stored=True)
    written = f"Answer[{value.written}] | Response | {value.written}"
    return Returned(written, value.models, value.names | {"Answer", "Response"})


def imports(names: Iterable[str]) -> list[str]:
    """Lines that import what types need beside models."""
    return [f"from {_MODULES[each]} import {each}" for each in sorted(names)]


class _Types:
    """Writes types, and takes note of what they need."""

    def __init__(self, description: Description, module: str, *, stored: bool) -> None:
        self._description, self._stored = description, stored
        self._prefix = f"{module}." if module else ""
        self.models: set[str] = set()
        self.names: set[str] = set()

    def of(self, response: Response) -> Iterator[str]:
        """What a response can be made of."""
        if not response.content or response.status in map(str, NO_BODY):
            yield "None"
            return
        for name, content in response.content.items():
            media_type = media_range(name)
            if media_type.is_json or not media_type.is_concrete:
                yield from self._value(content.schema)
            if media_type.is_text:
                yield "str"
            if not media_type.is_json:
                self.names |= {"File", "Stream"}
                yield from ("bytes", "File", "Stream")
        if len(response.content) > 1:
            self.names.add("Representations")
            yield "Representations"

    def _value(self, schema: JsonSchema) -> Iterator[str]:
        schemas = self._description.schemas
        resolved = self._description.resolve(schema)
        kind = value_type(schema, schemas)
        if [*schema] == ["$ref"]:
            model = model_names(self._description)[name_of(schema["$ref"]), View.RESPONSE]
            self.models.add(model)
            yield f"{self._prefix}{model}"
            if self._stored and kind not in _TYPES:
                self.names.add("Any")
                yield _UNCHECKED.get(kind, "dict[str, Any]")
        elif kind == "array" and "items" in resolved:
            yield from (f"list[{each}]" for each in self._value(resolved["items"]))
        elif kind in _TYPES:
            yield _TYPES[kind]
        else:
            self.names.add("Any")
            yield _UNCHECKED.get(kind, "Any")
        said = resolved.get("type", ())
        if "null" in said:
            yield "None"
