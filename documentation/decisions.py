"""`docs/adr/README.md`: the index of the decision records, from their own headings."""

import re
from pathlib import Path

FOLDER = Path("docs", "adr")
PATH = FOLDER / "README.md"

_TITLE = re.compile(r"# (\d+)\. (.+)")
_STATUS = re.compile(r"- Status: (.+)")
_DATE = re.compile(r"- Date: (\d{4}-\d\d-\d\d)")

_HEAD = """\
# Architecture decision records

<!-- Written by `make docs` from the records. Do not edit. -->

Each record states one decision, why it was taken, and what it costs. A decision that is replaced
keeps its record; its status names the successor. A new record begins as a copy of the
[template](template.md) and takes the next free number.

| number | decision | status | date |
| --- | --- | --- | --- |
"""


class DecisionError(Exception):
    """A record does not keep to the template; the message names the file."""


def decision_index(root: Path) -> str:
    """The index of the repository `root`; raises DecisionError."""
    return _HEAD + "".join(map(_row, sorted((root / FOLDER).glob("[0-9]*.md"))))


def _row(record: Path) -> str:
    text = record.read_text("utf-8")
    title, status, date = (each.search(text) for each in (_TITLE, _STATUS, _DATE))
    if not (title and status and date):
        raise DecisionError(f"{record}: needs a title `# N. …`, `- Status: …` and `- Date: …`")
    return f"| {title[1]} | [{title[2]}]({record.name}) | {status[1]} | {date[1]} |\n"
