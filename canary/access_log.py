"""What clients saw of each version, out of the gateways' access logs."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import orjson

from gateway.errors import GatewayError

PATTERN = "access-*.log"
"""The logs in a state folder: one for each gateway that keeps its state there."""


@dataclass(frozen=True, slots=True)
class Served:
    """A request that the split gave to a version, as its client saw it end."""

    version: str
    status: int
    milliseconds: int


class AccessLog:
    """Reads what is new in the access logs of a folder, and follows them when they are rotated."""

    def __init__(self, folder: Path, processes: Mapping[str, str]) -> None:
        """Begin at the present end of each log.

        Args:
            folder: Where they are.
            processes: Those of the versions to look at, by the version; others' lines are left out.

        Raises:
            GatewayError: There is none.
        """
        self._folder = folder
        self._versions = {process: version for version, process in processes.items()}
        self._files = {path: path.open("rb") for path in folder.glob(PATTERN)}
        for file in self._files.values():
            file.seek(0, os.SEEK_END)
        if not self._files:
            raise GatewayError(
                f"there is no access log in {folder}: the gateway that runs is of an older "
                "release, restart it"
            )

    def close(self) -> None:
        """Read no more."""
        for file in self._files.values():
            file.close()

    def read(self) -> Iterator[Served]:
        """The requests that have ended since the last time."""
        for path in sorted({*self._files, *self._folder.glob(PATTERN)}):
            file = self._files.get(path)
            if file is not None:
                yield from self._served(file)
            if file is None or _is_rotated(path, file):
                if file is not None:
                    file.close()
                self._files[path] = path.open("rb")
                yield from self._served(self._files[path])

    def _served(self, file: BufferedReader) -> Iterator[Served]:
        """What is in the lines that follow; half a line stays for the next time."""
        for line in file:
            if not line.endswith(b"\n"):
                file.seek(-len(line), os.SEEK_CUR)
                return
            if b'"split":""' in line:
                continue
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            version = self._versions.get(entry.get("split"))
            if version is not None:
                yield Served(version, entry["status"], entry["milliseconds"])


def _is_rotated(path: Path, file: BufferedReader) -> bool:
    """Whether another file has taken the place of `file`, which then ends where it was read to."""
    try:
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:  # for a moment, or for good
        return False
