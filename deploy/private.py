"""Files that only their owner may read."""

import os
from pathlib import Path

from deploy.errors import DeployError


def write_private(file: Path, text: str) -> None:
    """Put `text` in `file` in one step, readable by its owner alone at every moment."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def read_private(file: Path) -> str:
    """The text of `file`; raises DeployError where others may read it too."""
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        raise DeployError(f"{file} has the mode {mode:04o}: chmod 600 {file}")
    return file.read_text()
