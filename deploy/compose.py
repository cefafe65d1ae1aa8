"""`docker compose` for one release."""

from deploy.commands import Commands
from deploy.release import Release
from deploy.report import Report

PROJECT = "aware"


class Compose:
    """Runs it with the release's files, settings and environment."""

    def __init__(self, release: Release, report: Report, **more: str) -> None:
        """`more` goes on top of the release's environment."""
        self._commands = Commands(report, {**release.environment, **more})
        files = [part for file in release.files for part in ("--file", str(file))]
        self._prefix = (
            *("docker", "compose", "--project-name", PROJECT),
            *("--project-directory", str(release.folder)),
            *("--env-file", str(release.settings), *files),
        )

    def run(self, *arguments: str) -> str:
        """What compose prints; raises DeployError where it fails."""
        return self._commands.run(*self._prefix, *arguments)

    def once(self, service: str, *arguments: str) -> str:
        """Run `service` once, to its end; what it prints. Raises DeployError where it fails."""
        return self.run("run", "--rm", "--no-deps", "--no-TTY", service, *arguments)

    def hash(self, service: str) -> str:
        """By what compose knows whether a container is as `service` says."""
        return self.run("config", "--hash", service).split()[1]
