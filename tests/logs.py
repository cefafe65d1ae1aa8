"""The last lines of the logs of what took part in a test, for the report of its failure."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.compose.engine import Compose
from tests.reaper import RUN

_LINES = 20
_TAIL_BYTES = 20_000


def logs_since(item: pytest.Item, began: float, folder: Path) -> Iterator[tuple[str, str]]:
    """Title and last lines of each log that was written after `began`, in seconds since 1970.

    Logs are the files `log` and `*.log` below `folder`, the run's own temporary folder, and
    folders among the test's fixtures; and what `docker compose` shows of a project among them.
    """
    fixtures = [*getattr(item, "funcargs", {}).values()]
    folders = {folder, *(each for each in fixtures if isinstance(each, Path) and each.is_dir())}
    if RUN in os.environ:
        folders.add(Path(tempfile.gettempdir()))
    for file in sorted(_written(folders, began)):
        yield str(file), _tail(file)
    for each in fixtures:
        if isinstance(each, Compose):
            shown = each("logs", "--no-color", f"--tail={_LINES}", check=False)
            yield f"docker compose logs {each.variables.get('COMPOSE_PROJECT_NAME')}", shown.stdout


def _written(folders: Iterable[Path], began: float) -> set[Path]:
    return {
        file.resolve()
        for folder in folders
        for pattern in ("*.log", "log")
        for file in folder.rglob(pattern)
        if file.is_file() and file.stat().st_mtime >= began and file.stat().st_size
    }


def _tail(file: Path) -> str:
    with file.open("rb") as content:
        content.seek(-min(file.stat().st_size, _TAIL_BYTES), os.SEEK_END)
        lines = content.read().decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-_LINES:])
