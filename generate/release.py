"""The last release of each API, and of the events: what `specs/released/` holds.

It is kept as files, not found by a tag, so that a shallow clone and a copy without history have it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from generate.compatibility import breaking_changes
from generate.published import published_document, published_events
from openapi.bundle import Document
from openapi.files import SpecFile
from openapi.reading import load_description
from services.reading import SPECS, read
from storage.evolution.loading import load

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_HEADER = "# {title} {version} as it was released. Written by `make release`; do not edit.\n"


class _Dumper(yaml.SafeDumper):
    """Writes a thing anew each time it stands somewhere, without YAML's references."""

    def ignore_aliases(self, _data: object) -> bool:
        """Whether it is written anew: yes."""
        return True


class ReleaseError(Exception):
    """The specs cannot be released as they are; the message says why and what to do."""


@dataclass(frozen=True)
class ReleaseStatus:
    """How an API of the specs stands to its last release.

    `released` is that release's version, None where there was none; `breaks` is what would break
    its clients, a line each.
    """

    api: str
    version: str
    released: str | None
    changed: bool
    breaks: tuple[str, ...]

    def require_allowed(self) -> None:
        """Raise ReleaseError where the version does not say what the changes do."""
        now, before = _numbers(self.api, self.version), _numbers(self.api, self.released or "0.0.0")
        if now < before:
            raise ReleaseError(
                f"{self.api}: info.version is {self.version}, lower than the last release "
                f"{self.released}."
            )
        if self.breaks and now[0] == before[0]:
            raise ReleaseError(
                f"{self.api}: what breaks clients of {self.released} needs info.version "
                f"{before[0] + 1}.0.0 (it is {self.version}):\n"
                + "\n".join(f"  {line}" for line in self.breaks)
            )

    def require_new_version(self) -> None:
        """Raise ReleaseError where another document would bear the version of a release."""
        if self.changed and self.version == self.released:
            raise ReleaseError(
                f"{self.api} {self.version} is released already, and the specs say something "
                "else by now: raise info.version."
            )


def standings(root: Path) -> list[ReleaseStatus]:
    """How the specs of the repository `root` stand to their last release.

    Raises:
        InvalidDocumentError: A spec or a release cannot be read.
        NodeError: The tool that compares cannot be run.
    """
    return [_standing(root, *each) for each in _published(root).items()]


def release(root: Path) -> list[ReleaseStatus]:
    """Make the specs the last release; all of them or none. Says how they stood before.

    Raises:
        ReleaseError: A version does not say what its changes do, or was released with another
            content.
    """
    documents, before = _published(root), standings(root)
    for each in before:
        each.require_allowed()
        each.require_new_version()
    for each in before:
        if each.changed or each.released is None:
            _write(released_file(root, each.api), documents[each.api])
    names = "".join(f"{step.name}\n" for step in load(root / "migrations"))
    _migrations_file(root).write_text(names, "utf-8")
    return before


def released_migrations(root: Path) -> set[str]:
    """The names of the migrations that are in the last release."""
    file = _migrations_file(root)
    return {*file.read_text("utf-8").split()} if file.exists() else set()


def _published(root: Path) -> dict[str, Document]:
    """What others rely on, by what it is called in the code: each API, and the events."""
    system = read(root)
    found = {each.api: published_document(each.spec) for each in system.with_clients}
    if system.events is not None and system.published:
        events = published_events(load_description(system.events), system.published)
        found[system.events.stem.replace("-", "_")] = events
    return found


def _standing(root: Path, api: str, document: Document) -> ReleaseStatus:
    file = released_file(root, api)
    version = str(document["info"]["version"])
    if not file.exists():
        return ReleaseStatus(api, version, None, changed=True, breaks=())
    released: Document = SpecFile(file).value
    breaks = tuple(breaking_changes(root, released, document)) if released != document else ()
    return ReleaseStatus(api, version, released["info"]["version"], released != document, breaks)


def _migrations_file(root: Path) -> Path:
    return root / SPECS / "released" / "migrations.txt"


def released_file(root: Path, api: str) -> Path:
    """Where the last release of an API is, if there is one."""
    return root / SPECS / "released" / f"{api}.yaml"


def _write(file: Path, document: Document) -> None:
    file.parent.mkdir(exist_ok=True)
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    file.write_text(_HEADER.format(**document["info"]) + text, "utf-8")


def _numbers(api: str, version: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ReleaseError(f"{api}: info.version is {version!r}; it must be like 1.2.3.")
    return tuple(int(number) for number in match.groups())
