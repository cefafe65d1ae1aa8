"""The methods of each public path, as methods.txt lists them: `make generate` writes it."""

import re
from collections.abc import Iterator

from gateway import KONG

_FILE = KONG / "methods.txt"


def allowed_methods() -> Iterator[tuple[str, str]]:
    """What `Allow` says of each path, and a regular expression of the path (PCRE)."""
    for line in _FILE.read_text("utf-8").splitlines():
        allowed, _, path = line.partition(" | ")
        parts = (re.escape(part) for part in path.split("{}"))
        yield allowed, f"^{'[^/]+'.join(parts)}/?$"
