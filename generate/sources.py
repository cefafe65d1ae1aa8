"""The specs, read and found good: what everything else is made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from contract.bindable import load_api
from contract.bodies.refusals import unchecked_bodies
from openapi.deprecation import ended
from openapi.description import Description
from openapi.errors import InvalidDocumentError
from openapi.files import shown
from openapi.reading import load_description


@dataclass(frozen=True)
class Api:
    """One API: the names of its spec (and models), of its handlers' module, and of what it keeps.

    `entity` is the schema of what its database holds. `house_rules` says whether its spec has to
    keep those of `specs/redocly.yaml`, beyond what OpenAPI asks. `enforced_elsewhere` has the
    security schemes that the gateway does not enforce, by name, and who does it instead. Where
    `anonymous`, `{}` beside other requirements lets strangers in; otherwise it is for a gateway
    that nobody has a key or token for, on somebody's own machine.
    """

    name: str
    handlers: str
    entity: str
    house_rules: bool = True
    enforced_elsewhere: Mapping[str, str] = field(default_factory=dict)
    anonymous: bool = False


APIS = (Api("user", "users", "User"), Api("order", "orders", "Order"))

_OVERLAYS = {"user-v2": "user"}
"""What is laid over an API's spec, by the file's name."""

_RULES = "redocly.yaml"


@dataclass(frozen=True)
class Sources:
    """The repository, and the descriptions of its specs by name.

    `versions` are the APIs with an overlay laid over them, by the overlay's name; `declared` says
    of each of the APIs what it is.
    """

    root: Path
    apis: Mapping[str, Description]
    versions: Mapping[str, Description]
    events: Description
    declared: tuple[Api, ...] = APIS

    def notes(self) -> Iterator[str]:
        """What is understood and changes nothing, a line each."""
        descriptions = (*self.apis.values(), *self.versions.values(), self.events)
        yield from dict.fromkeys(note for each in descriptions for note in each.notes)
        for description in self.apis.values():
            yield from unchecked_bodies(description)
            yield from ended(description, datetime.now(UTC))

    def renamed(self) -> Iterator[str]:
        """Names of the specs that are others in Python, a line each."""
        for name, description in self.apis.items():
            for said, given in description.renamed():
                yield f"{name}: {said} is {given} in Python"

    def stored(self) -> Iterator[tuple[Api, Description]]:
        """Each API, and its description.

        Raises:
            InvalidDocumentError: What an API is to store is no schema of its spec.
        """
        for api in self.declared:
            description = self.apis[api.name]
            if api.entity not in description.schemas:
                place = description.place("/components/schemas")
                raise InvalidDocumentError(
                    f"{place}: there is no schema {api.entity}, which this API stores: write one, "
                    "or name another in generate/sources.py"
                )
            yield api, description


def read_sources(root: Path) -> Sources:
    """Read all specs of the repository `root`.

    Raises:
        InvalidDocumentError: One of them cannot be used, or a file is none of them.
    """
    specs = root / "specs"
    apis = {each.name: load_api(specs / f"{each.name}.yaml") for each in APIS}
    versions = {
        name: load_api(specs / f"{api}.yaml", specs / f"{name}.yaml")
        for name, api in _OVERLAYS.items()
    }
    events = load_description(specs / "events.yaml")
    sources = Sources(root, apis, versions, events)
    for file in _unknown_files(specs, sources):
        raise InvalidDocumentError(
            f"{shown(file)}: nothing refers to this file: remove it, or declare its API in "
            "generate/sources.py"
        )
    return sources


def _unknown_files(specs: Path, sources: Sources) -> Iterator[Path]:
    descriptions = (*sources.apis.values(), *sources.versions.values(), sources.events)
    known = {file for each in descriptions for file in each.files}
    known |= {(specs / f"{name}.yaml").resolve() for name in _OVERLAYS}
    known.add((specs / _RULES).resolve())
    for file in sorted(specs.iterdir()):
        if file.suffix in (".yaml", ".yml", ".json") and file.resolve() not in known:
            yield file
