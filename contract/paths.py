"""The paths of a spec, and paths that no spec has."""

import re

from contract.document import Document, operations

# Empty segments, and slashes and control characters encoded: in no path of a spec, and read
# otherwise by other parts, so that `/orders/o1%2Fstatus` would be what the gateway never took it
# for, and `/orders//` a redirect to wherever the header Host says.
_ODD = re.compile(rb"//|%(2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)


def is_odd(path: bytes) -> bool:
    """Whether a path, as sent, is one that parts of a system read differently."""
    return _ODD.search(path) is not None


class Paths:
    """The paths of a spec: the trailing slash made insignificant, the methods of each."""

    def __init__(self, document: Document) -> None:
        self._methods: dict[tuple[str, ...], list[str]] = {}
        self._slash: dict[tuple[str, ...], bool] = {}
        for operation in operations(document):
            parts = tuple("*" if part.startswith("{") else part for part in _parts(operation.path))
            self._methods.setdefault(parts, []).append(operation.method)
            self._slash[parts] = operation.path.endswith("/")

    def settle(self, path: str) -> str:
        """`path` with or without its trailing slash, as the spec writes it."""
        known = self._match(path)
        if known is None or path.endswith("/") == self._slash[known]:
            return path
        return f"{path}/" if self._slash[known] else path[:-1]

    def methods(self, path: str) -> list[str]:
        """The methods of `path` in the spec, sorted; empty where it has none."""
        known = self._match(path)
        return sorted(self._methods[known]) if known is not None else []

    def _match(self, path: str) -> tuple[str, ...] | None:
        parts = _parts(path)
        if parts in self._methods:
            return parts
        for known in self._methods:
            if len(known) == len(parts) and all(
                a == b or (a == "*" and b) for a, b in zip(known, parts, strict=True)
            ):
                return known
        return None


def _parts(path: str) -> tuple[str, ...]:
    trimmed = path[1:-1] if len(path) > 1 and path.endswith("/") else path[1:]
    return tuple(trimmed.split("/"))
