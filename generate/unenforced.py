"""What the specs ask of stored data and MongoDB's validators cannot hold: the one list of it."""

from collections.abc import Iterator
from typing import Any

from generate.json_schemas import as_text
from generate.sources import Sources
from messaging.events import EVENT_TYPE
from openapi.description import Description, JsonSchema
from openapi.pointers import pointer_of
from storage.validators import collection_schema, enforced_keywords

PATH = "schemas/unenforced.json"


def unenforced(sources: Sources) -> dict[str, str]:
    """By collection: the places (`*`: any element), and at each the keywords and their values.

    Raises:
        InvalidDocumentError: What is stored has no end: it is within itself.
    """
    stored = {api.handlers: (each, api.entity) for api, each in sources.stored()}
    stored["contacts"] = (sources.events, EVENT_TYPE)
    return {PATH: as_text({name: _unenforced(*each) for name, each in stored.items()})}


def _unenforced(description: Description, entity: str) -> dict[str, dict[str, Any]]:
    collection_schema(description, entity, {})  # which raises
    places: dict[str, dict[str, Any]] = {}
    for place, left in _places(description, description.schemas[entity], ""):
        places.setdefault(place, {}).update(left)
    return places


def _places(
    description: Description, schema: JsonSchema, here: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = description.resolve(schema)
    held = enforced_keywords(schema, description.schemas)
    left = {key: value for key, value in schema.items() if key not in held}
    if left:
        yield here, left
    for name, each in schema.get("properties", {}).items():
        yield from _places(description, each, f"{here}{pointer_of(name)}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(keyword, []):
            yield from _places(description, each, here)
    if isinstance(schema.get("items"), dict):
        yield from _places(description, schema["items"], f"{here}/*")
