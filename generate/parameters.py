"""What the handler of an operation is called with, as Python says it."""

from collections.abc import Iterator
from dataclasses import dataclass

from contract.bodies.body_reading import Reading, reading_of
from contract.bodies.field_values import types_of
from contract.completion import NONE, default_of
from contract.parameters.shapes import Shape, shapes
from generate.models import model_names
from openapi import description as api
from openapi.description import Body, Description, JsonSchema, Operation, name_of
from openapi.views import View

_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "any": "str",  # of which nothing is said: what is sent is text
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a handler.

    `frame` is its type with `{}` in the place of each of the classes of `models/` that it names:
    `list[{}]`. `names` are those that have to be imported from elsewhere.
    """

    name: str
    frame: str
    models: tuple[str, ...] = ()
    may_be_none: bool = False
    names: frozenset[str] = frozenset()

    def written(self, module: str = "") -> str:
        """`name: type`, the type as it is called where `module` holds the models."""
        prefix = f"{module}." if module else ""
        kind = self.frame.format(*(f"{prefix}{each}" for each in self.models))
        return f"{self.name}: {kind}{' | None' if self.may_be_none else ''}"


def parameters(description: Description, operation: Operation) -> list[Parameter]:
    """The parameters in the order of the spec, then those of the body, where there is one."""
    found = [_parameter(description, each) for each in operation.arguments]
    if operation.body is not None:
        found += _of_body(description, operation.body)
    return found


def _of_body(description: Description, body: Body) -> Iterator[Parameter]:
    """`body`, of one type for each way in which it may be read, and its media type."""
    models = dict.fromkeys(
        model_names(description)[name_of(media.schema["$ref"]), View.REQUEST]
        for kind, media in _read(description, body)
        if kind is Reading.VALUE
    )
    others = {each.type: None for each, _ in _read(description, body) if each is not Reading.VALUE}
    frame = " | ".join([*["{}"] * len(models), *others])
    names = frozenset(others) - {"str"}
    yield Parameter("body", frame, (*models,), not body.required, names)
    if len(body.arguments) > 1:
        yield Parameter("content_type", "str", may_be_none=not body.required)


def _read(description: Description, body: Body) -> Iterator[tuple[Reading, api.MediaType]]:
    for name, media in body.content.items():
        reading = reading_of(name, media, description)
        is_typed = bool(types_of(media.schema, description.schemas) - {"string"})
        yield Reading.VALUE if reading is Reading.TEXT and is_typed else reading, media


def _parameter(description: Description, parameter: api.Parameter) -> Parameter:
    kinds = {each.type for each in shapes(parameter.schema, description.schemas)}
    may_be_left_out = not parameter.required or (parameter.allow_empty and "string" not in kinds)
    has_default = default_of(parameter.schema, description.schemas) is not NONE
    may_be_none = may_be_left_out and not has_default
    kind, is_model, frame = _type(description, parameter.schema)
    may_be_none = kind != "None" and (may_be_none or "null" in kinds)
    models = (kind,) if is_model else ()
    frame = frame if is_model else frame.format(kind)
    return Parameter(parameter.python_name, frame, models, may_be_none)


_Type = tuple[str, bool, str]
"""A type, whether it is a model, and the frame that stands around it."""


def _type(description: Description, schema: JsonSchema) -> _Type:
    """The type of the values of a schema but null."""
    found = [each for each in shapes(schema, description.schemas) if each.type != "null"]
    is_one = "enum" in description.resolve(schema) or any(each.is_structure for each in found)
    if [*schema] == ["$ref"] and is_one:
        return model_names(description)[name_of(schema["$ref"]), View.REQUEST], True, "{}"
    types = [*dict.fromkeys(_of_shape(description, each) for each in found)] or [_NONE]
    if sum(is_model for _, is_model, _ in types) > 1:
        return "object", False, "{}"
    model = next((name for name, is_model, _ in types if is_model), "")
    frames = [frame if is_model else frame.format(name) for name, is_model, frame in types]
    frame = " | ".join(dict.fromkeys(frames))
    return (model, True, frame) if model else (frame, False, "{}")


_NONE: _Type = ("None", False, "{}")


def _of_shape(description: Description, shape: Shape) -> _Type:
    if not shape.is_structure:
        return _TYPES[shape.type], False, "{}"
    is_array = shape.type == "array"
    inner = shape.items if is_array else shape.others
    is_uniform = not (shape.prefix or shape.names or shape.patterns) and (inner or is_array)
    kind, is_model, frame = _type(description, inner) if is_uniform else ("object", False, "{}")
    return kind, is_model, f"list[{frame}]" if is_array else f"dict[str, {frame}]"
