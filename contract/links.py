"""Addresses of operations, from the spec."""

import re
from typing import Any

from contract.parameters.serialization import in_path, in_query
from openapi.description import Description, Parameter


class Links:
    """Makes relative addresses of an API's operations."""

    def __init__(self, description: Description) -> None:
        self._operations: dict[str, tuple[str, dict[str, str], dict[str, Parameter]]] = {}
        for operation in description.operations:
            found = {
                each.python_name: each
                for each in operation.parameters
                if each.location in ("path", "query")
            }
            names = {each.name: key for key, each in found.items() if each.location == "path"}
            self._operations[operation.id] = operation.path, names, found

    def __call__(self, operation_id: str, **parameters: Any) -> str:  # noqa: ANN401
        """The path of an operation with its parameters filled in; what is left is its query.

        Parameters go by their Python names, and are written in their styles; those of the query
        that are None are left out.

        Raises:
            KeyError: There is no such operation, its address has no such parameter, or one of the
                path is missing.
        """
        path, in_braces, known = self._operations[operation_id]
        filled = re.sub(
            r"\{([^{}]*)\}",
            lambda found: in_path(known[in_braces[found[1]]], parameters[in_braces[found[1]]]),
            path,
        )
        query = [
            text
            for python_name, value in parameters.items()
            if known[python_name].location == "query" and value is not None
            for text in in_query(known[python_name], value)
        ]
        return f"{filled}?{'&'.join(query)}" if query else filled
