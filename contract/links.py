"""Addresses of operations, from the spec."""

from urllib.parse import quote, urlencode

from contract.document import Document, operations


class Links:
    """Makes relative addresses of a document's operations."""

    def __init__(self, document: Document) -> None:
        self._paths = {each.id: each.path for each in operations(document)}

    def __call__(self, operation_id: str, **parameters: object) -> str:
        """The path of an operation with its parameters filled in; what is left is its query.

        Parameters that are None are left out.

        Raises:
            KeyError: There is no such operation.
        """
        path, query = self._paths[operation_id], {}
        for name, value in parameters.items():
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
            elif value is not None:
                query[name] = value
        return f"{path}?{urlencode(query)}" if query else path
