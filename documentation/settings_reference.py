"""`docs/settings.md`: every environment variable, taken from the code that reads it.

What a variable may be and its default stand in the call that reads it. What it means stands in a
docstring of the same file, on a line `NAME: meaning`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from documentation.environment_reads import NAME, environment_reads
from gateway.splits import PAPERS_SETTING, splits, target_variable
from local.ports import Ports, names, purpose, variable
from services.reading import declared

PATH = Path("docs", "settings.md")
_MEANING = re.compile(rf"^ *({NAME}): (.+?)(?=\n *(?:{NAME}: |\n|\Z)|\Z)", re.MULTILINE | re.DOTALL)


class UndocumentedSettingError(Exception):
    """A variable is read and no docstring says what it means; the message names both."""


@dataclass(frozen=True)
class Section:
    """A part of the page: the variables that these files read."""

    title: str
    introduction: str
    files: tuple[str, ...]


SECTIONS = (
    Section(
        "Services, relay, consumer and set-up",
        "Read by each of our processes when it starts. `make up` and Docker Compose set them.",
        (
            *("processes/settings.py", "processes/gunicorn.conf.py", "processes/logs.py"),
            "processes/tracing.py",
        ),
    ),
    Section("Gateway", "Read by `python -m aware gateway …`.", ("gateway/settings.py",)),
    Section("One machine", "Read by `make up` and `make start`.", ("local/commands.py",)),
    Section("Backups", "Read by `python -m aware backup`.", ("aware/backup.py",)),
    Section("A server", "Read by `deploy.sh` from `/etc/aware/aware.env`.", ("deploy/copies.py",)),
    Section("SwaggerHub", "Read by `make publish`.", ("swaggerhub/settings.py",)),
    Section(
        "Documentation",
        "Read by `make docs` and `make pages`.",
        ("documentation/site_settings.py",),
    ),
)

_HEAD = """\
# Settings

<!-- Written by `make docs` from the code that reads the variables. Do not edit. -->

Every setting is an environment variable, read and checked when a process starts. A wrong value ends
the start with one line that names the variable.

A password or key need not be in the environment, which `docker inspect` shows: where `NAME_FILE` is
set, `NAME` is what that file holds, in UTF-8, without the line ends at its end. That goes for the
passwords that the set-up gives to logins too. `NAME` and `NAME_FILE` both set are refused.
"""

_COMPOSE = """\
## Docker Compose

Read by `docker compose` from the file `.env`. This is `.env.example`, from which it is copied:

```sh
{}
```
"""

_BEHIND = "Read by `python -m aware gateway …`, for each process of `services.yaml`."

Row = tuple[str, str, str, str]


def settings_reference(root: Path) -> str:
    """The page for the repository `root`; raises UndocumentedSettingError."""
    parts = [_HEAD]
    for section in SECTIONS:
        rows = [row for file in section.files for row in _rows(root, file)]
        parts.append(_table(section.title, section.introduction, rows))
    parts.append(_table("Processes behind the gateway", _BEHIND, [*_targets()]))
    parts.append(_table("Ports", "The ports of `make up`, all on 127.0.0.1.", _ports()))
    return "\n".join([*parts, _COMPOSE.format((root / ".env.example").read_text("utf-8").strip())])


def _table(title: str, introduction: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", introduction, ""]
    lines += ["| variable | takes | default | meaning |", "| --- | --- | --- | --- |"]
    for name, takes, default, meaning in rows:
        lines.append(f"| `{name}` | {takes} | {default and f'`{default}`'} | {meaning} |")
    return "\n".join([*lines, ""])


def _rows(root: Path, file: str) -> list[Row]:
    meanings = dict(_meanings(root / file))
    reads = list(environment_reads(root, file))
    for name in sorted({each.name for each in reads} ^ meanings.keys()):
        missing = "code that reads it" if name in meanings else f"a docstring line `{name}: …`"
        raise UndocumentedSettingError(f"{file}: {name}: {missing} is missing")
    return [(each.name, each.takes, each.default, meanings[each.name]) for each in reads]


def _meanings(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                for name, meaning in _MEANING.findall(text):
                    yield name, " ".join(meaning.split()).removesuffix(".")


def _targets() -> Iterator[Row]:
    for split in splits():
        if split.setting != PAPERS_SETTING:
            what = f"percent of the {split.requests} that {split.first} gets at the first start"
            yield split.setting, "a whole number from 0 to 100", "", what
    takes = "`host:port`, or several separated by commas"
    for service in declared():
        for each in service.processes:
            yield target_variable(each), takes, f"{each}:5000", f"where {each} answers"
        for process in (each.process for each in service.event_processes):
            yield target_variable(process), takes, "", f"where a rollout reads {process}'s metrics"


def _ports() -> list[Row]:
    return [(variable(name), "a port", str(Ports()[name]), purpose(name)) for name in names()]
