"""The path below which an API is served, from the URLs of its servers."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from openapi.bundle import Document
from openapi.errors import Violation
from openapi.grammar import METHODS
from openapi.pointers import pointer_of


def base_path(document: Document) -> str:
    """The path of the servers without a slash at its end; empty where they have none."""
    servers = document.get("servers") or [{"url": "/"}]
    return _path(servers[0])


def server_violations(document: Document) -> Iterator[Violation]:
    """Servers whose path is another than that of the first, and URLs that are none."""
    first: str | None = None
    for pointer, server in _servers(document):
        try:
            path = _path(server)
        except (KeyError, ValueError) as error:
            yield f"{pointer}/url", f"{server['url']} is no URL: {error}"
            continue
        first = base_path(document) if first is None else first
        if path != first:
            paths = f"the path {path or '/'}, and the first {first or '/'}"
            yield f"{pointer}/url", f"this server has {paths}: make them one, or remove this one"


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
