"""Types are exact: null and absent are two things, and so is each alternative."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from generate.node import node_command, run_tool
from tests.sdks.conftest import ROOT, TYPESCRIPT
from tests.sdks.echo import SPECS

pytestmark = pytest.mark.slow

BODIES = {
    "create_thing": {
        "{'name': 'a'}": True,
        "{'name': 'a', 'day': '2026-11-22', 'kind': 5}": True,
        "{'name': 'a', 'kind': {'code': 'x'}}": True,
        "{}": False,
        "{'name': null}": False,
        "{'name': 'a', 'day': null}": False,
        "{'name': 'a', 'kind': 'x'}": False,
        "{'name': 'a', 'kind': {'cod': 'x'}}": False,
        "{'name': 'a', 'nam': 'b'}": False,
    },
    "change_thing": {
        "{}": True,
        "{'day': null}": True,
        "{'name': null}": False,
        "{'day': 5}": False,
    },
}
"""By operation: bodies, and whether a type check is to let them through."""


@pytest.mark.parametrize("name", SPECS)
def test_packages_of_any_spec_are_typed_strictly(echoes: Path, name: str) -> None:
    """Whatever names and texts it has; tsc has compiled the others."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    done = subprocess.run(
        [*command, str(echoes / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


CASES = [(name, body, fits) for name, bodies in BODIES.items() for body, fits in bodies.items()]


def test_mypy_lets_through_what_fits(echoes: Path, tmp_path: Path) -> None:
    """And nothing else; one line each."""
    lines = ["from things import Client", "client = Client('http://127.0.0.1')"]
    for name, body, _ in CASES:
        key = "'id', " if name == "change_thing" else ""
        lines.append(f"client.{name}({key}{body.replace('null', 'None')})")
    program = tmp_path / "program.py"
    program.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental"]
    done = subprocess.run(
        [*command, str(program)],
        env={"MYPYPATH": str(echoes), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert _refused(done.stdout, "program.py:", 3) == _wanted(), done.stdout


def test_tsc_lets_through_what_fits(echoes: Path, tmp_path: Path) -> None:
    """The same."""
    lines = [
        f'import {{ Client, createThing, changeThing }} from "{echoes}/things-js/dist/index.js";',
        'const client = new Client("http://127.0.0.1");',
    ]
    for name, body, _ in CASES:
        call, key = ("changeThing", 'id: "a", ') if name == "change_thing" else ("createThing", "")
        lines.append(f"void {call}(client, {{ {key}body: {body} }});")
    program = tmp_path / "program.ts"
    program.write_text("\n".join(lines) + "\n")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    exact = ("--exactOptionalPropertyTypes", "--noEmit", "--pretty", "false")
    done = run_tool(node_command(ROOT, "tsc", *TYPESCRIPT, *exact, str(program)), tmp_path)
    assert _refused(done.stdout, "program.ts(", 3) == _wanted(), done.stdout


def _wanted() -> list[tuple[str, str]]:
    return [(name, body) for name, body, fits in CASES if not fits]


def _refused(output: str, before: str, first: int) -> list[tuple[str, str]]:
    """The bodies in whose lines there are errors."""
    numbers = {int(each) for each in re.findall(rf"{re.escape(before)}(\d+).*error", output)}
    return [CASES[number - first][:2] for number in sorted(numbers)]
