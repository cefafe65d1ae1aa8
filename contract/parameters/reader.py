"""All parameters of one operation."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from starlette.types import Scope

from contract.errors import ValidationIssue
from contract.parameters.cookies import Cookies
from contract.parameters.decoder import Decoder
from contract.parameters.headers import Headers
from contract.parameters.path import Path
from contract.parameters.query import Query
from openapi.description import IDEMPOTENCY_KEY, Description, Operation, Parameter
from openapi.security import ApiKey

_Location = Callable[[Scope, dict[str, Any], list[ValidationIssue]], None]

_MISSING = object()


def _is_precondition(parameter: Parameter) -> bool:
    """Whether a request without it is answered otherwise than one without another parameter."""
    return parameter.is_condition and parameter.name.lower() != IDEMPOTENCY_KEY


def _left_out(decoder: Decoder) -> object:
    """What stands for a parameter that is not there."""
    is_needed = decoder.parameter.required and not _is_precondition(decoder.parameter)
    return _MISSING if is_needed else decoder.default


class ParameterReader:
    """Reads the parameters of an operation. Thread-safe."""

    def __init__(self, operation: Operation, description: Description) -> None:
        """Compile it."""
        decoders = [Decoder(each, description) for each in operation.parameters]
        at: dict[str, list[Decoder]] = {}
        for each in decoders:
            at.setdefault(each.parameter.location, []).append(each)
        schemes = description.security_schemes
        asked = [schemes[name] for each in operation.security for name in each]
        keys = {
            each.name for each in asked if isinstance(each, ApiKey) and each.location == "query"
        }
        self._locations: list[_Location] = [Query(at.get("query", ()), keys)]
        if "path" in at:
            self._locations.append(Path(operation.path, at["path"]))
        if "header" in at:
            self._locations.append(Headers(at["header"]))
        if "cookie" in at:
            self._locations.append(Cookies(at["cookie"]))
        self._left_out = {
            each.parameter.python_name: _left_out(each)
            for each in decoders
            if each.parameter.location != "path"
        }
        self._structures = {
            each.parameter.python_name: each.default
            for each in decoders
            if isinstance(each.default, dict | list)
        }
        self._required = [
            (each.parameter.python_name, each.parameter.name)
            for each in decoders
            if each.parameter.required
            and each.parameter.location != "path"
            and not _is_precondition(each.parameter)
        ]

    def __call__(self, scope: Scope, issues: list[ValidationIssue]) -> dict[str, Any]:
        """The values by their Python names; None for what is not there and has no default.

        Args:
            scope: The request, routed.
            issues: What is known to be wrong; what cannot be read is added.

        Raises:
            InvalidRequest: The query is none.
        """
        arguments = {**self._left_out}
        for location in self._locations:
            location(scope, arguments, issues)
        for python_name, name in self._required:
            if arguments[python_name] is _MISSING:
                arguments[python_name] = None
                issues.append(ValidationIssue("is needed", parameter=name))
        for name, default in self._structures.items():
            if arguments[name] is default:
                arguments[name] = deepcopy(default)
        return arguments
