"""Public OpenAPI files, tried: `python -m tests.openapi.corpus FOLDER` says what becomes of them.

A spec is any YAML or JSON file in the folder, or below it, that says `openapi: 3…` at its top. What
is bound is also asked: one request to each operation, which must come to that very operation.
"""

import asyncio
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import Response

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from openapi.description import Description, Operation
from openapi.errors import InvalidDocumentError
from tests.openapi.random.client import Request, Sent, request
from tests.openapi.random.service import ask
from tests.openapi.samples import resolved, sample

_TOP = re.compile(rb"(?:^|\A\s*\{)\s{0,4}[\"']?openapi[\"']?\s*:\s*[\"']?3", re.MULTILINE)
_JSON = re.compile(r"application/([\w.-]+\+)?json\b", re.IGNORECASE)


@dataclass
class Outcome:
    """What became of a spec.

    Attributes:
        lines: With which it was refused, none where it was bound.
        cpu_seconds: That it took to read and bind it.
        operations: How many of them it has, where it was bound.
        handled: How many of them were handled; the others found something wrong with a request that
            was put together without much thought.
        unreached: Those to which their request did not come, and what was answered instead.
        crash: A traceback, where there was one.
    """

    spec: Path
    lines: tuple[str, ...] = ()
    cpu_seconds: float = 0
    operations: int = 0
    handled: int = 0
    unreached: list[str] = field(default_factory=list)
    crash: str = ""

    @property
    def reason(self) -> str:
        """The first line, without what differs from spec to spec."""
        if self.crash:
            return f"CRASH {self.crash.strip().splitlines()[-1]}"[:100]
        if not self.lines:
            return "bound"
        text = re.sub(r"^.*?:\d+: ", "", self.lines[0])
        text = re.sub(r"(GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS|TRACE) \S+", "OPERATION", text)
        text = re.sub(r"parameter \S+:", "parameter NAME:", text)
        text = re.sub(r"^\S*[/#]\S+", "IT", text)
        return re.sub(r" takes .*: only", " takes TYPES: only", text)[:100]


def specs(folder: Path) -> list[Path]:
    """The specs in a folder."""
    files = (each for each in folder.rglob("*") if each.suffix in (".yaml", ".yml", ".json"))
    return sorted(each for each in files if each.is_file() and _TOP.search(each.read_bytes()))


def tried(folder: Path) -> Iterator[Outcome]:
    """Read and bind every spec of a folder, and ask each operation of those that are bound."""
    for spec in specs(folder):
        outcome, began = Outcome(spec), time.process_time()
        try:
            description = load_api(spec)
            service = _Service(description)
            outcome.cpu_seconds = time.process_time() - began
            asyncio.run(service.ask_all(outcome))
        except InvalidDocumentError as error:
            outcome.lines = tuple(str(error).splitlines())
        except Exception:  # noqa: BLE001 - whatever it is, the others are tried all the same
            outcome.crash = traceback.format_exc()
        yield outcome


class _Service:
    """A service of somebody's spec, whose handlers do nothing."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._seen: list[str | None] = []
        self._handled = False
        handlers = {each.id: self._handle for each in description.operations}
        self._api = Api(
            bind(description, handlers),
            description,
            "test",
            lambda _: None,
            lambda operation, *_: self._seen.append(operation),
        )

    async def _handle(self, **_: object) -> Response:
        self._handled = True
        return Response()

    async def ask_all(self, outcome: Outcome) -> None:
        """One request to each operation."""
        for each in self._description.operations:
            self._seen.clear()
            self._handled = False
            reply = await ask(self._api, _request(self._description, each))
            outcome.operations += 1
            outcome.handled += self._handled
            if self._seen != [each.id] or (not self._handled and reply.status not in _REFUSED):
                met = self._seen[0] if self._seen else None
                outcome.unreached.append(f"{each}: {reply.status} of {met}")


_REFUSED = (400, 406, 415)
"""How an operation answers what its description does not allow."""


def _request(description: Description, operation: Operation) -> Request:
    """What a client might send: whatever the operation asks for, and nothing else."""
    document = description.document
    item = document["paths"][operation.template]
    node = item[operation.method.lower()]
    parameters = {
        (each["in"], each["name"]): each
        for owner in (item, node)
        for each in (_object(parameter, document) for parameter in owner.get("parameters", ()))
        if (each.get("required") and each["in"] != "header") or each["in"] == "path"
    }
    values = {key: _value(each, document) for key, each in parameters.items()}
    body = _object(node.get("requestBody", {}), document)
    media_type, media, content = None, None, None
    for name, each in body.get("content", {}).items():
        if _JSON.match(name) and body.get("required"):
            media_type, media = name, each
            content = sample(each.get("schema"), document)
            break
    sent = Sent(values, media_type, content)
    return request(operation.path, operation.method, [*parameters.values()], media, sent)


def _value(node: dict[str, Any], document: dict[str, Any]) -> Any:  # noqa: ANN401 - any value
    media = next(iter(node.get("content", {}).values()), node)
    value = sample(media.get("schema"), document)
    return "zz9" if value in (None, "", [], {}) else value


def _object(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = resolved(node, document)
    return node


def main() -> None:
    """Print how many are bound, how many refused, why, what is not reached, and the slowest."""
    outcomes, write = [*tried(Path(sys.argv[1]))], sys.stdout.write
    for reason, count in Counter(each.reason for each in outcomes).most_common():
        write(f"{count:5} {reason}\n")
    for each in outcomes:
        for line in (*each.lines, *each.unreached, *filter(None, [each.crash])):
            write(f"      {each.spec}: {line}\n")
    slowest = max(outcomes, key=lambda each: each.cpu_seconds)
    asked = sum(each.operations for each in outcomes)
    reached = asked - sum(len(each.unreached) for each in outcomes)
    handled = sum(each.handled for each in outcomes)
    bound = sum(each.reason == "bound" for each in outcomes)
    write(f"{len(outcomes):5} specs, {bound} bound\n")
    write(f"{asked:5} operations asked, {reached} reached, {handled} handled\n")
    write(f"{slowest.cpu_seconds:5.1f} s for the slowest: {slowest.spec}\n")


if __name__ == "__main__":
    main()
