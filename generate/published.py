"""What of an API is for its clients: what is released, published and made into SDKs."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from contract.document import METHODS, Document, load_document, operations
from generate import sources

APIS = tuple(api.name for api in sources.APIS)
"""The APIs that have clients, each by the name of its file in `specs/`."""


def public_name(api: str) -> str:
    """What the API is called where it is published: on SwaggerHub, PyPI and npm alike."""
    return f"aware-{api}s"


def published_document(root: Path, api: str) -> Document:
    """The API of the repository `root` as its clients may see it, in one document.

    Raises:
        InvalidDocumentError: The spec cannot be read.
    """
    return published(load_document(root / "specs" / f"{api}.yaml"))


def published(document: Document) -> Document:
    """A copy without operations that are `x-internal`, and without what only they use."""
    document = deepcopy(document)
    for operation in [each for each in operations(document) if each.internal]:
        item = document["paths"][operation.path]
        del item[operation.method.lower()]
        if not any(method in item for method in METHODS):
            del document["paths"][operation.path]
    left = list(operations(document))
    _drop_links(document, {each.id for each in left})
    _drop_unused(document)
    used = {tag for each in left for tag in each.definition.get("tags", [])}
    if "tags" in document:
        document["tags"] = [tag for tag in document["tags"] if tag["name"] in used]
    return document


def _drop_links(document: Document, known: set[str]) -> None:
    """Take out the links of responses to operations that are not known."""
    answers = [*document.get("components", {}).get("responses", {}).values()]
    for operation in operations(document):
        answers += operation.definition["responses"].values()
    for answer in answers:
        links = answer.get("links", {})
        for name in [name for name, link in links.items() if link.get("operationId") not in known]:
            del links[name]
        if "links" in answer and not links:
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
        reference = node.get("$ref")
        if isinstance(reference, str):
            _, _, kind, name, *_ = reference.split("/")
            yield kind, name
        for each in node.values():
            yield from _references(each)
