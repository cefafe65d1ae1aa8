"""Links of the repository's pages, as they have to be on the site."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_FENCE = r"^ *```.*?^ *```$"
_LINK = r"(!?)\[((?:[^][]|\[[^]]*\])*)\]\(([^()\s#]*)(#[^()\s]*)?\)"
_FENCE_OR_LINK = re.compile(f"{_FENCE}|{_LINK}", re.MULTILINE | re.DOTALL)

ROOT_PAGES: Mapping[str, str] = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "reporting.md",
    "tests/README.md": "tests.md",
}
"""Pages outside of docs/ that the site has too, and what they are called there."""


def for_the_site(page: str, text: str, repository: str) -> str:
    """The Markdown of a page of the repository with its links as the site needs them.

    What is not on the site is read in the `repository`; without one it is named and not linked.
    """
    here = PurePosixPath(_on_site(page) or page).parent

    def replaced(found: re.Match[str]) -> str:
        mark, words, target, anchor = found.groups()
        if not target or ":" in target:  # a block of code, the same page, or another site
            return found[0]
        path = os.path.normpath(Path(page).parent / target)
        place = _on_site(path)
        if place:
            return f"{mark}[{words}]({os.path.relpath(place, here)}{anchor or ''})"
        return f"[{words}]({repository}/blob/main/{path})" if repository else words

    return _FENCE_OR_LINK.sub(replaced, text)


def _on_site(path: str) -> str | None:
    """Where the site has what is at `path` in the repository."""
    folder, _, rest = path.partition("/")
    return rest if folder == "docs" and rest else ROOT_PAGES.get(path)
