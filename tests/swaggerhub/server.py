"""A registry on this machine that answers as SwaggerHub's registry API 1.0 is documented to.

It keeps what it is sent: versions, drafts and published ones, who sees them, the default.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any]
"""Status, and what is answered as JSON; a text is answered as a page."""


@dataclass
class Version:
    """One version of an API."""

    document: dict[str, Any]
    private: bool
    published: bool = False


@dataclass
class Api:
    """All versions of an API; the first is the default until another is made it."""

    versions: dict[str, Version] = field(default_factory=dict)
    default: str = ""


@dataclass
class State:
    """What the registry of one owner holds, and every request it was asked, in order."""

    owner: str
    key: str
    apis: dict[str, Api] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    disturbance: Callable[[str], Answer | None] = lambda _: None
    """Is asked about each request (`GET /apis/…`) before anything is done; answers in its place."""

    @property
    def writes(self) -> list[str]:
        """The requests that were to change something."""
        return [each for each in self.requests if not each.startswith("GET ")]

    def hold(self, name: str, document: dict[str, Any], *, published: bool) -> Version:
        """Hold a version as if it had been pushed before."""
        number = document["info"]["version"]
        api = self.apis.setdefault(name, Api(default=number))
        api.versions[number] = Version(document, private=True, published=published)
        return api.versions[number]


@contextmanager
def registry(state: State) -> Iterator[str]:
    """Serve `state`; the registry's address, which ends in /v1 as the command line wants it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: State) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda parts, _query, _body: _get(state, parts))

        def do_POST(self) -> None:
            self._answer(lambda parts, query, body: _save(state, parts, query, body))

        def do_PUT(self) -> None:
            self._answer(lambda parts, _query, body: _set(state, parts, body))

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, act: Callable[[list[str], dict[str, str], bytes], Answer]) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = f"{self.command} {url.path.removeprefix('/v1')}"
            state.requests.append(request)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            answer = state.disturbance(request) or self._refusal()
            self._write(*(answer or act(url.path.split("/")[3:], query, body)))

        def _refusal(self) -> Answer | None:
            if not self.path.startswith("/v1/apis/"):
                return HTTPStatus.NOT_FOUND, "<h1>Not Found</h1>"
            if self.headers.get("Authorization") != f"Bearer {state.key}":
                return _problem(HTTPStatus.UNAUTHORIZED, "Invalid API Key")
            return None

        def _write(self, status: int, content: Any) -> None:  # noqa: ANN401 - JSON is anything
            page = isinstance(content, str)
            body = (content if page else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if page else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _get(state: State, parts: list[str]) -> Answer:
    owner, name, *rest = parts
    api = state.apis.get(name) if owner == state.owner else None
    match rest:
        case [] if api:
            return HTTPStatus.OK, {"name": name, "apis": [*api.versions]}
        case ["settings", "default"] if api:
            return HTTPStatus.OK, {"version": api.default}
        case [number] if api and number in api.versions:
            return HTTPStatus.OK, api.versions[number].document
        case [number, "settings", "lifecycle"] if api and number in api.versions:
            return HTTPStatus.OK, {"published": api.versions[number].published}
    return _problem(HTTPStatus.NOT_FOUND, f"Unknown API {'/'.join(parts)}")


def _save(state: State, parts: list[str], query: dict[str, str], body: bytes) -> Answer:
    owner, name = parts
    if owner != state.owner:
        return _problem(HTTPStatus.NOT_FOUND, f"Object doesn't exist: {owner}")
    document = json.loads(body)
    number = query.get("version", document["info"]["version"])
    api = state.apis.setdefault(name, Api(default=number))
    old = api.versions.get(number)
    if old is not None and old.published:
        return _problem(HTTPStatus.CONFLICT, "Cannot overwrite a published API version")
    private = query.get("isPrivate", "false") == "true" if old is None else old.private
    api.versions[number] = Version(document, private)
    return (HTTPStatus.OK if old else HTTPStatus.CREATED), {}


def _set(state: State, parts: list[str], body: bytes) -> Answer:
    owner, name, *rest = parts
    api, value = state.apis.get(name) if owner == state.owner else None, json.loads(body)
    match rest:
        case ["settings", "default"] if api and value["version"] in api.versions:
            api.default = value["version"]
            return HTTPStatus.OK, {}
        case [number, "settings", "lifecycle"] if api and number in api.versions:
            api.versions[number].published = value["published"]
            return HTTPStatus.OK, {}
    return _problem(HTTPStatus.NOT_FOUND, f"Unknown API {'/'.join(parts)}")


def _problem(status: int, message: str) -> Answer:
    return status, {"code": int(status), "message": message}
