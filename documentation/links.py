"""Links in Markdown: what they lead to, in the repository and on the site."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^][]|\[[^]]*\])*)\]\(([^()\s]+)\)")
_FENCE_OR_LINK = re.compile(f"{_FENCE.pattern}|{_LINK.pattern}", _FENCE.flags)
_ANCHORED = re.compile(r"[^\w\- ]")

ROOT_PAGES: Mapping[str, str] = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "reporting.md",
}
"""Pages at the repository's root that the site has too, and what they are called there."""


@dataclass(frozen=True)
class Link:
    """A link to another place: `path` is from the repository's root, or an address elsewhere."""

    text: str
    path: str
    anchor: str
    picture: bool

    @property
    def elsewhere(self) -> bool:
        """Whether it leaves the repository."""
        return ":" in self.path


def links(page: str, text: str) -> Iterator[Link]:
    """All links of a page, whose path is `page`; those in code blocks are none."""
    for mark, words, target in _LINK.findall(_FENCE.sub("", text)):
        yield _link(page, words, target, picture=bool(mark))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE):
        plain = _LINK.sub(r"\2", heading).replace("`", "")
        found.add(_ANCHORED.sub("", plain.lower()).replace(" ", "-"))
    return found


def for_the_site(page: str, text: str, repository: str) -> str:
    """The Markdown of a page with its links as the site needs them.

    What is not on the site is read in the `repository`; without one it is named and not linked.
    """
    here = PurePosixPath(_on_site(page) or page).parent

    def replaced(found: re.Match[str]) -> str:
        mark, words, target = found.groups()
        if target is None:
            return found[0]
        link = _link(page, words, target, picture=bool(mark))
        if link.elsewhere or link.path == page:
            return found[0]
        place = _on_site(link.path)
        if place:
            anchor = f"#{link.anchor}" if link.anchor else ""
            return f"{mark}[{words}]({os.path.relpath(place, here)}{anchor})"
        return f"[{words}]({repository}/blob/main/{link.path})" if repository else words

    return _FENCE_OR_LINK.sub(replaced, text)


def _link(page: str, words: str, target: str, *, picture: bool) -> Link:
    path, _, anchor = target.partition("#")
    if ":" not in path:
        joined = Path(page).parent / path if path else Path(page)
        path = os.path.normpath(joined)
    return Link(words, path, anchor, picture)


def _on_site(path: str) -> str | None:
    """Where the site has what is at `path` in the repository."""
    folder, _, rest = path.partition("/")
    return rest if folder == "docs" and rest else ROOT_PAGES.get(path)
