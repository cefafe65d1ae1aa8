"""The packages of these specs, programs that use them, and a gateway that asks for a key."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import ApiKey, GatewaySettings
from generate.node import node_command, run_tool
from generate.sdks import make_sdks
from local.stack import Stack
from services.reading import declared
from tests.gateway.running import run
from tests.sdks.echo import echoes, urls

__all__ = ["echoes", "urls"]  # fixtures

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent
TYPESCRIPT = (
    *("--strict", "--module", "NodeNext", "--target", "ES2022"),
    *("--lib", "ES2022,DOM,DOM.Iterable", "--types", ""),
)
"""How a program is compiled: strictly, and with no types but those of the packages."""
KEY = "a-key-of-the-tests-with-enough-characters"


@dataclass(frozen=True)
class Answered:
    """How a program ended: its exit status, and what it wrote."""

    status: int
    output: Any


Paper = Callable[..., Answered]
"""Runs the paper's requests in one of the languages, with the given arguments."""


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the packages."""
    folder = tmp_path_factory.mktemp("sdks")
    make_sdks(ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def gateway(stack: Stack) -> Iterator[str]:
    """A gateway before the whole system that lets nobody pass without KEY: its URL."""
    ports = stack.ports
    with tempfile.TemporaryDirectory(prefix="gateway-") as state:
        running = run(
            GatewaySettings(
                p_value=50,
                targets={each: (ports.address(each),) for each in declared().ports},
                state=Path(state),
                api_keys=(ApiKey("tests", KEY),),
            )
        )
        yield running.url
        running.stop()


@pytest.fixture(scope="session")
def python(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with all packages: wheels, and one from its source."""
    environment = tmp_path_factory.mktemp("python")
    _run(sys.executable, "-m", "venv", str(environment))
    program = environment / "bin" / "python"
    wheels = [*packages.glob("aware_users*.whl"), *packages.glob("aware_services*.whl")]
    source = packages.glob("aware_orders*.tar.gz")
    pip = (str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, *map(str, (*wheels, *source)))
    return program


@pytest.fixture(scope="session")
def project(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project with all npm packages, and the programs compiled."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    npm = str(Path(sys.executable).with_name("npm"))
    _run(npm, "install", "--offline", *map(str, packages.glob("*.tgz")), folder=folder)
    programs = ("paper.ts", "chaos.ts")
    for each in programs:
        (folder / each).write_text((PROGRAMS / each).read_text("utf-8"), "utf-8")
    _run(*node_command(ROOT, "tsc", *TYPESCRIPT, *programs), folder=folder)
    return folder


@pytest.fixture(params=["python", "typescript"])
def paper(request: pytest.FixtureRequest) -> Paper:
    """Each of the two programs in turn."""
    if request.param == "python":
        python = request.getfixturevalue("python")
        command, folder = [str(python), str(PROGRAMS / "paper.py")], PROGRAMS
    else:
        folder = request.getfixturevalue("project")
        command = [str(Path(sys.executable).with_name("node")), "paper.js"]

    def run_paper(*arguments: str) -> Answered:
        done = subprocess.run(
            [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.stdout, done.stderr
        return Answered(done.returncode, json.loads(done.stdout))

    return run_paper


def _run(*command: str, folder: Path = PROGRAMS) -> None:
    done = run_tool(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
