"""CHANGELOG.md and the cut of a release."""

import tomllib
from datetime import date

import pytest

from documentation.changelog import ChangelogError, cut, newest, notes
from tests.documentation.pages import read

LOG = """\
# Changelog

## [Unreleased]

### Added

- Something.

## [1.0.0] - 2026-11-22

- All of it.
"""
TODAY = date(2026, 12, 1)


def test_the_last_release_is_the_version_of_the_project() -> None:
    """In CHANGELOG.md and pyproject.toml alike."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert newest(read("CHANGELOG.md")) == project["version"]


def test_a_cut_makes_a_version_of_what_was_unreleased() -> None:
    """And leaves room for what comes next."""
    after = cut(LOG, "1.1.0", TODAY)
    assert "## [Unreleased]\n\n## [1.1.0] - 2026-12-01\n\n### Added\n\n- Something." in after
    assert notes(after, "1.1.0") == "### Added\n\n- Something.\n"
    assert notes(after, "1.0.0") == "- All of it.\n"
    assert newest(after) == "1.1.0"


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("1.1", "is no version"),
        ("v1.1.0", "is no version"),
        ("1.0.0", "not above"),
        ("0.9.9", "not above"),
    ],
)
def test_a_cut_refuses_a_version_that_is_none_or_not_new(version: str, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ChangelogError, match=reason):
        cut(LOG, version, TODAY)


def test_a_cut_of_nothing_is_refused() -> None:
    """A release says what is new."""
    empty = LOG.replace("### Added\n\n- Something.\n\n", "")
    with pytest.raises(ChangelogError, match="nothing about Unreleased"):
        cut(empty, "1.1.0", TODAY)


def test_a_version_without_a_section_has_no_notes() -> None:
    """What to do is said."""
    with pytest.raises(ChangelogError, match=r"\[2\.0\.0\]: cut it first"):
        notes(LOG, "2.0.0")
