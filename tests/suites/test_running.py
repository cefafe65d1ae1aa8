"""One suite, one file, and what cannot run here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FAILS = """
def test_fails(tmp_path):
    (tmp_path / "part.log").write_text("why it failed")
    assert not "anything"
"""


def run(*command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A command of the environment, as a person calls it, with nothing of this run's own."""
    ours = ("CI", "PYTEST_", "TEST_", "TOX_")
    given = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
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


def test_tox_runs_the_path_alone_that_it_is_given(tmp_path: Path) -> None:
    """Not the suite's other files."""
    path = "tests/gateway/test_split.py"
    done = run("tox", "-q", f"--workdir={tmp_path}", "-e", "gateway", "--", path, "--co", "-q")
    assert done.returncode == 0, done.stdout
    collected = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert collected == {path}


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
    """Where the test itself says nothing of them."""
    (tmp_path / "test_made.py").write_text(_FAILS)
    options = ("-p", "tests.conftest", "-c", "pyproject.toml", f"--basetemp={tmp_path / 'base'}")
    done = run("pytest", *options, str(tmp_path / "test_made.py"), PYTHONPATH=str(ROOT))
    assert done.returncode == 1
    assert "part.log" in done.stdout
    assert "why it failed" in done.stdout
