"""The README's commands do what it prints."""

import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import Ports
from local.stack import Stack
from tests.documentation.pages import ROOT
from tests.generate.printed import Command, environment, steps
from tests.waiting import until


@pytest.fixture
def system() -> Iterator[Stack]:
    """A system as `make up` starts it for the first time, in a folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="readme-") as folder:
        started = Stack(Path(folder), Ports.free(), 70)
        started.start()
        yield started
        started.stop()


@pytest.mark.slow
def test_the_commands_about_retrying_print_what_the_page_says(
    system: Stack, tmp_path: Path
) -> None:
    """In their order."""
    replaced = {"127.0.0.1:8000": system.ports.address("gateway")}
    commands = [*steps(ROOT / "docs" / "retrying.md", replaced)]
    assert len(commands) > 5
    for command in commands:
        assert isinstance(command, Command)
        difference = command.run(tmp_path, environment())
        assert difference is None, difference


def test_the_readmes_commands_print_what_it_says(system: Stack) -> None:
    """In its order; an order follows its user soon, and either version may answer."""
    gateway = system.ports.address("gateway")
    replaced = {"127.0.0.1:8000": gateway, ".venv/bin/python": shlex.quote(sys.executable)}
    commands = [each for each in steps(ROOT / "README.md", replaced) if isinstance(each, Command)]
    assert len(commands) > 3
    folders = {"AWARE_STATE": system.state, "GATEWAY_STATE_DIR": system.state / "gateway"}
    given = environment(**{name: str(folder) for name, folder in folders.items()})
    for command in commands:
        output = command.output.replace("x-service-version: v1", "x-service-version: v…")
        shown = Command(command.line, output)
        if command.line.startswith("curl -s http"):
            until(lambda shown=shown: shown.run(ROOT, given) is None, command.line)  # type: ignore[misc]
        difference = shown.run(ROOT, given)
        assert difference is None, difference
