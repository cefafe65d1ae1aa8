"""What MkDocs calls while it builds the site; mkdocs.yml names this file."""

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

from documentation.api_index import api_index
from documentation.links import ROOT_PAGES, for_the_site
from documentation.site_settings import SiteSettings
from generate.pages import FOLDER as API_PAGES

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent


def on_files(files: Files, *, config: "MkDocsConfig") -> Files:
    """Add the pages of the repository's root and the API pages."""
    for name, place in ROOT_PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text("utf-8")))
    files.append(File.generated(config, "api/index.md", content=api_index(ROOT)))
    for page in sorted((ROOT / API_PAGES).iterdir()):
        files.append(File.generated(config, f"api/{page.name}", abs_src_path=str(page)))
    return files


def on_page_markdown(markdown: str, *, page: "Page", config: "MkDocsConfig", files: Files) -> str:
    """Lead links to files outside the site to the repository."""
    del config, files
    places = {place: name for name, place in ROOT_PAGES.items()}
    source = places.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    settings = SiteSettings.from_environment()
    return for_the_site(source, markdown, settings.repository)
