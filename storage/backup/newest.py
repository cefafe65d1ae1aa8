"""How old the newest backup is."""

import os
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from storage.backup.encryption import ENCRYPTED, is_encrypted
from storage.backup.manifest import DAMAGED, MANIFEST, SUFFIX, Manifest


def newest_backup(folder: Path) -> tuple[datetime, int] | None:
    """Of when the newest backup in a folder is, and its bytes; None where there is none.

    Its contents are not checked. What is no backup is passed over.

    Raises:
        OSError: The folder cannot be read.
    """
    files = (each for each in folder.iterdir() if each.suffix in (SUFFIX, ENCRYPTED))
    found = map(_moment_and_size, files)
    return max(filter(None, found), default=None)


def _moment_and_size(file: Path) -> tuple[datetime, int] | None:
    try:
        if file.suffix == ENCRYPTED:  # its date is its moment: storage/backup/writing.py
            with file.open("rb") as content:
                status = os.fstat(content.fileno())
                moment = datetime.fromtimestamp(status.st_mtime, UTC)
                return (moment, status.st_size) if is_encrypted(content) else None
        with ZipFile(file) as archive:
            return Manifest.from_json(archive.read(MANIFEST)).moment, file.stat().st_size
    except (OSError, *DAMAGED, ValueError, KeyError, TypeError):
        return None
