"""Backups of both databases, and the way back."""

import os
from datetime import UTC, datetime
from pathlib import Path

from deploy.compose import Compose
from deploy.copies import Copies
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.private import read_private
from deploy.release import Release
from deploy.report import Report
from deploy.server import Server
from deploy.settings import parse

_KEPT = 14
_NAME = "aware-{:%Y%m%dT%H%M%SZ}.zip"


class Backups:
    """Writes backups of the release that runs, and brings one back."""

    def __init__(self, layout: Layout, release: Release, server: Server, report: Report) -> None:
        """The release that runs, and where."""
        self._layout = layout
        self._server = server
        self._release = release
        self._report = report

    def backup(self) -> Path:
        """Write both databases, as they are at one moment, while everything goes on.

        Returns the file, which its owner alone may read. Of older ones the newest stay, 14 in all;
        they go only after the new one is whole. It is copied elsewhere, where the settings say so.
        """
        folder = self._layout.backups
        # As the settings are now: no process has to be started anew for it.
        settings = parse(read_private(self._layout.settings))
        copies, recipients = Copies(settings, self._report), settings.get("BACKUP_RECIPIENTS", "")
        file = folder / f"{_NAME.format(datetime.now(UTC))}{'.age' if recipients else ''}"
        said = Compose(self._release, self._report, BACKUP_RECIPIENTS=recipients).run(
            *("run", "--rm", "--no-deps", "--no-TTY", "--user", f"{os.getuid()}:{os.getgid()}"),
            *("--volume", f"{folder}:/backups", "backup", f"/backups/{file.name}"),
        )
        file.chmod(0o600)
        self._report.say(said.strip().splitlines()[-1].replace("/backups", str(folder)))
        whole = (each for each in folder.glob("aware-*") if each.suffix in (".zip", ".age"))
        for old in sorted(whole)[:-_KEPT]:
            old.unlink()
        copies.make(file)
        return file

    def restore(self, file: Path, key: Path | None) -> None:
        """Bring both databases back to what `file` holds, and the orders into step.

        `key` is the file of the private key that opens an encrypted one.

        Nobody writes meanwhile: the processes are stopped, and clients get 503. Events that were
        under way are dropped, and all users' contact data is published anew. Whoever called starts
        the processes again, however this ends.
        """
        file = file.resolve()
        if not file.is_file():
            raise DeployError(f"there is no backup {file}")
        if key is not None and not key.is_file():
            raise DeployError(f"there is no key {key}")
        password = parse(self._release.settings.read_text())["RABBITMQ_ADMIN_PASSWORD"]
        compose = Compose(self._release, self._report, RABBITMQ_PASSWORD=password)
        self._server.stop_writing()
        self._report.say("the processes are stopped; clients get 503")
        said = compose.run(
            *("run", "--rm", "--no-deps", "--no-TTY", "--user", f"{os.getuid()}:{os.getgid()}"),
            *("--env", "RABBITMQ_USER=administrator", "--env", "RABBITMQ_PASSWORD"),
            # Where it is decrypted: a container's own /tmp is memory.
            *("--env", "TMPDIR=/scratch", "--volume", f"{self._layout.backups}:/scratch"),
            *("--volume", f"{file}:/backup.zip:ro"),
            *(() if key is None else ("--volume", f"{key.resolve()}:/key:ro")),
            *("operator", "restore", "--replace", "/backup.zip"),
            *(() if key is None else ("--identity", "/key")),
        )
        for line in said.splitlines():
            if line.startswith(("Restored", "Dropped", "Resync")):
                self._report.say(line)
