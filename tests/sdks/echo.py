"""The packages of the specs that use all of OpenAPI, called in each language."""

import asyncio
import importlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from generate.node import node_command, run_tool
from generate.sdks import Sdk, described, python_sources, typescript_sources
from generate.typescript_client import camel_case
from sdks.python.runtime.bodies import File
from tests.openapi.served.conftest import GOOD, serve

ROOT = Path(__file__).parents[2]
SPECS = {
    **{version: GOOD / version / "api.yaml" for version in ("v30", "v31")},
    "hostile": ROOT / "tests" / "generate" / "hostile.yaml",
    "things": Path(__file__).with_name("things.yaml"),
}
LANGUAGES = ("python", "async", "typescript")
VERSIONS = ("v30", "v31")

LAST = object()
"""Among arguments: what the call before gave."""

Ask = Callable[..., Any]
"""Calls an operation by its name in Python, with its arguments; gives what was answered.

What a client raises is a `Raised`.
"""


class Raised(Exception):  # noqa: N818 - it carries one
    """An error of a client: its class, and what it says."""

    def __init__(self, kind: str, message: str, said: Mapping[str, Any]) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.said = kind, said


def as_json(value: Any) -> Any:  # noqa: ANN401 - what is given to a method
    """An argument as JSON, for drive.mjs and capture.mjs."""
    if value is LAST:
        return {"$last": True}
    if isinstance(value, File):
        assert isinstance(value.content, bytes)
        content = b64encode(value.content).decode()
        return {
            "$file": content,
            "name": value.name,
            "type": value.content_type,
            "headers": dict(value.headers),
        }
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where the specs are served, below their base path."""
    services = {each: serve(GOOD / each / "api.yaml", tmp_path_factory.mktemp(each))
                for each in VERSIONS}  # fmt: skip
    clients = {each: next(service) for each, service in services.items()}
    yield {name: str(each.base_url).removesuffix("/api/") for name, each in clients.items()}
    for service in services.values():
        for _ in service:
            pass


@pytest.fixture(scope="session")
def echoes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of `SPECS`: `v30` for Python, `v30-js` for TypeScript."""
    folder = tmp_path_factory.mktemp("echoes")
    for name, spec in SPECS.items():
        description = described(spec, folder)
        made = Sdk(name, "1.0.0", 'An "API"', {"": description})
        python_sources(ROOT, made, folder)
        sources = folder / f"{name}-js"
        typescript_sources(ROOT, made, sources)
        done = run_tool(node_command(ROOT, "tsc", "--project", str(sources)), ROOT)
        assert done.returncode == 0, done.stdout
    sys.path.insert(0, str(folder))
    return folder


@contextmanager
def asking(language: str, folder: Path, name: str, url: str, **options: Any) -> Iterator[Ask]:  # noqa: ANN401
    """How operations of a package are called in a language; `options` are the client's."""
    options = {"retries": 0, **options}
    if language == "typescript":
        with _typescript(folder / f"{name}-js", url, options) as typescript:
            yield typescript
        return
    module = importlib.import_module(name)
    last: Any = None

    async def answer(operation: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        if language == "python":
            with module.Client(url, **options) as client:
                found = getattr(client, operation)(**arguments)
                return [*found] if operation.startswith("iter_") else found
        async with module.AsyncClient(url, **options) as client:
            found = getattr(client, operation)(**arguments)
            if operation.startswith("iter_"):
                return [each async for each in found]
            return await found

    def ask(operation: str, **arguments: Any) -> Any:  # noqa: ANN401
        nonlocal last
        given = _own(arguments, module.File, last)
        try:
            last = asyncio.run(answer(operation, given))
        except module.ApiError as error:
            raise Raised(type(error).__name__, str(error), vars(error)) from error
        return last

    yield ask


def _own(value: Any, file: Any, last: Any) -> Any:  # noqa: ANN401 - what is given to a method
    """The value with the files of another package."""
    if value is LAST:
        return last
    if isinstance(value, File):
        return file(value.content, value.name, value.content_type, value.headers)
    if isinstance(value, dict):
        return {name: _own(each, file, last) for name, each in value.items()}
    return [_own(each, file, last) for each in value] if isinstance(value, list) else value


@contextmanager
def _typescript(package: Path, url: str, options: dict[str, Any]) -> Iterator[Ask]:
    node = str(Path(sys.executable).with_name("node"))
    said = {camel_case(name): each for name, each in options.items()}
    if "timeout" in said:
        said["timeout"] *= 1000
    main = str(package / "dist" / "index.js")
    command = [node, "drive.mjs", main, url, json.dumps(said)]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pipes = process.stdin, process.stdout

        def ask(name: str, **arguments: Any) -> Any:  # noqa: ANN401
            args = {camel_case(key): as_json(each) for key, each in arguments.items()}
            options = args.pop("options", {})
            call = {"name": camel_case(name), "args": args, "options": options}
            pipes[0].write(json.dumps(call) + "\n")
            pipes[0].flush()
            told = json.loads(pipes[1].readline())
            if "error" in told:
                said = told["error"]
                raise Raised(said["kind"], said["message"], said)
            value = told.get("value")
            is_bytes = isinstance(value, dict) and value.keys() == {"$bytes"}
            return b64decode(value["$bytes"]) if is_bytes else value

        yield ask
        process.stdin.close()
