"""A service of a random description, in this process: its handler takes note and answers."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.errors import FAILED, Problem
from tests.openapi.random.client import Request
from tests.openapi.random.values import Json

Message = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Service:
    """Serves a document. `given` is what the handler was called with last, None if it was not.

    `error` is what it, or what is around it, raised.
    """

    def __init__(self, document: Json) -> None:
        with tempfile.TemporaryDirectory() as folder:
            spec = Path(folder) / "spec.json"
            spec.write_text(json.dumps(document))
            self.description = load_api(spec)
        self.given: Json | None = None
        self.error: Exception | None = None
        self.answer: Callable[[], object] = Response
        handlers = {each.id: self._handle for each in self.description.operations}
        bound = bind(self.description, handlers)
        self._api = Api(bound, self.description, "test", self._failed, lambda *_: None)

    def _failed(self, error: Exception) -> Problem:
        """Any error that is no answer: none is expected."""
        self.error = error
        return Problem(FAILED)

    async def _handle(self, **arguments: object) -> object:
        self.given = {name: recorded(each) for name, each in arguments.items()}
        return self.answer()

    def ask(self, request: Request, cut: int = 0) -> Reply:
        """Send a request, its body in two pieces where `cut` is within it."""
        self.given = self.error = None
        return asyncio.run(ask(self._api, request, cut))


def recorded(value: Any) -> Any:  # noqa: ANN401 - whatever a handler is given
    """A value as it was when the handler had it: files are read, for they are gone afterwards."""
    if hasattr(value, "read"):
        return {"content": value.read(), "name": value.filename, "type": value.content_type}
    if isinstance(value, list):
        return [recorded(each) for each in value]
    if isinstance(value, dict):
        return {name: recorded(each) for name, each in value.items()}
    return value


async def ask(api: Callable[..., Awaitable[None]], request: Request, cut: int = 0) -> Reply:
    """Call an ASGI application as gunicorn does."""
    headers = [(b"host", b"127.0.0.1")]
    headers += [(name.lower().encode(), value.encode()) for name, value in request.headers]
    if request.body:
        headers.append((b"content-length", str(len(request.body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 5000),
    }
    pieces = [request.body[:cut], request.body[cut:]] if cut else [request.body]
    incoming: list[Message] = [
        {"type": "http.request", "body": each, "more_body": number + 1 < len(pieces)}
        for number, each in enumerate(pieces)
    ]
    outgoing: list[Message] = []

    async def receive() -> Message:
        if incoming:
            return incoming.pop(0)
        await asyncio.sleep(3600)  # as a client does that waits for its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        outgoing.append(message)

    await api(scope, receive, send)
    start = outgoing[0]
    return Reply(
        start["status"],
        {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(each.get("body", b"") for each in outgoing[1:]),
    )
