"""The repository's specs to change, and copies of it to generate in."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generate.sources import Sources, read_sources
from tests.declaring import copy_declared
from tests.generate.copying import ROOT, copy_repository
from tests.generate.printed import environment

Edit = Callable[[str, str, str], None]
"""Replaces a text that a file of the copy has exactly once: file, old, new."""

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `python -m aware …` in the copy."""


@pytest.fixture(scope="session")
def sources() -> Sources:
    """The repository as it is."""
    return read_sources(ROOT)


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what is declared alone, and the working directory."""
    copy_declared(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository; whoever changes it sets it back."""
    return copy_repository(tmp_path_factory.mktemp("copy"))


@pytest.fixture
def edit(copy: Path) -> Iterator[Edit]:
    """Changes files of the copy, and sets everything back after the test."""
    kept = copy.with_name(f"{copy.name}-kept")
    ignored = shutil.ignore_patterns(".venv", "node_modules", ".mypy_cache", ".ruff_cache")
    shutil.copytree(copy, kept, ignore=ignored)

    def replace(file: str, old: str, new: str) -> None:
        replace_in(copy / file, old, new)

    yield replace
    for part in kept.iterdir():
        target = copy / part.name
        if part.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    shutil.rmtree(kept)


@pytest.fixture
def run(copy: Path) -> Run:
    """Runs the command line in the copy."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [".venv/bin/python", "-m", "aware", *arguments],
            cwd=copy,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def replace_in(file: Path, old: str, new: str) -> None:
    """Replace a text that is in the file exactly once."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    file.write_text(text.replace(old, new), "utf-8")
