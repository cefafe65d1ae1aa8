"""Where it is kept how many percent of the user requests version 1 gets."""

import os
import re
from pathlib import Path

from kong.errors import SettingError


def percentage(text: str, name: str) -> int:
    """`text` as a whole number from 0 to 100; raises SettingError with `name` in it."""
    if not re.fullmatch(r"0|[1-9][0-9]?|100", text):
        raise SettingError(f"{name} must be a whole number from 0 to 100, not {text!r}")
    return int(text)


class WeightFile:
    """Keeps the percentage of version 1 that was set last; a restart of the gateway reads it."""

    def __init__(self, state: Path) -> None:
        self.path = state / "weight"

    def read(self, default: int) -> int:
        """What was kept, or `default`; raises SettingError where the file holds something else."""
        try:
            text = self.path.read_text().strip()
        except FileNotFoundError:
            return default
        return percentage(text, str(self.path)) if text else default

    def write(self, p: int) -> None:
        """Keep `p`: whole, or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        with new.open("w") as file:
            file.write(f"{p}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
