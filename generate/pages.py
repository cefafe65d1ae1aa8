"""Pages of the APIs and of the events, to be published: they load nothing from anywhere."""

import html
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from generate.asyncapi import asyncapi
from generate.node import NodeError, node_command, run_tool
from generate.published import published
from generate.sources import Sources
from openapi.bundle import Document

FOLDER = Path("build", "pages")
"""Where they are built; not kept in the repository."""

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)
"""A browser's content security policy. Without it each view of a page would fetch a logo from the
maker of the generator, and send them a trace."""

_BACK = "\n\n[All pages](index.html)"
_HEAD = "<head>"
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aware Micro-Services</title>
<style>
  body {{ font-family: system-ui, sans-serif; max-width: 40rem; margin: 4rem auto }}
  li {{ margin: 1rem 0 }}
  p {{ margin: .25rem 0 }}
</style>
</head>
<body>
<h1>Aware Micro-Services</h1>
<ul>
{entries}
</ul>
</body>
</html>
"""


def build_pages(sources: Sources, servers: Iterable[str]) -> list[Path]:
    """Build `index.html` and a page for each API and the events, without anything internal.

    The pages of the APIs name `servers` as the places where they are served.

    Returns:
        The files, from the repository on.

    Raises:
        NodeError: The generator of the pages cannot be run; the pages of before are left.
    """
    documents = {name: published(description) for name, description in sources.apis.items()}
    target = sources.root / FOLDER
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder, "pages")
        made.mkdir()
        for name, document in documents.items():
            text = json.dumps(_shown(document, servers))
            _page(sources.root, made / f"{name}.html", text, ".json")
        infos = {name: document["info"] for name, document in documents.items()}
        if sources.events is not None:
            ((_, events),) = asyncapi(sources).items()
            _page(sources.root, made / "events.html", events, ".yaml")
            infos["events"] = sources.events.document["info"]
        (made / "index.html").write_text(_index(infos), "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return sorted(FOLDER / each.name for each in target.iterdir())


def _shown(document: Document, servers: Iterable[str]) -> Document:
    info = document["info"]
    return document | {
        "info": info | {"description": info.get("description", "") + _BACK},
        "servers": [{"url": url} for url in servers],
    }


def _page(root: Path, page: Path, text: str, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder, f"description{suffix}")
        description.write_text(text, "utf-8")
        command = node_command(root, "redocly", "build-docs", str(description))
        done = run_tool([*command, f"--output={page}", "--inlineBundle"], root)
    if done.returncode:
        raise NodeError(f"`redocly build-docs` failed: {done.stderr.strip()}")
    whole = page.read_text("utf-8")
    policy = f'\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page.write_text(whole.replace(_HEAD, _HEAD + policy, 1), "utf-8")


def _index(infos: dict[str, dict[str, str]]) -> str:
    return _INDEX.format(entries="\n".join(_entry(name, info) for name, info in infos.items()))


def _entry(name: str, info: dict[str, str]) -> str:
    title = " ".join(filter(None, (info["title"], info.get("version"))))
    return (
        f'<li><a href="{name}.html">{html.escape(title)}</a>'
        f"<p>{html.escape(info.get('description', ''))}</p></li>"
    )
