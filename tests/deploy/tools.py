"""The programs that check what is not Python."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.missing import missing

ROOT = Path(__file__).parents[2]


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What `program` of this environment, or of the machine, says; skips where there is none."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        missing(f"there is no {program}")
    command = [found, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
