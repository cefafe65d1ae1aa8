"""What is kept between deployments: which release runs, which is on its way, how the last ended."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.private import write_private


@dataclass(frozen=True)
class Place:
    """A version, and the digest of the settings it runs with."""

    version: str
    given: str


@dataclass(frozen=True)
class Outcome:
    """How a deployment ended: deploy.sh's status, its last words, and when (seconds, Unix)."""

    version: str
    status: int
    words: str
    at: float


class State:
    """Files in one folder; each is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not be there yet."""
        self._folder = folder

    @contextmanager
    def lock(self, waiting: Callable[[], None]) -> Iterator[bool]:
        """Be the only deployment; what it yields is whether that had to be waited for.

        `waiting` is called before that. The lock ends with the process, however that ends.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                waited = False
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
                waited = True
            yield waited

    @property
    def running(self) -> Place | None:
        """What was brought in last and is good."""
        return self._place("running")

    @property
    def before(self) -> Place | None:
        """What ran before that."""
        return self._place("before")

    @property
    def unfinished(self) -> Place | None:
        """A deployment that neither ended well nor was undone."""
        return self._place("unfinished")

    @property
    def outcome(self) -> Outcome | None:
        """How the last deployment ended."""
        found = self._read("outcome")
        return None if found is None else Outcome(**found)

    def begin(self, place: Place) -> None:
        """Note that `place` is on its way; raises OSError where nothing can be written."""
        self._write("unfinished", asdict(place))

    def commit(self, place: Place) -> None:
        """Note that `place` is in, and good."""
        running = self.running
        if running is not None and running.version != place.version:
            self._write("before", asdict(running))
        self._write("running", {**asdict(place), "engine": "swarm"})
        self._forget("unfinished")

    def hand_over(self, place: Place) -> None:
        """Note that `place` is good, in the words of the versions before Swarm.

        Those understand no other, and so touch nothing where a stack runs.
        """
        self._write("running", asdict(place))

    def undone(self) -> None:
        """Note that what was on its way is gone."""
        self._forget("unfinished")

    def tell(self, outcome: Outcome) -> None:
        """Keep it for one who waits; a full disk is no reason to fail now."""
        with suppress(OSError):
            self._write("outcome", asdict(outcome))

    def _place(self, name: str) -> Place | None:
        found = self._read(name)
        return None if found is None else Place(found["version"], found["given"])

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            document: dict[str, Any] = json.loads(self._file(name).read_text())
        except FileNotFoundError:
            return None
        return document

    def _write(self, name: str, document: object) -> None:
        write_private(self._file(name), json.dumps(document))

    def _forget(self, name: str) -> None:
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"
