"""What a deployment says: to whoever watches, and into a log that stays when nobody does."""

import contextlib
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path


class Report:
    """Writes to standard output and to a file. May be used by several threads.

    A watcher whose connection was cut, or a full disk, must not end a deployment: what cannot be
    written is left out.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Begin the log `name` in `folder`, which need not be there yet."""
        self._lock = threading.Lock()
        self._watched = True
        self._began = time.monotonic()
        self._file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}.log"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def say(self, text: str) -> None:
        """Tell whoever watches, and the log."""
        line = f"{time.monotonic() - self._began:6.1f} s  {text}\n"
        with self._lock:
            if self._watched:
                try:
                    sys.stdout.write(line)
                    sys.stdout.flush()
                except OSError:
                    self._watched = False
            self._log(line)

    def keep(self, text: str) -> None:
        """Tell the log alone."""
        if text:
            with self._lock:
                self._log(text if text.endswith("\n") else f"{text}\n")

    def _log(self, text: str) -> None:
        with contextlib.suppress(OSError), self._file.open("a") as out:
            out.write(text)
