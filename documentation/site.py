"""The site: the pages in `docs/`, those of the root, and the API pages, built by MkDocs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from documentation import alerts_reference, decisions, metrics_reference, settings_reference
from documentation.site_settings import SiteSettings
from generate.pages import build_pages
from generate.sources import read_sources

FOLDER = Path("build", "site")


class SiteError(Exception):
    """MkDocs refuses a page; the message is what it says."""


def written_pages(root: Path) -> Mapping[Path, str]:
    """The pages that follow from other files of the repository `root`, by path.

    Raises:
        UndocumentedSettingError: A setting is described nowhere.
        DecisionError: A decision record does not keep to the template.
    """
    return {
        settings_reference.PATH: settings_reference.settings_reference(root),
        alerts_reference.PATH: alerts_reference.alerts_reference(root),
        metrics_reference.PATH: metrics_reference.metrics_reference(),
        decisions.PATH: decisions.decision_index(root),
    }


def stale_pages(root: Path) -> list[Path]:
    """Those of `written_pages` that are not in the repository as they would be written."""
    return [
        path
        for path, text in written_pages(root).items()
        if not (root / path).exists() or (root / path).read_text("utf-8") != text
    ]


def build_site(root: Path, settings: SiteSettings) -> Path:
    """Build the site of the repository `root`, and return its folder, from the root on.

    Raises:
        NodeError: The generator of the API pages cannot be run.
        SiteError: A link leads nowhere, or another page is no good.
    """
    build_pages(read_sources(root), settings.servers)
    run_mkdocs(root)
    return FOLDER


def run_mkdocs(root: Path) -> None:
    """Build the site around API pages that are there; raises SiteError."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"]
    # Otherwise the theme prints an advertisement into the build.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
        raise SiteError("\n".join(said).strip())
