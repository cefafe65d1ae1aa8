"""Addresses of operations, from the spec."""

from urllib.parse import quote, urlencode

from openapi.description import Description


class Links:
    """Makes relative addresses of an API's operations."""

    def __init__(self, description: Description) -> None:
        self._operations = {
            each.id: (each.path, {one.python_name: one for one in each.parameters})
            for each in description.operations
        }

    def __call__(self, operation_id: str, **parameters: object) -> str:
        """The path of an operation with its parameters filled in; what is left is its query.

        Parameters go by their Python names; those that are None are left out.

        Raises:
            KeyError: There is no such operation, or it has no such parameter.
        """
        path, known = self._operations[operation_id]
        query = {}
        for python_name, value in parameters.items():
            parameter = known[python_name]
            if parameter.location == "path":
                path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
            elif value is not None:
                query[parameter.name] = value
        return f"{path}?{urlencode(query)}" if query else path
