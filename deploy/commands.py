"""Programs that are started."""

import os
import subprocess
from collections.abc import Mapping

from deploy.errors import DeployError
from deploy.report import Report

_LAST = 15


class Commands:
    """Runs programs; what they print goes into the log alone, unless they fail."""

    def __init__(self, report: Report, environment: Mapping[str, str] | None = None) -> None:
        """Programs get `environment` on top of the process's own."""
        self._report = report
        self._environment = {**os.environ, **(environment or {})}

    def run(self, *command: str) -> str:
        """What `command` prints on its standard output.

        Raises DeployError, with the last lines of its errors, where it fails.
        """
        done = self._start(command)
        self._report.keep(done.stderr)
        if done.returncode:
            said = [*done.stdout.splitlines(), *done.stderr.splitlines()][-_LAST:]
            reason = "\n".join(f"    {line}" for line in said)
            raise DeployError(f"{_words(command)} failed:\n{reason}")
        return done.stdout

    def succeeds(self, *command: str) -> bool:
        """Whether `command` ends with the status 0."""
        return not self._start(command).returncode

    def _start(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        self._report.keep(f"$ {_words(command)}")
        try:
            return subprocess.run(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                # A Ctrl-C is for us: what is half done is finished, then undone.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise DeployError(f"there is no {command[0]} on this machine") from error


def _words(command: tuple[str, ...]) -> str:
    """The command without what repeats in each."""
    return " ".join(part for part in command if not part.startswith(("/", "--file", "--env-file")))
