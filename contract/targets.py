"""What a request is for, by RFC 9112: its target in one form, and its one host."""

import re

from starlette.types import Scope

_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


def in_origin_form(scope: Scope) -> Scope:
    """The request with the path alone as its target, where it had the whole URL (3.2.2)."""
    origin = None if scope["path"].startswith("/") else _ORIGIN.match(scope["path"])
    if origin is None:
        return scope
    raw_path = scope["raw_path"][scope["raw_path"].find(b"://") + 3 :]
    raw_path = raw_path[raw_path.find(b"/") :] if b"/" in raw_path else b"/"
    return {**scope, "path": scope["path"][origin.end() :] or "/", "raw_path": raw_path}


def has_one_host(scope: Scope) -> bool:
    """Whether there is one `Host`, without which HTTP/1.1 knows no request (3.2)."""
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    return hosts == 1 or (not hosts and str(scope["http_version"]) == "1.0")
