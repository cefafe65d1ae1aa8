"""Public OpenAPI files, tried: `python -m tests.openapi.corpus FOLDER` says what becomes of them.

A spec is any YAML or JSON file in the folder, or below it, that says `openapi: 3…` at its top.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from contract.bindable import load_api
from contract.binding import bind
from openapi.errors import InvalidDocumentError

_TOP = re.compile(rb"^\s{0,4}[\"']?openapi[\"']?\s*:\s*[\"']?3", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What became of a spec: the lines with which it was refused, none where it was bound."""

    spec: Path
    lines: tuple[str, ...]
    cpu_seconds: float

    @property
    def reason(self) -> str:
        """The first line, without what differs from spec to spec."""
        if not self.lines:
            return "bound"
        text = re.sub(r"^.*?:\d+: ", "", self.lines[0])
        text = re.sub(r"(GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS|TRACE) \S+", "OPERATION", text)
        text = re.sub(r"parameter \S+:", "parameter NAME:", text)
        return re.sub(r" takes .*: only", " takes TYPES: only", text)[:100]


def specs(folder: Path) -> list[Path]:
    """The specs in a folder."""
    files = (each for each in folder.rglob("*") if each.suffix in (".yaml", ".yml", ".json"))
    return sorted(each for each in files if each.is_file() and _TOP.search(each.read_bytes()))


def tried(folder: Path) -> Iterator[Outcome]:
    """Read and bind every spec of a folder; whatever is raised but a refusal goes through."""
    for spec in specs(folder):
        began = time.process_time()
        lines: tuple[str, ...] = ()
        try:
            description = load_api(spec)
            bind(description, {each.id: _nothing for each in description.operations})
        except InvalidDocumentError as error:
            lines = tuple(str(error).splitlines())
        yield Outcome(spec, lines, time.process_time() - began)


async def _nothing(**_: object) -> Response:
    return Response()


def main() -> None:
    """Print how many are bound, how many refused, why, and how long the slowest took."""
    outcomes = [*tried(Path(sys.argv[1]))]
    for reason, count in Counter(each.reason for each in outcomes).most_common():
        sys.stdout.write(f"{count:5} {reason}\n")
    slowest = max(outcomes, key=lambda each: each.cpu_seconds)
    sys.stdout.write(f"{len(outcomes):5} specs; {slowest.cpu_seconds:.1f} s: {slowest.spec}\n")


if __name__ == "__main__":
    main()
