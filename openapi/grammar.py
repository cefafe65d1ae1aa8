"""Which objects an OpenAPI document is made of, and which fields each of them knows.

This is the list of what is understood: a field that is not here is refused, unless it is an
extension (`x-…`). Values that are data to OpenAPI (examples, defaults, enums) are not looked into.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from openapi.pointers import escaped

Version = Literal["3.0", "3.1"]
"""The OpenAPI that a document is written in."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

SECTIONS: Mapping[str, str] = {
    "schema": "schemas",
    "response": "responses",
    "parameter": "parameters",
    "example": "examples",
    "requestBody": "requestBodies",
    "header": "headers",
    "securityScheme": "securitySchemes",
    "link": "links",
    "callback": "callbacks",
    "pathItem": "pathItems",
}
"""The kinds of objects that a `$ref` may stand for, and where `components` keeps them."""


@dataclass(frozen=True)
class Each:
    """A field that holds many objects of one kind: a list, or a mapping of names to them."""

    kind: str


Shape = str | Each | None
"""What a field holds: an object of a kind, many of them, or a value that is not looked into."""

Fields = Mapping[str, Shape]


def _values(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names)


_MEDIA: Fields = {"example": None, "examples": Each("example"), "schema": "schema"}
_HEADER: Fields = {
    **_values("description", "required", "deprecated", "allowEmptyValue", "style", "explode"),
    **_values("allowReserved"),
    **_MEDIA,
    "content": Each("mediaType"),
}
_OBJECTS: Mapping[str, Fields] = {
    "document": {
        "openapi": None,
        "info": "info",
        "servers": Each("server"),
        "paths": "paths",
        "components": "components",
        "security": None,
        "tags": Each("tag"),
        "externalDocs": "externalDocs",
    },
    "info": {
        **_values("title", "description", "termsOfService", "version"),
        "contact": "contact",
        "license": "license",
    },
    "contact": _values("name", "url", "email"),
    "license": _values("name", "url"),
    "server": {**_values("url", "description"), "variables": Each("serverVariable")},
    "serverVariable": _values("enum", "default", "description"),
    "externalDocs": _values("url", "description"),
    "tag": {**_values("name", "description"), "externalDocs": "externalDocs"},
    "components": {section: Each(kind) for kind, section in SECTIONS.items()},
    "pathItem": {
        **_values("$ref", "summary", "description"),
        **dict.fromkeys(METHODS, "operation"),
        "servers": Each("server"),
        "parameters": Each("parameter"),
    },
    "operation": {
        **_values("tags", "summary", "description", "operationId", "deprecated", "security"),
        "externalDocs": "externalDocs",
        "parameters": Each("parameter"),
        "requestBody": "requestBody",
        "responses": "responses",
        "callbacks": Each("callback"),
        "servers": Each("server"),
    },
    "parameter": {**_values("name", "in"), **_HEADER},
    "header": _HEADER,
    "requestBody": {**_values("description", "required"), "content": Each("mediaType")},
    "mediaType": {**_MEDIA, "encoding": Each("encoding")},
    "encoding": {
        **_values("contentType", "style", "explode", "allowReserved"),
        "headers": Each("header"),
    },
    "response": {
        "description": None,
        "headers": Each("header"),
        "content": Each("mediaType"),
        "links": Each("link"),
    },
    "link": {
        **_values("operationRef", "operationId", "parameters", "requestBody", "description"),
        "server": "server",
    },
    "example": _values("summary", "description", "value", "externalValue"),
    "securityScheme": {
        **_values("type", "description", "name", "in", "scheme", "bearerFormat"),
        **_values("openIdConnectUrl"),
        "flows": "flows",
    },
    "flows": dict.fromkeys(
        ("implicit", "password", "clientCredentials", "authorizationCode"), "flow"
    ),
    "flow": _values("authorizationUrl", "tokenUrl", "refreshUrl", "scopes"),
    "discriminator": _values("propertyName", "mapping"),
    "xml": _values("name", "namespace", "prefix", "attribute", "wrapped"),
    "schema": {
        **_values("title", "description", "type", "format", "enum", "default", "example"),
        **_values("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        **_values("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems"),
        **_values("maxProperties", "minProperties", "required"),
        **_values("readOnly", "writeOnly", "deprecated", "nullable"),
        **dict.fromkeys(("allOf", "oneOf", "anyOf", "properties"), Each("schema")),
        **dict.fromkeys(("not", "items", "additionalProperties"), "schema"),
        "discriminator": "discriminator",
        "externalDocs": "externalDocs",
        "xml": "xml",
    },
}
_MORE_IN_31: Mapping[str, Fields] = {
    "document": {"webhooks": Each("pathItem"), "jsonSchemaDialect": None},
    "info": {"summary": None},
    "license": {"identifier": None},
    "schema": {
        **_values("$ref", "const", "examples", "$comment", "$schema", "dependentRequired"),
        **_values("minContains", "maxContains", "contentEncoding", "contentMediaType"),
        **dict.fromkeys(("if", "then", "else", "contains", "propertyNames"), "schema"),
        **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema"), "schema"),
        **dict.fromkeys(("$defs", "definitions", "dependentSchemas"), Each("schema")),
        "patternProperties": Each("schema"),
        "prefixItems": Each("schema"),
    },
}
_NOT_IN_31 = {"schema": {"nullable"}}
_NOT_IN_30 = {"components": {"pathItems"}}
_PATTERNED = {"paths": "pathItem", "responses": "response", "callback": "pathItem"}
"""Objects whose fields are not fixed: what each field holds that is no extension."""


def version_of(document: Mapping[str, Any]) -> Version:
    """The OpenAPI that a document says it is written in."""
    return "3.0" if document["openapi"].startswith("3.0") else "3.1"


@cache
def fields(kind: str, version: Version) -> Fields:
    """The fixed fields of a kind of object, extensions apart."""
    known = {**_OBJECTS[kind]}
    if version == "3.1":
        known |= _MORE_IN_31.get(kind, {})
    for name in (_NOT_IN_30 if version == "3.0" else _NOT_IN_31).get(kind, ()):
        del known[name]
    return known


def is_extension(name: str) -> bool:
    """Whether a field may hold whatever somebody likes."""
    return name.startswith("x-")


def is_reference(kind: str, node: Any) -> bool:  # noqa: ANN401 - JSON is anything
    """Whether an object stands for another one, be it only in part: see `has_siblings`."""
    return kind in SECTIONS and isinstance(node, dict) and isinstance(node.get("$ref"), str)


def has_siblings(kind: str, version: Version) -> bool:
    """Whether what stands beside a `$ref` counts."""
    return kind == "pathItem" or (kind == "schema" and version == "3.1")


Child = tuple[tuple[str, ...], str, Any]
"""The keys that lead to an object within another one, its kind, and itself."""


def children(kind: str, node: Any, version: Version) -> Iterator[Child]:  # noqa: ANN401
    """The objects right within an object; nothing where it is none."""
    if not isinstance(node, dict):
        return
    patterned = _PATTERNED.get(kind)
    known = {} if patterned else fields(kind, version)
    for name, value in node.items():
        shape = known.get(name, None if is_extension(name) else patterned)
        if isinstance(shape, str):
            yield (name,), shape, value
        elif isinstance(shape, Each) and isinstance(value, dict):
            for key, each in value.items():
                yield (name, key), shape.kind, each
        elif isinstance(shape, Each) and isinstance(value, list):
            for number, each in enumerate(value):
                yield (name, str(number)), shape.kind, each


@dataclass(frozen=True)
class Node:
    """An object of a document: where, of which kind, and itself."""

    pointer: str
    kind: str
    value: Any


def walk(
    document: Any,  # noqa: ANN401 - it may be anything
    version: Version,
    kind: str = "document",
    pointer: str = "",
) -> Iterator[Node]:
    """Every object of a document, each before those within it. References are not followed."""
    yield Node(pointer, kind, document)
    if is_reference(kind, document) and not has_siblings(kind, version):
        return
    for keys, child_kind, child in children(kind, document, version):
        below = "".join(f"/{escaped(key)}" for key in keys)
        yield from walk(child, version, child_kind, pointer + below)
