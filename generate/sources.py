"""The specs, read and found good: what everything else is made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from contract.answers.bindable import by_handlers_alone, without_refusals
from contract.bindable import load_api
from contract.bodies.refusals import unchecked_bodies
from generate.misdeclared import misdeclared
from openapi.deprecation import ended
from openapi.description import Description
from openapi.errors import InvalidDocumentError, refuse
from openapi.files import shown
from openapi.reading import load_description
from services.declaration import Collection, Service, System
from services.reading import SPECS, read

_RULES = "redocly.yaml"


@dataclass(frozen=True)
class Sources:
    """The repository, its services as they are declared, and the descriptions of their specs.

    `apis` are the descriptions by what they are called in the code, `versions` those with an
    overlay by the processes that answer by them. `events` is None where there are none.
    """

    root: Path
    apis: Mapping[str, Description]
    versions: Mapping[str, Description]
    events: Description | None
    declared: System

    @cached_property
    def modules(self) -> Mapping[str, Description]:
        """What models are made of, by the names of the modules: every API, and the events."""
        if self.events is None or self.declared.events is None:
            return self.apis
        return {**self.apis, self.declared.events.stem.replace("-", "_"): self.events}

    @property
    def descriptions(self) -> tuple[Description, ...]:
        """Every API as each of its versions has it, and the events."""
        events = () if self.events is None else (self.events,)
        return (*self.apis.values(), *self.versions.values(), *events)

    def notes(self) -> Iterator[str]:
        """What is understood and changes nothing, a line each."""
        notes = [note for each in self.descriptions for note in each.notes]
        for description in self.apis.values():
            notes += unchecked_bodies(description)
            notes += by_handlers_alone(description)
            notes += without_refusals(description)
            notes += ended(description, datetime.now(UTC))
        yield from dict.fromkeys(notes)

    def renamed(self) -> Iterator[str]:
        """Names of the specs that are others in Python, a line each."""
        for name, description in self.apis.items():
            for said, given in description.renamed():
                yield f"{name}: {said} is {given} in Python"

    def services(self) -> Iterator[tuple[Service, Description]]:
        """Each service, and the description of its API."""
        for service in self.declared:
            yield service, self.apis[service.api]

    def stored(self) -> Iterator[tuple[Service, Collection, Description]]:
        """Each collection of each service, and the description of what it holds."""
        for service, description in self.services():
            for collection in service.collections:
                yield service, collection, description


def read_sources(root: Path) -> Sources:
    """Read `services.yaml` and all specs of the repository `root`.

    Raises:
        InvalidDocumentError: One of them cannot be used, a row names what its spec lacks, or a
            file is none of them.
    """
    declared = read(root)
    apis = {each.api: load_api(each.spec) for each in declared}
    versions = {
        each.process: load_api(service.spec, each.overlay)
        for service in declared
        for each in service.versions
        if each.overlay is not None
    }
    events = None if declared.events is None else load_description(declared.events)
    sources = Sources(root, apis, versions, events, declared)
    refuse(misdeclared(declared, apis, events), declared.place)
    for file in _unknown_files(sources):
        raise InvalidDocumentError(
            f"{shown(file)}: nothing refers to it: remove it, or declare its service: "
            "`python -m aware service new NAME --spec FILE`"
        )
    return sources


def _unknown_files(sources: Sources) -> Iterator[Path]:
    specs = sources.root / SPECS
    known = {file for each in sources.descriptions for file in each.files}
    known |= {
        file.resolve() for each in sources.declared for v in each.versions for file in v.overlays
    }
    known.add((specs / _RULES).resolve())
    for file in sorted(specs.iterdir()):
        if file.suffix in (".yaml", ".yml", ".json") and file.resolve() not in known:
            yield file
