"""The path below which an operation is served, from the URLs of its servers.

An operation's own servers stand in for its path's, and those for the document's. Of several, which
are alternatives, the first says the path.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from openapi.bundle import Document
from openapi.errors import Violation
from openapi.grammar import METHODS
from openapi.pointers import pointer_of

Node = Mapping[str, Any]


def base_path(*owners: Node) -> str:
    """The path of the servers without a slash at its end; empty where they have none.

    Args:
        owners: What may have servers, the innermost first: operation, path item, document.
    """
    servers = next((each["servers"] for each in owners if each.get("servers")), [{"url": "/"}])
    return _path(servers[0])


def server_violations(document: Document) -> Iterator[Violation]:
    """Servers whose URLs are none."""
    for pointer, server in _servers(document):
        try:
            _path(server)
        except (KeyError, ValueError) as error:
            yield f"{pointer}/url", f"{server['url']} is no URL: {error}"


def other_paths(document: Document) -> Iterator[tuple[str, str]]:
    """Servers with another path than the first of theirs has: where they are, and what holds."""
    first = ""
    for pointer, server in _servers(document):
        path = _path(server)
        if pointer.endswith("/servers/0"):
            first = path
        elif path != first:
            said = f"a server has the path {path or '/'}, and the first {first or '/'}"
            yield f"{pointer}/url", f"{said}: only that is served"


def _servers(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    owners = [("", document)]
    for path, item in document.get("paths", {}).items():
        if isinstance(item, dict) and not path.startswith("x-"):
            here = pointer_of("paths", path)
            owners.append((here, item))
            owners += [(here + pointer_of(each), item[each]) for each in METHODS if each in item]
    for pointer, owner in owners:
        for number, server in enumerate(owner.get("servers", [])):
            yield f"{pointer}/servers/{number}", server


def _path(server: dict[str, Any]) -> str:
    """The path of a server's URL, its variables with their defaults."""
    variables = server.get("variables", {})

    def default(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise ValueError(f"its variable {match[1]} is not among `variables`: declare it")
        value = str(variables[match[1]]["default"])
        if value not in variables[match[1]].get("enum", [value]):
            raise ValueError(f"the default of its variable {match[1]} is not in its `enum`: add it")
        return value

    url = re.sub(r"\{([^{}]*)\}", default, server["url"])
    return urlsplit(urljoin("http://server/", url)).path.rstrip("/")
