"""The validators that connexion's request validation calls, compiled once."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope

from contract.arguments import ARGUMENTS
from contract.document import Document, Operation, operations
from contract.errors import Fault, InvalidRequest, count_of
from contract.schema import Schema


class _Compiled:
    """The schemas of one operation."""

    def __init__(self, operation: Operation, document: Document) -> None:
        body = operation.body_schema
        self.body = Schema(document, body) if body else None
        self.parameters = {
            each["name"]: (Schema(document, each["schema"]), each.get("required", False))
            for each in operation.parameters
        }


def validator_map(document: Document) -> Mapping[str, Any]:
    """What to hand to connexion as `validator_map`.

    connexion makes an instance of these classes for every request; they hold nothing but a
    reference to the schemas compiled here.
    """
    compiled = {each.id: _Compiled(each, document) for each in operations(document)}

    def schemas(scope: Scope) -> _Compiled:
        return compiled[scope["extensions"]["connexion_routing"]["operation_id"]]

    class Parameters:
        """Checks path and query parameters."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def validate(self, scope: Scope) -> None:
            arguments = scope["extensions"][ARGUMENTS]
            faults: list[Fault] = []
            for name, (schema, required) in schemas(scope).parameters.items():
                value = arguments[name]
                if value is None and required:
                    faults.append(Fault("is needed", parameter=name))
                elif value is not None:
                    faults += [Fault(each.detail, parameter=name) for each in schema.faults(value)]
            _refuse("The request", faults)

    class Body:
        """Checks the JSON body."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
            schema = schemas(scope).body
            if schema is not None:
                _refuse("The body", schema.faults(scope["extensions"][ARGUMENTS]["body"]))
            return receive, scope

    return {"parameter": Parameters, "body": {"application/json": Body}}


def _refuse(what: str, faults: list[Fault]) -> None:
    if faults:
        raise InvalidRequest(count_of(what, faults), faults)
