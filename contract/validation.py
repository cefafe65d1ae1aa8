"""The validators that connexion's request validation calls, compiled once."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.types import Receive, Scope

from contract.arguments import ARGUMENTS, BODY, ISSUES
from contract.completion import Completion
from contract.errors import InvalidRequest, ValidationIssue, count_of
from contract.schema import Schema
from openapi.description import Description, Operation
from openapi.pointers import from_fragment, parts_of
from openapi.views import View


class _Compiled:
    """The schemas of one operation."""

    def __init__(self, operation: Operation, description: Description) -> None:
        schemas = description.schemas
        self._parameters = [
            (
                each.name,
                each.python_name,
                Schema(each.schema, schemas, View.REQUEST),
                Completion(each.schema, schemas),
            )
            for each in operation.parameters
        ]
        self.has_body = operation.body is not None

    def parameter_issues(self, arguments: dict[str, Any]) -> Iterator[ValidationIssue]:
        """What is wrong with the parameters; those that fit get their defaults."""
        for name, python_name, schema, complete in self._parameters:
            value = arguments[python_name]
            if value is None:
                continue
            found = schema.issues(value)
            if found:
                yield from (_named(each, name, value) for each in found)
            elif complete.any:
                arguments[python_name] = complete(value)


def validator_map(description: Description) -> Mapping[str, Any]:
    """What to hand to connexion as `validator_map`.

    connexion makes an instance of these classes for every request; they hold nothing but a
    reference to the schemas compiled here.
    """
    compiled = {each.id: _Compiled(each, description) for each in description.operations}

    def schemas(scope: Scope) -> _Compiled:
        return compiled[scope["extensions"]["connexion_routing"]["operation_id"]]

    class Parameters:
        """Checks path and query parameters; where a body follows, it has the last word."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def validate(self, scope: Scope) -> None:
            operation, issues = schemas(scope), scope["extensions"][ISSUES]
            issues += operation.parameter_issues(scope["extensions"][ARGUMENTS])
            if not operation.has_body:
                _refuse(issues)

    class Body:
        """Checks the body, and refuses for whatever is wrong with the whole request."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
            extensions = scope["extensions"]
            issues, content = extensions[ISSUES], extensions.get(BODY)
            if content is not None:
                arguments = extensions[ARGUMENTS]
                arguments["body"] = content.finish(arguments["body"], issues)
            _refuse(issues)
            return receive, scope

    return {"parameter": Parameters, "body": {"application/json": Body}}


def _refuse(issues: list[ValidationIssue]) -> None:
    if issues:
        raise InvalidRequest(count_of(issues), issues)


def _named(issue: ValidationIssue, name: str, value: Any) -> ValidationIssue:  # noqa: ANN401
    """The issue of a parameter's value; what is wrong within an array or object says where."""
    place = []
    for key in parts_of(from_fragment((issue.pointer or "#").removeprefix("#"))):
        is_array = isinstance(value, list)
        place.append(f"element {key}" if is_array else f"property {key}")
        value = (value[int(key)] if is_array else value.get(key)) if value else None
    detail = f"{', '.join(place)}: {issue.detail}" if place else issue.detail
    return ValidationIssue(detail, parameter=name)
