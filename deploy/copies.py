"""Copies of backups elsewhere, which rclone makes: to S3, or any other place that it knows."""

import re
from collections.abc import Mapping
from pathlib import Path

from deploy.commands import Commands
from deploy.errors import DeployError
from deploy.report import Report

_OF_RCLONE = ("RCLONE_", "AWS_")
"""How the settings begin that rclone reads itself, such as keys."""

_SECRET = re.compile(r"(secret|pass|token|key)\w*=", re.IGNORECASE)
_ENCRYPTED = b"age-encryption.org/v1"

_BOUNDED = ("--contimeout=15s", "--timeout=60s", "--retries=3")
"""A deployment may be waiting for the end."""


class Copies:
    """By the settings.

    BACKUP_COPY_TO: a place as rclone names it, such as `:s3,provider=AWS,env_auth:bucket`
    BACKUP_RECIPIENTS: as for a backup; without any nothing is let out
    """

    def __init__(self, settings: Mapping[str, str], report: Report) -> None:
        """Refuse to let a backup out that anybody can read; raises DeployError."""
        self._place = settings.get("BACKUP_COPY_TO", "")
        if self._place and not settings.get("BACKUP_RECIPIENTS"):
            raise DeployError(
                "BACKUP_COPY_TO is set, and BACKUP_RECIPIENTS is not: what leaves this server is "
                "encrypted, so name the public keys of those who may read it"
            )
        if _SECRET.search(self._place):  # it would stand in arguments and in logs
            raise DeployError(
                "BACKUP_COPY_TO holds a secret: give rclone that by a setting of its own, such as "
                "RCLONE_S3_SECRET_ACCESS_KEY"
            )
        given = {name: each for name, each in settings.items() if name.startswith(_OF_RCLONE)}
        self._commands = Commands(report, given)
        self._report = report

    def make(self, file: Path) -> None:
        """Copy a backup there, if there is a place; raises DeployError, and the backup is kept."""
        if not self._place:
            return
        with file.open("rb") as content:
            if content.read(len(_ENCRYPTED)) != _ENCRYPTED:
                raise DeployError(f"{file} is not encrypted, and is not copied")
        try:
            self._commands.run("rclone", "copy", *_BOUNDED, str(file), self._place)
        except DeployError as error:
            raise DeployError(f"{file} is written, but could not be copied: {error}") from error
        self._report.say(f"{file.name} is copied to {self._place}")
