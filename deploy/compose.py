"""`docker compose` for one release: its images, what runs once, and the tools."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from deploy.commands import Commands
from deploy.errors import DeployError
from deploy.release import Release
from deploy.report import Report

PROJECT = "aware"
_UNRESOLVED = re.compile(r"failed to resolve source metadata for (?P<image>[^\s:]\S*?):? ")


class Compose:
    """Runs it with the release's files, settings and environment."""

    def __init__(self, release: Release, report: Report, **more: str) -> None:
        """With the release's files, settings and environment; `more` goes on top of that."""
        self._commands = Commands(report, {**release.environment, **more})
        self._prefix = (
            *("docker", "compose", "--project-name", PROJECT),
            *(
                "--project-directory",
                str(release.files[0].parent),
                "--env-file",
                str(release.settings),
            ),
            *(part for file in release.files for part in ("--file", str(file))),
        )

    def pull_missing(self, *services: str) -> None:
        """Fetch the images of these services that the engine does not have.

        Raises DeployError, in one line that says what to do, where one cannot be fetched.
        """
        with pulling(f"the images of {' and '.join(services)}"):
            self.run("pull", "--quiet", "--policy", "missing", *services)

    def build(self, *services: str) -> None:
        """Build their images; raises DeployError where that fails.

        A base image that cannot be fetched is told as by `pull_missing`.
        """
        try:
            self.run("build", *services)
        except DeployError as error:
            base = _UNRESOLVED.search(str(error))
            if base is None:
                raise
            with pulling(f"the base image {base['image']}"):
                raise

    def run(self, *arguments: str) -> str:
        """What compose prints; raises DeployError where it fails."""
        return self._commands.run(*self._prefix, *arguments)

    def ask(self, *arguments: str) -> str:
        """The same, without a word in the log: it may hold what is secret."""
        return self._commands.ask(*self._prefix, *arguments)

    def once(self, service: str, *arguments: str) -> str:
        """Run `service` once, to its end; what it prints. Raises DeployError where it fails."""
        return self.run("run", "--rm", "--no-deps", "--no-TTY", service, *arguments)

    def become(self, *arguments: str) -> NoReturn:
        """Be compose from now on."""
        self._commands.become(*self._prefix, *arguments)


@contextmanager
def pulling(what: str) -> Iterator[None]:
    """Tell a failure to fetch `what` from a registry in one line that says what to do."""
    try:
        yield
    except DeployError as error:
        raise DeployError(
            f"{what} could not be pulled: {str(error).splitlines()[-1].strip()}. Let this server "
            "reach the registry, or log in there with `docker login`, and try again"
        ) from error
