"""One suite, one file, and what cannot run here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A command of the environment, as a person calls it, with nothing of this run's own."""
    given = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [program, *command[1:]],
        cwd=ROOT,
        env=given | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def without_docker(tmp_path: Path) -> str:
    """A PATH on which there is no docker command."""
    (tmp_path / "git").symlink_to("/usr/bin/git")
    return str(tmp_path)


def test_tox_runs_the_path_alone_that_it_is_given() -> None:
    """Not the suite's other files."""
    done = run("tox", "-q", "-e", "gateway", "--", "tests/gateway/test_split.py", "--co", "-q")
    assert done.returncode == 0, done.stdout
    collected = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert collected == {"tests/gateway/test_split.py"}


def test_what_is_missing_is_said_once(without_docker: str) -> None:
    """And the tests are skipped before anything is started for them."""
    done = run("pytest", "tests/compose", "-rs", PATH=without_docker)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("there is no docker command") == 1
    assert "passed" not in done.stdout


def test_in_ci_what_is_missing_is_an_error_of_one_line(without_docker: str) -> None:
    """Not one for each test."""
    done = run("pytest", "tests/compose", PATH=without_docker, CI="true")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.count("there is no docker command") == 1


def test_a_suite_of_which_nothing_is_selected_says_what_was_not_and_succeeds() -> None:
    """As compose in `make test`."""
    done = run("pytest", "tests/compose", "-m", "not docker", PATH="")
    assert done.returncode == 0, done.stdout
    assert "not selected: " in done.stdout


def test_a_failure_shows_the_last_lines_of_the_logs_that_were_written(tmp_path: Path) -> None:
    """And not those of before."""
    file = ROOT / "tests" / "suites" / "test_made_to_fail.py"
    text = """
def test_fails(tmp_path):
    (tmp_path / "part.log").write_text("why it failed")
    assert False
"""
    old = tmp_path / "base" / "old.log"
    try:
        file.write_text(text)
        done = run("pytest", str(file), f"--basetemp={old.parent}")
    finally:
        file.unlink()
    assert done.returncode == 1
    assert "part.log" in done.stdout
    assert "why it failed" in done.stdout
