"""Brings the repository up to date with what is made from the specs, as a whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from generate.artefacts import Artefact
from generate.sources import Sources


class State(Enum):
    """How a file stands to what the specs say now."""

    STALE = "written"
    """It is missing, or says something else; writing puts that right."""

    SURPLUS = "removed"
    """Nothing in the specs asks for it any more."""

    CURRENT = "unchanged"
    """It is as the specs want it."""


@dataclass(frozen=True)
class Outcome:
    """One file, by its path in the repository; `text` is None where there is to be none."""

    path: str
    state: State
    text: str | None


def compare(sources: Sources, artefacts: Iterable[Artefact]) -> list[Outcome]:
    """Make everything, in memory, and hold it against the repository.

    Raises:
        InvalidDocumentError: Something cannot be made; nothing has been written.
    """
    outcomes = []
    for artefact in artefacts:
        made = artefact.make(sources)
        for path, text in made.items():
            current = _read(sources.root / path) == text
            outcomes.append(Outcome(path, State.CURRENT if current else State.STALE, text))
        outcomes += [
            Outcome(path, State.SURPLUS, None)
            for path in _present(sources.root, artefact.owns)
            if path not in made
        ]
    return sorted(outcomes, key=lambda each: each.path)


def orphans(sources: Sources, artefacts: Iterable[Artefact]) -> list[str]:
    """What has lost its reason and is a person's to decide about: `file:line: what`."""
    return [each for artefact in artefacts for each in artefact.orphans(sources)]


def write(root: Path, outcomes: Iterable[Outcome]) -> None:
    """Write what is stale and remove what is surplus.

    Every text is on the disk before the first takes its place: if one cannot be, none does.

    Raises:
        OSError: The disk is full, a folder may not be written to, ...
    """
    outcomes = list(outcomes)
    stale = [each for each in outcomes if each.state is State.STALE]
    try:
        for each in stale:
            new = _new(root, each)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(each.text or "", "utf-8")
        for each in stale:
            _new(root, each).replace(root / each.path)
    finally:
        for each in stale:
            _new(root, each).unlink(missing_ok=True)
    for each in outcomes:
        if each.state is State.SURPLUS:
            (root / each.path).unlink()


def _new(root: Path, outcome: Outcome) -> Path:
    file = root / outcome.path
    return file.with_name(f".{file.name}.new")


def _read(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _present(root: Path, patterns: Iterable[str]) -> list[str]:
    return [
        file.relative_to(root).as_posix()
        for pattern in patterns
        for file in root.glob(pattern)
        if file.is_file()
    ]
