"""The site, as `make docs` builds it."""

import html.parser
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from documentation.links import ROOT_PAGES
from documentation.site import SiteError, build_site, run_mkdocs
from documentation.site_settings import SiteSettings
from tests.generate.copying import copy_repository

SERVER = "https://api.example.com"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, with the tools of this environment."""
    return copy_repository(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(copy: Path) -> Path:
    """The site of the copy."""
    return copy / build_site(copy, SiteSettings((SERVER,), ""))


def test_every_page_is_on_the_site(site: Path, copy: Path) -> None:
    """Those in docs/, those of the root, and the API pages."""
    pages = {each.relative_to(copy / "docs") for each in (copy / "docs").rglob("*.md")}
    wanted = {str(each.with_suffix(".html")).replace("README", "index") for each in pages}
    wanted |= {place.replace(".md", ".html") for place in ROOT_PAGES.values()}
    wanted |= {f"api/{name}.html" for name in ("index", "user", "order", "events")}
    assert wanted <= {str(each.relative_to(site)) for each in site.rglob("*.html")}


def test_the_api_pages_on_the_site_name_the_servers_of_the_setting(site: Path) -> None:
    """And the index leads to each operation."""
    for name in ("user", "order"):
        assert SERVER in (site / "api" / f"{name}.html").read_text("utf-8")
    index = (site / "api" / "index.html").read_text("utf-8")
    assert 'href="user.html#/users/create_user"' in index
    assert "get_user" not in index  # internal


def test_a_browser_fetches_nothing_from_elsewhere(site: Path) -> None:
    """No font, script, style or picture: each is on the site itself."""
    for page in site.rglob("*.html"):
        reader = _Reader()
        reader.feed(page.read_text("utf-8"))
        for address in reader.loaded:
            parts = urlsplit(address)
            assert not parts.netloc, f"{page.name} loads {address}"
            if parts.path and parts.scheme != "data" and page.name != "404.html":
                assert (page.parent / parts.path).exists(), f"{page.name} loads {address}"


def test_the_site_can_be_searched_and_has_light_and_dark(site: Path) -> None:
    """By what the reader's system prefers."""
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert any("transactional outbox" in each["text"].lower() for each in index["docs"])
    page = (site / "index.html").read_text("utf-8")
    for scheme in ("light", "dark"):
        assert f"(prefers-color-scheme: {scheme})" in page


def test_a_link_that_leads_nowhere_fails_the_build(copy: Path, site: Path) -> None:
    """To a page and to a heading; each is said with the page that has it."""
    assert site.exists()
    page = copy / "docs" / "faq.md"
    before = page.read_text("utf-8")
    page.write_text(f"{before}\n[one](nowhere.md), [two](sync.md#nothing)\n", "utf-8")
    try:
        with pytest.raises(SiteError) as raised:
            run_mkdocs(copy)
    finally:
        page.write_text(before, "utf-8")
    for link in ("nowhere.md", "sync.md#nothing"):
        assert any("faq.md" in line and link in line for line in str(raised.value).splitlines())


class _Reader(html.parser.HTMLParser):
    """Notes what a page makes a browser load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag loads."""
        values = dict(attrs)
        loads = tag == "link" and values.get("rel") in {"stylesheet", "icon", "preload"}
        address = values.get("src") or (values.get("href") if loads else None)
        if address:
            self.loaded.append(address)
