"""Programs that are started."""

import os
import signal
import subprocess
from collections.abc import Mapping
from typing import NoReturn

from deploy.errors import DeployError
from deploy.report import Report

_LAST = 50  # the set-up names up to ten documents of each collection


class Commands:
    """Runs programs; what they print goes into the log alone, unless they fail."""

    def __init__(self, report: Report, environment: Mapping[str, str] | None = None) -> None:
        """Programs get `environment` on top of the process's own."""
        self._report = report
        self._environment = {**os.environ, **(environment or {})}

    def run(self, *command: str, given: str = "") -> str:
        """What `command` prints that is `given` this to read.

        Raises DeployError, with the last lines, where it fails.
        """
        done = self._start(command, given=given)
        said = done.stdout + done.stderr
        self._report.keep(said)
        if done.returncode:
            reason = "\n".join(f"    {line}" for line in said.splitlines()[-_LAST:])
            raise DeployError(f"{_words(command)} failed:\n{reason}")
        return said

    def ask(self, *command: str, whatever: bool = False, given: str = "") -> str:
        """The same, without a word in the log: for what is asked again and again, or is secret.

        `whatever` its status, what it prints is wanted.
        """
        done = self._start(command, quiet=True, given=given)
        if done.returncode and not whatever:
            raise DeployError(f"{_words(command)} failed: {done.stderr.strip()}")
        return done.stdout

    def become(self, *command: str) -> NoReturn:
        """Be `command` from now on: for what a person watches."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        os.execvpe(command[0], command, self._environment)  # noqa: S606 - no shell in between

    def succeeds(self, *command: str) -> bool:
        """Whether `command` ends with the status 0."""
        return not self._start(command).returncode

    def _start(
        self, command: tuple[str, ...], *, quiet: bool = False, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        if not quiet:
            self._report.keep(f"$ {_words(command)}")
        try:
            return subprocess.run(
                command,
                env=self._environment,
                input=given,
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
