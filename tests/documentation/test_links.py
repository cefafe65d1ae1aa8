"""Links between the documents of this repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)")
_HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z]+:")


def documents() -> list[str]:
    """Every Markdown file that git knows of, or would."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


def broken_links(document: Path) -> list[str]:
    """The links of a document that lead to no file, or to no heading of one."""
    return [
        link
        for link in _LINK.findall(_CODE.sub("", document.read_text("utf-8")))
        if not _ELSEWHERE.match(link) and not _leads_somewhere(document, link)
    ]


def _leads_somewhere(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target.read_text("utf-8"))


@pytest.mark.parametrize("name", documents())
def test_each_link_leads_to_a_file_and_a_heading(name: str) -> None:
    """So that no reader ends nowhere."""
    assert broken_links(ROOT / name) == []


@pytest.mark.parametrize("link", ["missing.md", "#no-such-heading", "there.md#missing"])
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str) -> None:
    """A file or a heading that is not there; links that lead somewhere are not reported."""
    (tmp_path / "there.md").write_text("# A heading, with: marks\n")
    document = tmp_path / "document.md"
    document.write_text(f"# Here\n[good](there.md#a-heading-with-marks) [own](#here) [bad]({link})")
    assert broken_links(document) == [link]
