"""Every string, array and number in the specs has its limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract.document import load_document

SPECS = Path(__file__).parents[2] / "specs"
DOCUMENTS = {
    "user": load_document(SPECS / "user.yaml"),
    "user v2": load_document(SPECS / "user.yaml", SPECS / "user-v2.yaml"),
    "order": load_document(SPECS / "order.yaml"),
    "events": load_document(SPECS / "events.yaml"),
}
LIMITS = {
    "string": {"maxLength"},
    "array": {"maxItems", "items"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
}
"""What a schema of each type must have."""


def schemas(node: Any, place: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401
    """Every schema with a type in a document, and where it is."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from schemas(each, f"{place}/{number}")
    if isinstance(node, dict):
        if isinstance(node.get("type"), str) and node["type"] in {*LIMITS, "object", "boolean"}:
            yield place, node
        for name, each in node.items():
            if name not in {"example", "default", "enum", "required"}:
                yield from schemas(each, f"{place}/{name}")


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_every_schema_has_its_limits(document: dict[str, Any]) -> None:
    """Also those of parameters, of headers and of answers."""
    found = dict(schemas(document))
    assert len(found) > 5
    without = {
        place: sorted(missing)
        for place, schema in found.items()
        if (missing := LIMITS.get(schema["type"], set()) - schema.keys())
    }
    assert without == {}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_every_body_that_is_sent_names_all_its_properties(document: dict[str, Any]) -> None:
    """An object without `additionalProperties: false` would let anything through."""
    open_ones = [
        place
        for place, schema in schemas(_sent(document))
        if schema["type"] == "object" and schema.get("additionalProperties") is not False
    ]
    assert open_ones == []


def _sent(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas of a document that clients or publishers fill in, by name."""
    answers = {"Problem", "User", "CreatedUser", "UpdatedUser", "Order"}
    components = document["components"]["schemas"]
    return {name: schema for name, schema in components.items() if name not in answers}
