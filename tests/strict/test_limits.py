"""Every string, array and number in the specs has its limit."""

from collections.abc import Iterator

import pytest

from openapi.description import Description, JsonSchema
from openapi.grammar import walk
from openapi.reading import load_description
from openapi.schemas import within
from services.reading import declared

APIS = {
    each.process: load_description(service.spec, each.overlay)
    for service in declared()
    if service.house_rules
    for each in service.versions
}
if (events := declared().events) is not None:
    APIS["events"] = load_description(events)
LIMITS = {
    "string": {"maxLength"},
    "array": {"maxItems", "items"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
}
"""What a schema of each type must have."""


@pytest.mark.parametrize("api", APIS.values(), ids=APIS.keys())
def test_every_schema_has_its_limits(api: Description) -> None:
    """Also those of parameters, of headers and of answers."""
    found = {
        node.pointer: node.value
        for node in walk(api.document, api.version)
        if node.kind == "schema" and isinstance(node.value, dict) and "type" in node.value
    }
    assert len(found) > 5
    without = {
        pointer: sorted(missing)
        for pointer, schema in found.items()
        if (missing := LIMITS.get(schema["type"], set()) - schema.keys())
    }
    assert without == {}


@pytest.mark.parametrize("api", APIS.values(), ids=APIS.keys())
def test_every_body_that_is_sent_names_all_its_properties(api: Description) -> None:
    """An object without `additionalProperties: false` would let anything through."""
    found = [schema for schema in _sent(api) if schema.get("type") == "object"]
    assert found
    assert [each for each in found if each.get("additionalProperties") is not False] == []


def _sent(api: Description) -> Iterator[JsonSchema]:
    """The schemas that clients or publishers fill in, and those within them."""
    bodies = [each.body for each in api.operations if each.body is not None]
    contents = [content.schema for body in bodies for content in body.content.values()]
    left = [*(contents if api.operations else api.schemas.values())]
    while left:
        schema = api.resolve(left.pop())
        yield schema
        left += within(schema)
