"""Which sources were saved."""

from collections.abc import Iterable, Iterator
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
        found = ((each, each.stat()) for each in self._sources())
        now = {each: (stat.st_mtime_ns, stat.st_size) for each, stat in found}
        before, self._known = self._known, now
        return {path for path, _ in before.items() ^ now.items()}

    def _sources(self) -> Iterator[Path]:
        for place in self._places:
            for file in place.rglob("*") if place.is_dir() else (place,):
                if file.suffix in _ENDINGS and file.is_file():
                    yield file
