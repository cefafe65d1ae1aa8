"""The files that documents and comments name are there; links on the site."""

import re

import pytest

from documentation.links import for_the_site
from tests.documentation.pages import code, pages, read, tracked

_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.(?:py|ya?ml|md|sh|in|txt|j2|template|mustache|lua)")
_MADE = re.compile(r"^(?:\+\+\+ b/|written +)(\S+)$", re.MULTILINE)
"""What a page has its reader write."""


@pytest.mark.parametrize("page", pages())
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    """Where it names a folder of the repository with it, or makes it itself."""
    files = {*tracked(), *_MADE.findall(read(page))}
    folders = {each.partition("/")[0] for each in files if "/" in each}
    for span in code(page):
        if _FILE.fullmatch(span) and span.partition("/")[0] in folders:
            assert span in files, f"{page}: there is no {span}"


def test_comments_in_code_name_pages_that_are_there() -> None:
    """`docs/….md`, wherever it stands."""
    files = set(tracked())
    for name in files:
        if name.startswith("tests/documentation/"):
            continue
        if name.endswith((".py", ".yml", ".yaml", ".sh", ".toml", ".ini", ".template", ".in")):
            for page in re.findall(r"\bdocs/[\w/-]+\.md\b", read(name)):
                assert page in files, f"{name}: there is no {page}"


def test_on_the_site_links_lead_to_pages_of_the_site_and_else_to_the_repository() -> None:
    """Pages of the root have another place there; without a repository a file is only named."""
    text = "[a](sync.md#how) [b](../CHANGELOG.md) [c](../specs/user.yaml) [d](https://e.f)"
    repository = "https://code.example.com/aware"
    linked = f"[c]({repository}/blob/main/specs/user.yaml)"
    rest = "[a](sync.md#how) [b](changelog.md)"
    assert for_the_site("docs/sync.md", text, repository) == f"{rest} {linked} [d](https://e.f)"
    assert for_the_site("docs/sync.md", text, "") == f"{rest} c [d](https://e.f)"
    assert for_the_site("README.md", "[x](docs/sync.md)", "") == "[x](sync.md)"
    assert for_the_site("docs/adr/1.md", "[x](../cluster.md)", "") == "[x](../cluster.md)"
