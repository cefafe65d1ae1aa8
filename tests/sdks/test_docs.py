"""What docs/sdks.md prints is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from generate.node import node_command
from local.stack import Stack
from tests.sdks.conftest import TYPESCRIPT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES: list[tuple[str, str, str]] = re.findall(
    r"```(python|ts)\n(.*?)```\n\n```\n(.*?)```",
    (ROOT / "docs" / "sdks.md").read_text("utf-8"),
    re.DOTALL,
)
GATEWAY = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("language", "program", "printed"),
    EXAMPLES,
    ids=["update-a-user", "all-pages", "typescript", "joined"],
)
def test_the_examples_print_what_they_are_said_to(
    request: pytest.FixtureRequest, stack: Stack, language: str, program: str, printed: str
) -> None:
    """On the system as it starts; how many orders there are, other tests have a part in."""
    assert GATEWAY in program
    program = program.replace(GATEWAY, stack.ports.url("gateway"))
    if language == "python":
        command, folder = [str(request.getfixturevalue("python")), "-c", program], ROOT
    else:
        folder = request.getfixturevalue("project")
        (folder / "example.ts").write_text(program, "utf-8")
        compiler = node_command(ROOT, "tsc", *TYPESCRIPT, "example.ts")
        subprocess.run(compiler, cwd=folder, check=True)
        command = [str(Path(sys.executable).with_name("node")), "example.js"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert _comparable(done.stdout) == _comparable(printed), done.stderr


def _comparable(output: str) -> str:
    return re.sub(r"^\d+ orders$", "N orders", output, flags=re.MULTILINE)
