"""What the handler of an operation is called with, as Python says it."""

from dataclasses import dataclass
from typing import Any

from contract.document import Document, Operation, resolve

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


def parameters(document: Document, operation: Operation) -> list[Parameter]:
    """Path and query parameters in the order of the spec, then `body`, where there is one."""
    found = [_parameter(document, each) for each in operation.parameters]
    if operation.body_schema is not None:
        found.append(Parameter("body", _name(operation.body_schema), is_model=True))
    return found


def _parameter(document: Document, parameter: dict[str, Any]) -> Parameter:
    schema = resolve(document, parameter["schema"])
    may_be_none = not parameter.get("required", False) and "default" not in schema
    if "enum" in schema and "$ref" in parameter["schema"]:
        return Parameter(parameter["name"], _name(parameter["schema"]), True, may_be_none)  # noqa: FBT003
    return Parameter(parameter["name"], _TYPES[schema["type"]], may_be_none=may_be_none)


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
