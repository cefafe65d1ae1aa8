"""Which sources were saved."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_ENDINGS = {".py", ".yaml", ".yml", ".json"}


class SavedFiles:
    """The sources among some files and folders of `root`, as they were at the last look."""

    def __init__(self, root: Path, names: Iterable[str]) -> None:
        self._places = [root / each for each in names]
        self._known: dict[Path, tuple[int, int]] = {}
        self.changed()

    def changed(self) -> set[Path]:
        """Those that were added, saved or removed since the last look."""
        now = dict(self._sources())
        before, self._known = self._known, now
        return {path for path, _ in before.items() ^ now.items()}

    def _sources(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for file in self._files():
            with suppress(FileNotFoundError):  # it was there a moment ago
                stat = file.stat()
                yield file, (stat.st_mtime_ns, stat.st_size)

    def _files(self) -> Iterator[Path]:
        for place in self._places:
            found = (Path(folder, name) for folder, _, names in os.walk(place) for name in names)
            yield from (each for each in found if each.suffix in _ENDINGS)
            if not place.is_dir():
                yield place
