"""The programs that check what is not Python."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.missing import missing

ROOT = Path(__file__).parents[2]


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What a program of this environment, or of the machine, says; skips where there is none."""
    command = [program(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def program(name: str) -> str:
    """Where `name` of this environment, or of the machine, is; skips where there is none."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        missing(f"there is no {name}")
    return found
