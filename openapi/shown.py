"""A document as it is shown to whoever asks a service for it."""

from copy import deepcopy

from openapi.bundle import Document
from openapi.grammar import version_of, walk
from openapi.schemas import RANGES, may_be_number

_FORMAT = "float"
"""A limit that tools do not know of themselves, as they do those of `int32` and `int64`."""


def shown(document: Document) -> Document:
    """A copy that says the limits of every number of `format: float`, which is one of 32 bits."""
    copy: Document = deepcopy(document)
    least, most = RANGES[_FORMAT]
    for node in walk(copy, version_of(copy)):
        schema = node.value
        if node.kind != "schema" or not isinstance(schema, dict):
            continue
        if schema.get("format") == _FORMAT and may_be_number(schema):
            if "exclusiveMinimum" not in schema:
                schema.setdefault("minimum", least)
            if "exclusiveMaximum" not in schema:
                schema.setdefault("maximum", most)
    return copy
