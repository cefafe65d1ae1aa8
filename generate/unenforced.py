"""What the specs ask of stored data and MongoDB's validators cannot hold: the one list of it."""

from collections.abc import Iterator
from typing import Any

from contract.document import Document, resolve
from generate.json_schemas import as_text
from generate.sources import APIS, Sources
from messaging.events import EVENT_TYPE
from storage.validators import enforced_keywords

PATH = "schemas/unenforced.json"

_ANNOTATIONS = {"default", "deprecated", "description", "example", "externalDocs", "title"}
"""Keywords that refuse nothing."""


def unenforced(sources: Sources) -> dict[str, str]:
    """By collection: the places (`*`: any element), and at each the keywords and their values."""
    stored = {api.handlers: (sources.apis[api.name], api.entity) for api in APIS}
    stored["contacts"] = (sources.events, EVENT_TYPE)
    return {PATH: as_text({name: _unenforced(*each) for name, each in stored.items()})}


def _unenforced(document: Document, entity: str) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, Any]] = {}
    for place, left in _places(document, document["components"]["schemas"][entity], ""):
        places.setdefault(place, {}).update(left)
    return places


def _places(
    document: Document, node: dict[str, Any], here: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = resolve(document, node)
    known = enforced_keywords(schema) | _ANNOTATIONS
    left = {key: value for key, value in schema.items() if key not in known}
    if left:
        yield here, left
    for name, each in schema.get("properties", {}).items():
        yield from _places(document, each, f"{here}/{name}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(keyword, []):
            yield from _places(document, each, here)
    if "items" in schema:
        yield from _places(document, schema["items"], f"{here}/*")
