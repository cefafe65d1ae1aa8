"""The errors of the gateway's own, as problems.txt lists them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway import KONG
from gateway.errors import ConfigurationError

_FILE = KONG / "problems.txt"


@dataclass(frozen=True)
class Problem:
    """An error of the gateway's own: problem+json's type, title, status and detail."""

    status: int
    kind: str
    title: str
    detail: str

    def body(self) -> str:
        """The JSON text, exactly as Kong sends it."""
        document = {
            "type": f"urn:aware:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return json.dumps(document, separators=(",", ":"))


def problems(file: Path = _FILE) -> Iterator[Problem]:
    """Every problem of `file`: a line of `status | type | title | detail` each.

    Raises ConfigurationError, naming the line, for another one, or where JSON would need escapes.
    """
    for number, line in enumerate(file.read_text().splitlines(), 1):
        status, *words = line.split(" | ")
        if not status.isdecimal() or len(words) != 3 or set(line) & set("'\"\\"):  # noqa: PLR2004
            raise ConfigurationError(
                f"{file.name}:{number} must be status | type | title | detail, without quotes"
            )
        yield Problem(int(status), *words)
