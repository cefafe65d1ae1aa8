"""Which methods each public path has: what the gateway answers to OPTIONS, and to any other."""

import re

from contract.paths import by_precedence
from generate.sources import Sources

PATH = "kong/methods.txt"


def methods(sources: Sources) -> dict[str, str]:
    """A line for each path: its methods, and the path with `{}` for each parameter.

    Internal operations are left out, and so are paths that have no others. Where several paths
    match, the first is meant.
    """
    allowed: dict[str, set[str]] = {}
    for description in sources.apis.values():
        for operation in description.operations:
            if not operation.internal:
                path = re.sub(r"\{[^{}]*\}", "{}", operation.path.rstrip("/") or "/")
                found = allowed.setdefault(path, {"OPTIONS"})
                found |= {"GET", "HEAD"} if operation.method == "GET" else {operation.method}
    ordered = sorted(allowed, key=by_precedence)
    return {PATH: "".join(f"{', '.join(sorted(allowed[path]))} | {path}\n" for path in ordered)}
