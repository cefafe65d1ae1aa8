"""What of an API is for its clients: what is released, published and made into SDKs."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from openapi.bundle import Document
from openapi.description import Description
from openapi.grammar import METHODS, version_of, walk
from openapi.reading import load_description


def published_document(spec: Path) -> Document:
    """The API of a spec as its clients may see it, in one document.

    Raises:
        InvalidDocumentError: The spec cannot be read.
    """
    return published(load_description(spec))


def published(description: Description) -> Document:
    """The document without operations that are `x-internal`, and without what only they use."""
    document = deepcopy(description.document)
    for operation in description.operations:
        item = document["paths"][operation.template]
        if operation.internal:
            del item[operation.method.lower()]
        elif operation.deprecation is not None:
            node = item[operation.method.lower()]
            said = f"{operation.deprecation}."
            said = f"{said[0].upper()}{said[1:]}"
            node["description"] = "\n\n".join(filter(None, (operation.description, said)))
        if not any(method in item for method in METHODS):
            del document["paths"][operation.template]
    left = [each for each in description.operations if not each.internal]
    _drop_links(document, {each.operation_id for each in left})
    _drop_unused(document)
    used = {tag for each in left for tag in each.tags}
    if "tags" in document:
        document["tags"] = [tag for tag in document["tags"] if tag["name"] in used]
    return document


def published_events(description: Description, names: Iterable[str]) -> Document:
    """The events of these names as operations that take one and answer with one.

    So they can be compared like an API: what is published now must be taken by those who followed
    the last release, and the other way round, for some of it is still in a queue. Followers ignore
    properties that they do not know, so no object is closed.
    """
    document = deepcopy(description.document)
    document["paths"] = {f"/{each}": {"post": _exchange(each)} for each in names}
    _drop_unused(document)
    opened: Document = _opened(document)
    return opened


def _exchange(event: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{event}"}}}
    return {
        "operationId": event,
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "One like it.", "content": deepcopy(content)}},
    }


def _opened(node: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(node, list):
        return [_opened(each) for each in node]
    if not isinstance(node, dict):
        return node
    is_closed = node.get("additionalProperties") is False
    return {
        key: _opened(value)
        for key, value in node.items()
        if not (is_closed and key == "additionalProperties")
    }


def _drop_links(document: Document, known: set[str | None]) -> None:
    """Take out the links of responses to operations that are not known."""
    for node in [*walk(document, version_of(document))]:
        answer = node.value
        if node.kind != "response" or "links" not in answer:
            continue
        links = answer["links"]
        for name in [name for name, link in links.items() if link.get("operationId") not in known]:
            del links[name]
        if not links:
            del answer["links"]


def _drop_unused(document: Document) -> None:
    """Take out components that nothing refers to, but for ways to show who one is."""
    components = document.pop("components", {})
    used: set[tuple[str, str]] = set()
    found = set(_references(document))
    while found:
        used |= found
        found = {
            reference
            for kind, name in found
            for reference in _references(components.get(kind, {}).get(name))
        } - used
    kept = {
        kind: {
            name: node
            for name, node in named.items()
            if kind == "securitySchemes" or (kind, name) in used
        }
        for kind, named in components.items()
    }
    document["components"] = {kind: named for kind, named in kept.items() if named}


def _references(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON is anything
    """Kind and name of each component that the node refers to."""
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        told = node.get("discriminator")
        mapping = told.get("mapping", {}) if isinstance(told, dict) else {}
        for reference in (node.get("$ref"), *mapping.values()):
            if isinstance(reference, str) and reference.startswith("#/"):
                _, _, kind, name, *_ = reference.split("/")
                yield kind, name
            elif isinstance(reference, str):
                yield "schemas", reference
        for each in node.values():
            yield from _references(each)
