"""What the handler of an operation is called with, as Python says it."""

from dataclasses import dataclass

from contract.completion import NONE, default_of
from generate.models import model_names
from openapi import description as api
from openapi.description import Description, JsonSchema, Operation, name_of
from openapi.schemas import value_type
from openapi.views import View

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a handler; `is_model` where its type is a class of `models/`."""

    name: str
    type: str
    is_model: bool = False
    may_be_none: bool = False

    def written(self, module: str = "") -> str:
        """`name: type`, the type as it is called where `module` holds the models."""
        prefix = f"{module}." if module and self.is_model else ""
        return f"{self.name}: {prefix}{self.type}{' | None' if self.may_be_none else ''}"


def parameters(description: Description, operation: Operation) -> list[Parameter]:
    """The parameters in the order of the spec, then `body`, where there is one."""
    found = [_parameter(description, each) for each in operation.parameters]
    if operation.body is not None:
        (content,) = operation.body.content.values()
        model = model_names(description)[name_of(content.schema["$ref"]), View.REQUEST]
        found.append(Parameter("body", model, True, not operation.body.required))  # noqa: FBT003
    return found


def _parameter(description: Description, parameter: api.Parameter) -> Parameter:
    schema = parameter.schema
    has_default = default_of(schema, description.schemas) is not NONE
    may_be_none = not parameter.required and not has_default
    model = _model(description, schema)
    kind = model or _TYPES.get(value_type(schema, description.schemas), "str")
    return Parameter(parameter.python_name, kind, model is not None, may_be_none)


def _model(description: Description, schema: JsonSchema) -> str | None:
    """The model of a parameter that has one: a named enum."""
    if [*schema] == ["$ref"] and "enum" in description.resolve(schema):
        return description.class_names[name_of(schema["$ref"])]
    return None
