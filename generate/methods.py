"""Which methods each public path has: what the gateway answers to OPTIONS, and to any other."""

import re

from contract.paths import by_precedence
from generate.sources import Sources

PATH = "kong/methods.txt"

_HEAD = "# Generated from specs/: the methods of each public path. `make generate` writes it.\n"


def methods(sources: Sources) -> dict[str, str]:
    """A line for each path: its methods, and a pattern that it matches with and without a last /.

    Internal operations are left out, and so are paths that have no others. Where several patterns
    match, the first is meant.
    """
    allowed: dict[str, set[str]] = {}
    for description in sources.apis.values():
        for operation in description.operations:
            if not operation.internal:
                path = operation.path.rstrip("/") or "/"
                found = allowed.setdefault(path, {"OPTIONS"})
                found |= {"GET", "HEAD"} if operation.method == "GET" else {operation.method}
    lines = (
        f"{', '.join(sorted(allowed[path]))} | {_pattern(path)}\n"
        for path in sorted(allowed, key=by_precedence)
    )
    return {PATH: _HEAD + "".join(lines)}


def _pattern(path: str) -> str:
    parts = re.split(r"\{[^{}]*\}", path.rstrip("/"))
    return f"^{'[^/]+'.join(re.escape(part) for part in parts)}/?$"
