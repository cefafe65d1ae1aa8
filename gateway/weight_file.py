"""Where it is kept how many percent of a service's requests its first version gets."""

import os
import re
from pathlib import Path

from gateway.settings import GatewaySettings
from gateway.splits import PAPERS_SETTING, SplitNames, splits
from settings.environment import SettingError


def percentage(text: str, name: str) -> int:
    """`text` as a whole number from 0 to 100; raises SettingError with `name` in it."""
    if not re.fullmatch(r"0|[1-9][0-9]?|100", text):
        raise SettingError(f"{name} must be a whole number from 0 to 100, not {text!r}")
    return int(text)


class WeightFile:
    """Keeps the percentage of a first version that was set last; a restart of the gateway reads it.

    That of the paper's split has the name that it always had.
    """

    def __init__(self, state: Path, names: SplitNames) -> None:
        is_papers = names.setting == PAPERS_SETTING
        self.path = state / ("weight" if is_papers else f"weight-{names.name}")

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
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w") as file:
            file.write(f"{p}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)


def kept_weights(settings: GatewaySettings) -> dict[str, int]:
    """What every split begins with, by the service: what was set last, or else the settings say.

    Raises:
        SettingError: A file holds something else.
    """
    return {
        each.name: WeightFile(settings.state, each).read(settings.initial(each))
        for each in splits()
    }
