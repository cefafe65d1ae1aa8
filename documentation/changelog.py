"""CHANGELOG.md, in the format of Keep a Changelog: notes of a release, and the cut of a new one."""

import re
from datetime import date

_HEADING = re.compile(r"^## \[([^]]+)\](?: - (\d{4}-\d\d-\d\d))?$", re.MULTILINE)
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_UNRELEASED = "Unreleased"


class ChangelogError(Exception):
    """The changelog has not what is asked for; the message says what to do."""


def notes(changelog: str, version: str) -> str:
    """What the section of `version` says, without its heading; raises ChangelogError."""
    sections = _sections(changelog)
    if version not in sections:
        raise ChangelogError(f"CHANGELOG.md has no section [{version}]: cut it first")
    if not sections[version]:
        raise ChangelogError(f"CHANGELOG.md says nothing about {version}")
    return sections[version] + "\n"


def newest(changelog: str) -> str:
    """The version of the last release."""
    return next(name for name in _sections(changelog) if name != _UNRELEASED)


def cut(changelog: str, version: str, day: date) -> str:
    """The changelog with what was unreleased as `version`, released on `day`.

    Raises:
        ChangelogError: The version is none, is not above the last one, or there is nothing new.
    """
    if not _VERSION.fullmatch(version):
        raise ChangelogError(f"{version!r} is no version: three numbers, as 1.2.0")
    last = newest(changelog)
    if _numbers(version) <= _numbers(last):
        raise ChangelogError(f"{version} is not above {last}, the last release")
    notes(changelog, _UNRELEASED)
    heading = f"## [{_UNRELEASED}]"
    return changelog.replace(heading, f"{heading}\n\n## [{version}] - {day.isoformat()}", 1)


def _sections(changelog: str) -> dict[str, str]:
    _, *parts = _HEADING.split(changelog)
    return {name: text.strip() for name, text in zip(parts[::3], parts[2::3], strict=True)}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
