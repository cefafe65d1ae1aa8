"""The specs, read and found sound: what everything else is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.document import Document, load_document
from generate.soundness import require_sound


@dataclass(frozen=True)
class Api:
    """One API: the names of its spec (and models), of its handlers' module, and of what it keeps.

    `entity` is the schema of what its database holds.
    """

    name: str
    handlers: str
    entity: str


APIS = (Api("user", "users", "User"), Api("order", "orders", "Order"))

_OVERLAYS = ("user-v2",)
"""What is laid over an API's document; each file names in its `extends` over which."""


NO_API: Document = {"openapi": "3.0.3", "info": {"title": "Events", "version": "0"}, "paths": {}}
"""What makes an OpenAPI document of one that has only schemas."""


@dataclass(frozen=True)
class Sources:
    """The repository, and the documents of its specs by name; each is sound."""

    root: Path
    apis: Mapping[str, Document]
    events: Document


def read_sources(root: Path) -> Sources:
    """Read all specs of the repository `root`.

    Raises:
        InvalidDocumentError: One of them cannot be used; the message is one line: file, line, why.
    """
    specs = root / "specs"
    apis = {}
    for api in APIS:
        apis[api.name] = load_document(specs / f"{api.name}.yaml")
        require_sound(apis[api.name], specs / f"{api.name}.yaml")
    for overlay in _OVERLAYS:
        base = specs / f"{overlay.partition('-')[0]}.yaml"
        laid_over = specs / f"{overlay}.yaml"
        require_sound(load_document(base, laid_over), base, laid_over)
    events = load_document(specs / "events.yaml")
    require_sound(NO_API | events, specs / "events.yaml")
    return Sources(root, apis, events)
