"""schemathesis with all its checks and phases, positive and negative, on every service.

FUZZ_EXAMPLES is how many cases each phase makes for each operation: 25 here, 400 in a long run.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from local.stack import Stack
from services.reading import declared
from storage.client import Json

ROOT = Path(__file__).parents[2]
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "25")
PROCESSES = [process for each in declared() for process in each.processes]

CONFIGURATION = "schemathesis.toml"
"""What schemathesis looks for in its folder and in those above."""

LEAST_SHARE = 0.25
"""Of the cases that are meant to succeed, this share at least must: else little was tested."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs leave their ids for each other."""
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("process", PROCESSES)
def test_no_request_meets_an_answer_outside_the_contract(
    stack: Stack, folder: Path, process: str
) -> None:
    """0 failures, and enough requests that were carried out."""
    for old in folder.glob("outcomes.*"):
        old.unlink()
    url = stack.ports.url(process)
    spec = without_security(httpx.get(f"{url}/openapi.json").json(), folder)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(spec), "--url", url),
        *("--checks", "all", "--mode", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", EXAMPLES, "--no-color"),
    ]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"FUZZ_FOLDER": str(folder)}, check=False
    )
    assert run.returncode == 0
    print(f"\n{process}: positive cases by answer")  # noqa: T201 - the figures are asked for
    assert min(shares(folder).values()) >= LEAST_SHARE


def without_security(document: Json, folder: Path) -> Path:
    """A file with a description that asks nobody for a key.

    A service asks nobody who he is, and a gateway without keys neither: tests/gateway tries keys.
    """
    operations = [each for item in document["paths"].values() for each in item.values()]
    for each in (document, *(one for one in operations if isinstance(one, dict))):
        each.pop("security", None)
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), "utf-8")
    return file


def shares(folder: Path) -> dict[str, float]:
    """Which share of the positive cases of each operation got a 2xx; also printed."""
    found = {}
    for operation, counts in outcomes(folder).items():
        found[operation] = counts["2xx"] / counts.total()
        line = f"  {operation:28} {found[operation]:4.0%} of {counts.total()} got a 2xx"
        print(line)  # noqa: T201 - the figures are asked for
    return found


def outcomes(folder: Path) -> dict[str, Counter[str]]:
    """How the positive cases of each operation ended."""
    (file,) = folder.glob("outcomes.*")
    return {name: Counter(counts) for name, counts in json.loads(file.read_text()).items()}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("process", PROCESSES)
def test_anybody_who_fuzzes_a_service_by_what_it_says_of_itself_finds_nothing(
    stack: Stack, tmp_path: Path, process: str
) -> None:
    """0 failures without hooks of ours: the spec alone says what is accepted.

    But for what no schema can say: whether a state is the present one, and a key new. Those
    statuses are told as docs/retrying.md has it.
    """
    url = stack.ports.url(process)
    spec = without_security(httpx.get(f"{url}/openapi.json").json(), tmp_path)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(spec), "--url", url),
        *("--checks", "all", "--max-examples", EXAMPLES, "--no-color"),
    ]
    assert not [each for each in (tmp_path, *tmp_path.parents) if (each / CONFIGURATION).exists()]
    page = (ROOT / "docs" / "retrying.md").read_text("utf-8")
    (tmp_path / CONFIGURATION).write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
