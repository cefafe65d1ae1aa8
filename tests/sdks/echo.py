"""The packages of the specs that use all of OpenAPI, called in each language."""

import asyncio
import importlib
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from generate.node import node_command, run_tool
from generate.sdks import described, python_sources, sdk, typescript_sources
from generate.typescript_client import camel_case
from sdks.python.runtime.bodies import File
from tests.openapi.served.conftest import GOOD, serve

ROOT = Path(__file__).parents[2]
LANGUAGES = ("python", "async", "typescript")
VERSIONS = ("v30", "v31")

Ask = Callable[..., Any]
"""Calls an operation by its name in Python, with its arguments; gives what was answered."""


def as_json(value: Any) -> Any:  # noqa: ANN401 - what is given to a method
    """An argument as JSON, for drive.mjs and capture.mjs."""
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
    """A folder with their packages: `echo_v30` for Python, `echo-v30` for TypeScript."""
    folder = tmp_path_factory.mktemp("echoes")
    for version in VERSIONS:
        made = sdk(f"echo-{version}", described(GOOD / version / "api.yaml", folder))
        python_sources(ROOT, made, folder)
        sources = folder / made.name
        typescript_sources(ROOT, made, sources)
        done = run_tool(node_command(ROOT, "tsc", "--project", str(sources)), ROOT)
        assert done.returncode == 0, done.stdout
    sys.path.insert(0, str(folder))
    return folder


@contextmanager
def asking(language: str, folder: Path, version: str, url: str) -> Iterator[Ask]:
    """How operations are called in a language."""
    if language == "typescript":
        with _typescript(folder / f"echo-{version}", url) as ask:
            yield ask
        return
    module = importlib.import_module(f"echo_{version}")
    if language == "python":
        with module.Client(url, retries=0) as client:
            yield lambda name, **given: getattr(client, name)(**_own(given, module.File))
        return

    async def ask(name: str, **arguments: Any) -> Any:  # noqa: ANN401
        async with module.AsyncClient(url, retries=0) as client:
            return await getattr(client, name)(**_own(arguments, module.File))

    yield lambda name, **arguments: asyncio.run(ask(name, **arguments))


def _own(value: Any, file: Any) -> Any:  # noqa: ANN401 - what is given to a method
    """The value with the files of another package."""
    if isinstance(value, File):
        return file(value.content, value.name, value.content_type, value.headers)
    if isinstance(value, dict):
        return {name: _own(each, file) for name, each in value.items()}
    return [_own(each, file) for each in value] if isinstance(value, list) else value


@contextmanager
def _typescript(package: Path, url: str) -> Iterator[Ask]:
    node = str(Path(sys.executable).with_name("node"))
    command = [node, "drive.mjs", str(package / "dist" / "index.js"), url]
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
            assert "error" not in told, told["error"]
            value = told.get("value")
            is_bytes = isinstance(value, dict) and value.keys() == {"$bytes"}
            return b64decode(value["$bytes"]) if is_bytes else value

        yield ask
        process.stdin.close()
