"""SwaggerHub's own command line, which does all writing."""

import re
import subprocess
import tempfile
from pathlib import Path

from generate.node import node_command, node_environment
from swaggerhub.settings import Settings, SwaggerHubError

_PATIENCE = 120.0  # seconds for one command, which makes up to five requests
_MARGIN = re.compile(r"^\s*\u203a\s*", re.MULTILINE)  # before each line of an error


class CommandLine:
    """Runs `swaggerhub`. The key goes through its environment, never through its arguments."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root, self._settings = root, settings

    def run(self, command: str, api: str, *options: str) -> None:
        """Run one of its commands on `NAME/VERSION` of our owner.

        Raises:
            SwaggerHubError: It failed; the message is what it says, in one line.
        """
        arguments = (command, f"{self._settings.owner}/{api}", *options)
        with tempfile.TemporaryDirectory() as folder:  # for what it would keep in the user's home
            own = {f"XDG_{kind}_HOME": folder for kind in ("CONFIG", "CACHE", "DATA")}
            try:
                done = subprocess.run(
                    node_command(self._root, "swaggerhub", *arguments),
                    env=node_environment() | own | self._settings.environment(),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=_PATIENCE,
                )
            except subprocess.TimeoutExpired as error:
                raise SwaggerHubError(
                    f"swaggerhub {command} {api}: no answer within {_PATIENCE:.0f} s"
                ) from error
        if done.returncode != 0:
            reason = self._reason(done.stderr or done.stdout)
            raise SwaggerHubError(f"swaggerhub {command} {api}: {reason}")

    def _reason(self, output: str) -> str:
        """Its complaint in one line, without the key should the registry have answered with it."""
        words = " ".join(_MARGIN.sub("", output).split()).removeprefix("Error: ")
        return words.replace(self._settings.key, "***") or "it failed without a word"
