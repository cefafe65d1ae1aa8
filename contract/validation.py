"""The validators that connexion's request validation calls, compiled once."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.types import Receive, Scope

from contract.arguments import ARGUMENTS, FAULTS
from contract.document import Document, Operation, operations
from contract.errors import Fault, InvalidRequest, count_of
from contract.schema import Schema


class _Compiled:
    """The schemas of one operation."""

    def __init__(self, operation: Operation, document: Document) -> None:
        body = operation.body_schema
        self.body = Schema(document, body) if body else None
        self._parameters = {
            each["name"]: (Schema(document, each["schema"]), each.get("required", False))
            for each in operation.parameters
        }

    def parameter_faults(self, arguments: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong with path and query."""
        for name, (schema, required) in self._parameters.items():
            value = arguments[name]
            if value is not None:
                yield from (Fault(each.detail, parameter=name) for each in schema.faults(value))
            elif required:
                yield Fault("is needed", parameter=name)


def validator_map(document: Document) -> Mapping[str, Any]:
    """What to hand to connexion as `validator_map`.

    connexion makes an instance of these classes for every request; they hold nothing but a
    reference to the schemas compiled here.
    """
    compiled = {each.id: _Compiled(each, document) for each in operations(document)}

    def schemas(scope: Scope) -> _Compiled:
        return compiled[scope["extensions"]["connexion_routing"]["operation_id"]]

    class Parameters:
        """Checks path and query parameters; where a body follows, it has the last word."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def validate(self, scope: Scope) -> None:
            operation, faults = schemas(scope), scope["extensions"][FAULTS]
            faults += operation.parameter_faults(scope["extensions"][ARGUMENTS])
            if operation.body is None:
                _refuse(faults)

    class Body:
        """Checks the JSON body, and refuses for whatever is wrong with the whole request."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
            faults, schema = scope["extensions"][FAULTS], schemas(scope).body
            if schema is not None:
                faults += schema.faults(scope["extensions"][ARGUMENTS]["body"])
            _refuse(faults)
            return receive, scope

    return {"parameter": Parameters, "body": {"application/json": Body}}


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidRequest(count_of(faults), faults)
