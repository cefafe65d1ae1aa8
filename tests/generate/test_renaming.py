"""A renamed field: the type check tells every place that says it, and then everything follows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generate.conftest import Run
from tests.generate.copying import ROOT
from tests.generate.printed import environment

RENAMED = {"orderStatus": "stage", "userEmails": "recipients"}
"""One that orders alone have, and one that an event brings and two collections hold."""

FOLDERS = ("handlers", "messaging", "storage", "bench", "local", "tests")
OTHERS = (
    *("tests/generate", "tests/openapi", "tests/contract", "tests/compatibility"),
    *("tests/migrations", "tests/sdks/chaos.py", "tests/sdks/paper.py"),
)
"""Where specs of their own are, or what the specs once said; and programs of clients, which say
names as they are on the wire: the types of their packages tell them."""


def _python(copy: Path) -> Iterator[Path]:
    """What a person has written, and says names of fields."""
    for folder in FOLDERS:
        for file in sorted((copy / folder).rglob("*.py")):
            path = file.relative_to(copy).as_posix()
            if not path.startswith(OTHERS) and path != "handlers/signatures.py":
                yield file


def _mypy(copy: Path) -> str:
    done = subprocess.run(
        [".venv/bin/python", "-m", "mypy", *FOLDERS],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _places(copy: Path, name: str) -> set[str]:
    """`file:line` of each constant of this name."""
    return {
        f"{file.relative_to(copy)}:{number}"
        for file in _python(copy)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(rf"\b[A-Z]\w*\.{name}\b", line)
    }


def _replace(file: Path) -> None:
    text = file.read_text("utf-8")
    for old, new in RENAMED.items():
        text = re.sub(rf"\b{old}\b", new, text)
    file.write_text(text, "utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_renamed_field_is_told_everywhere_and_then_served_and_stored(
    copy: Path, run: Run
) -> None:
    """Renamed in the specs, generated, told by the type check, replaced, and tried for real."""
    for spec in (copy / "specs").glob("*.yaml"):
        _replace(spec)
    refused = run("generate")
    assert refused.returncode == 1
    assert "services.yaml:" in refused.stderr
    _replace(copy / "services.yaml")
    assert run("generate").returncode == 0
    found = {
        ":".join(line.split(":")[:2]) for line in _mypy(copy).splitlines() if ": error: " in line
    }
    for old in RENAMED:
        places = _places(copy, old)
        assert len(places) > 20
        assert places - found == set(), f"nothing tells of {old}"
    for file in _python(copy):
        _replace(file)
    assert "Success" in _mypy(copy)
    suites = ("tests/services/test_orders.py", "tests/services/test_paper.py")
    done = subprocess.run(
        [".venv/bin/python", "-m", "pytest", "-q", *suites, "tests/messaging/test_sync.py"],
        cwd=copy,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_text_says_a_name_of_its_own() -> None:
    """A literal in a query or a test would be found by nobody but a reader."""
    literal = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in _python(ROOT)
        for line in _literals(ast.parse(file.read_text("utf-8")))
    ]
    assert not literal, "\n".join(literal)


def _literals(tree: ast.Module) -> Iterator[int]:
    """Lines of texts with such a name, but for docstrings and keys that the type check knows."""
    known = {
        id(node.slice)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "body"
    }
    known |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    names = re.compile(rf"\b({'|'.join(RENAMED)})\b")
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for node in texts:
        if isinstance(node.value, str) and id(node) not in known and names.search(node.value):
            yield node.lineno
