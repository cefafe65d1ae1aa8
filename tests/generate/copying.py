"""A copy of the repository, with the tools of the environment that runs the tests."""

import shutil
import subprocess
import sys
from pathlib import Path

from generate.node import install_packages

ROOT = Path(__file__).parents[2]


def copy_repository(target: Path) -> Path:
    """Copy what git knows of, or would; `make` and `.venv/bin/…` work in the copy."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # and not just removed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    install_packages(ROOT)
    (target / "node_modules").symlink_to(ROOT / "node_modules")
    _environment(target)
    return target


def _environment(target: Path) -> None:
    """The environment that runs this, as the copy's own `.venv`, with all that `make` asks for."""
    made = target / ".venv"
    made.mkdir()
    shutil.copy2(Path(sys.prefix, "pyvenv.cfg"), made)
    for name in ("bin", "lib"):
        (made / name).symlink_to(Path(sys.prefix, name))
    for requirements in (target / "requirements").glob("*.txt"):
        (made / f"{requirements.stem}.installed").touch()
