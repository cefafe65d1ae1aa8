"""The validators that connexion's request validation calls, compiled once."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.types import Receive, Scope

from contract.arguments import ARGUMENTS, FAULTS
from contract.completion import Completion
from contract.errors import Fault, InvalidRequest, count_of
from contract.schema import Schema
from openapi.description import Description, Operation
from openapi.views import View


class _Compiled:
    """The schemas of one operation."""

    def __init__(self, operation: Operation, description: Description) -> None:
        schemas = description.schemas
        self._parameters = [
            (each, Schema(each.schema, schemas, View.REQUEST)) for each in operation.parameters
        ]
        self.has_body = operation.body is not None
        self._needs_body = operation.body is not None and operation.body.required
        for each in operation.body.content.values() if operation.body else ():
            self._body = Schema(each.schema, schemas, View.REQUEST)
            self._complete = Completion(each.schema, schemas)

    def parameter_faults(self, arguments: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong with path and query."""
        for parameter, schema in self._parameters:
            value = arguments[parameter.python_name]
            if value is not None:
                faults = schema.faults(value)
                yield from (Fault(each.detail, parameter=parameter.name) for each in faults)
            elif parameter.required:
                yield Fault("is needed", parameter=parameter.name)

    def body_faults(self, arguments: dict[str, Any]) -> list[Fault]:
        """What is wrong with the body; one that fits gets its defaults."""
        body = arguments["body"]
        if body is None and not self._needs_body:
            return []
        faults = self._body.faults(body)
        if not faults:
            arguments["body"] = self._complete(body)
        return faults


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
            operation, faults = schemas(scope), scope["extensions"][FAULTS]
            faults += operation.parameter_faults(scope["extensions"][ARGUMENTS])
            if not operation.has_body:
                _refuse(faults)

    class Body:
        """Checks the JSON body, and refuses for whatever is wrong with the whole request."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
            faults, operation = scope["extensions"][FAULTS], schemas(scope)
            if operation.has_body:
                faults += operation.body_faults(scope["extensions"][ARGUMENTS])
            _refuse(faults)
            return receive, scope

    return {"parameter": Parameters, "body": {"application/json": Body}}


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidRequest(count_of(faults), faults)
