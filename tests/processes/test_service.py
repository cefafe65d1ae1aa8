"""How a process is made from its row, and what keeps it from that."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from processes.modules import ModuleImportError, imported
from processes.service import composed
from services.declaration import Service, System, Version
from services.reading import ROOT

SPEC = """
openapi: 3.1.0
info: {title: Echo, version: 1.0.0}
servers: [{url: /}]
paths:
  /echo:
    get:
      operationId: get_echo
      responses:
        '200': {description: A word, content: {text/plain: {schema: {type: string}}}}
"""
HANDLER = "async def get_echo() -> str:\n    return 'here'\n"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A program without any settings of ours."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that can be imported under its name."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / f"handlers_of_{tmp_path.name}.py"


@pytest.fixture
def echo(tmp_path: Path, module: Path) -> Service:
    """A row of a service that stores nothing."""
    spec = tmp_path / "echo.yaml"
    spec.write_text(SPEC, "utf-8")
    module.write_text(HANDLER, "utf-8")
    return Service("echo-service", spec, module.stem, (Version("", "echo-service", 1),))


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_service_that_stores_nothing_needs_no_database(
    echo: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor settings of one; it is ready all the same."""
    monkeypatch.delenv("MONGO_URI", raising=False)
    service = composed(System(ROOT, (echo,)), echo, echo.version())
    async with (
        service._beside.router.lifespan_context(service._beside),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(service), base_url="http://127.0.0.1"
        ) as client,
    ):
        assert (await client.get("/echo")).text == "here"
        assert (await client.get("/health/ready")).json() == {"status": "ready"}


def test_a_composition_without_its_function_is_told(echo: Service) -> None:
    """By the file, and what to write."""
    wrong = replace(echo, composition=echo.handlers)
    with pytest.raises(ModuleImportError, match=r"\.py: has no `dependencies`: write it"):
        composed(System(ROOT, (wrong,)), wrong, wrong.version())


@pytest.mark.parametrize("name", ["'nobody'", "'user-service'", "'order-service', 'v2'"])
def test_a_row_that_is_not_there_is_told_with_those_that_are(name: str) -> None:
    """In a line of the log, with the code after which gunicorn does not try again."""
    ended = run("-W", "ignore", "-c", f"from processes.service import create; create({name})")
    assert ended.returncode == 3
    told = ended.stdout + ended.stderr
    assert "services.yaml has no " in told
    assert "user-service v1, user-service v2, order-service" in told
    assert "Traceback" not in told


def test_a_process_of_events_that_is_not_there_is_told_with_those_that_are() -> None:
    """As a wrong argument."""
    ended = run("-m", "aware", "run", "order-service")
    assert ended.returncode == 2
    assert "user-relay, order-consumer" in ended.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def broken(:\n", ":1: SyntaxError: "),
        ("\n\nimport nowhere\n", ": ModuleNotFoundError: No module named 'nowhere'"),
        ("1 / 0\n", ": ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_imported_is_told_in_a_line(module: Path, text: str, why: str) -> None:
    """With the reason; what a module imports in turn is a reason too."""
    module.write_text(text, "utf-8")
    with pytest.raises(ModuleImportError) as caught:
        imported(module.stem)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_there_is_told_by_its_file() -> None:
    """And who names it."""
    with pytest.raises(ModuleImportError, match=r"^handlers/nobody\.py: is not there: services"):
        imported("handlers.nobody")


@pytest.mark.parametrize("process", ["order-service", "user-service-v2", "order-consumer"])
def test_whether_a_process_could_start_is_told_without_starting_it(process: str) -> None:
    """What it lacks is told; nothing of MongoDB need be there."""
    good = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "processes.trial", process],
        env={
            "PATH": os.environ["PATH"],
            "MONGO_URI": "mongodb://127.0.0.1:1",
            "MONGO_USERNAME": "x",
            "MONGO_PASSWORD": "x",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (good.returncode, good.stderr) == (0, "")
    if process != "order-consumer":
        bad = run("-W", "ignore", "-m", "processes.trial", process)
        assert (bad.returncode, bad.stderr.strip()) == (1, "MONGO_URI is not set")
