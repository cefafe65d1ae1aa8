"""Whether a document has the form that OpenAPI says, in words that say what to write instead."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs

from openapi.bundle import Bundle
from openapi.errors import Violation
from openapi.explain import explain
from openapi.grammar import SECTIONS, Node, Version, is_reference, walk
from openapi.patterns import portable
from openapi.pointers import pointer_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DIALECTS = (_DIALECT, "https://spec.openapis.org/oas/3.1/dialect/base")
_MAX_CHARACTERS = 200
"""A library's message is cut after so many: some hold half a spec."""

_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_OTHER_TYPES = {
    "file": "`type: string` with `format: binary`",
    "date": "`type: string` with `format: date`",
    "datetime": "`type: string` with `format: date-time`",
    "float": "`type: number` with `format: float`",
    "double": "`type: number` with `format: double`",
    "int": "`type: integer`",
    "long": "`type: integer` with `format: int64`",
    "null": "`nullable: true` beside the other type",
}
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_WORDS = {
    "null": "null",
    "string": "a text: write it in quotes",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of names to values",
}


def details(bundle: Bundle) -> Iterator[Violation]:
    """What OpenAPI's JSON Schemas would refuse, too, but not say so well; and what they let by."""
    said = bundle.document.get("jsonSchemaDialect", _DIALECT)
    if said not in _DIALECTS:
        yield "/jsonSchemaDialect", f"{said} is not understood: write {_DIALECT}, or remove it"
    for node in walk(bundle.document, bundle.version):
        if not isinstance(node.value, dict) or is_reference(node.kind, node.value) > (
            node.kind == "schema"
        ):
            continue
        for reason, keys in _details(node, bundle.version):
            yield node.pointer + pointer_of(*keys), reason


_Detail = tuple[str, tuple[str, ...]]
"""What is wrong in an object, and the keys that lead there."""


def _details(node: Node, version: Version) -> Iterator[_Detail]:
    if "example" in node.value and "examples" in node.value and node.kind != "schema":
        yield "there is `example`, too: keep one of them", ("examples",)
    if "content" in node.value and "schema" in node.value:
        yield "there is `schema`, too: keep one of them", ("content",)
    if node.kind in _DETAILS:
        yield from _DETAILS[node.kind](node.value, version)


def _paths(paths: dict[str, Any], _: Version) -> Iterator[_Detail]:
    for path in paths:
        if not re.match(r"/|x-", path):
            yield f"the path {path} must begin with /", (path,)


def _responses(responses: dict[str, Any], _: Version) -> Iterator[_Detail]:
    for status in responses:
        if not re.fullmatch(r"[1-5]([0-9]{2}|XX)|default|x-.*", status):
            yield f"{status} is no status: write 200, 2XX or default", (status,)


def _components(components: dict[str, Any], _: Version) -> Iterator[_Detail]:
    sections = (each for each in SECTIONS.values() if isinstance(components.get(each), dict))
    for section, name in ((each, name) for each in sections for name in components[each]):
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
            yield f"{name} is no name of a component: write {plain}", (section, name)


def _scheme(node: dict[str, Any], version: Version) -> Iterator[_Detail]:
    known = ("apiKey", "http", "oauth2", "openIdConnect", *["mutualTLS"] * (version == "3.1"))
    if "type" in node and node["type"] not in known:
        yield f"{node['type']} is no type: write one of {', '.join(known)}", ("type",)


def _schema(node: dict[str, Any], version: Version) -> Iterator[_Detail]:
    said = node.get("$schema", _DIALECT)
    if said not in _DIALECTS:
        yield f"{said} is not understood: write {_DIALECT}, or remove it", ("$schema",)
    if node.get("readOnly") is True and node.get("writeOnly") is True:
        yield "what is readOnly and writeOnly can be nowhere: remove one of them", ("writeOnly",)
    if "type" in node:
        if version == "3.0" and isinstance(node["type"], list):
            yield "a list of types is of OpenAPI 3.1: write one, and `nullable: true`", ("type",)
        else:
            yield from _types(node["type"], version)
    if isinstance(node.get("items"), list):
        instead = "one schema for all" if version == "3.0" else "`prefixItems`"
        yield f"`items` is a list here: write {instead}", ("items",)
    yield from _pattern(node.get("pattern"), "pattern")
    of_names = node.get("patternProperties")
    for pattern in of_names if isinstance(of_names, dict) else ():
        yield from _pattern(pattern, "patternProperties", pattern)


def _pattern(pattern: Any, *keys: str) -> Iterator[_Detail]:  # noqa: ANN401
    if isinstance(pattern, str):
        try:
            portable(pattern)
        except ValueError as error:
            yield f"the pattern {pattern} {error}", keys


def _types(said: Any, version: Version) -> Iterator[_Detail]:  # noqa: ANN401
    known = _TYPES if version == "3.0" else (*_TYPES, "null")
    for each in said if isinstance(said, list) else [said]:
        if each not in known:
            instead = f"write one of {', '.join(known)}"
            if isinstance(each, str) and each.lower() in _OTHER_TYPES:
                instead = f"write {_OTHER_TYPES[each.lower()]}"
            yield f"{'null' if each is None else each} is no type: {instead}", ("type",)


def _parameter(node: dict[str, Any], _: Version) -> Iterator[_Detail]:
    location = str(node.get("in"))
    if location in ("body", "formData"):
        yield f"`in: {location}` is of Swagger 2.0: write a `requestBody`", ("in",)
    elif location not in _STYLES and "in" in node:
        yield f"`in: {location}` is none: write {' or '.join(_STYLES)}", ("in",)
    elif "in" in node and node.get("style") not in (None, *_STYLES[location]):
        styles = " or ".join(_STYLES[location])
        yield f"`style: {node['style']}` is none `in: {location}`: write {styles}", ("style",)
    if location == "path" and node.get("required") is not True:
        yield "a path parameter is always there: write `required: true`", ()


_DETAILS: Mapping[str, Callable[[dict[str, Any], Version], Iterator[_Detail]]] = {
    "components": _components,
    "parameter": _parameter,
    "paths": _paths,
    "responses": _responses,
    "schema": _schema,
    "securityScheme": _scheme,
}
"""By the kind of object."""


def structure(bundle: Bundle) -> Iterator[Violation]:
    """The official JSON Schema of OpenAPI, and of JSON Schema for the schemas of 3.1."""
    schema, validator = _official(bundle.version)
    if not validator.is_valid(bundle.document):
        for path, reason in explain(validator.iter_errors(bundle.document), schema):
            yield pointer_of(*path), _plain(path, reason)
    elif bundle.version == "3.1":
        for node in walk(bundle.document, "3.1"):
            if node.kind == "schema" and not jsonschema_rs.meta.is_valid(_dialect(node)):
                yield from _keyword_types(node)


def _dialect(node: Node) -> dict[str, Any]:
    value = node.value
    return {"$schema": _DIALECT, "allOf": [value]}


def _keyword_types(node: Node) -> Iterator[Violation]:
    try:
        jsonschema_rs.meta.validate(_dialect(node))
    except jsonschema_rs.ValidationError as error:
        path = [*error.instance_path][2:]
        reason = error.message.removeprefix(repr(error.instance))
        yield (
            node.pointer + pointer_of(*path),
            _plain(path, re.sub(r"^.* is not of", "it is not of", reason)),
        )


def _official(version: Version) -> tuple[Any, Any]:
    """The schema that openapi-spec-validator brings, and its validator.

    The package is not imported: that would cost each worker of a service 10 MB.
    """
    package = distribution("openapi-spec-validator")
    file = f"openapi_spec_validator/resources/schemas/v{version}/schema.json"
    schema = json.loads(Path(str(package.locate_file(file))).read_text("utf-8"))
    if version == "3.0":
        schema = _in_draft_7(schema)
        return schema, jsonschema_rs.Draft7Validator(schema, mask="it")
    return schema, jsonschema_rs.Draft202012Validator(schema, mask="it")


def _in_draft_7(node: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """The schema of draft 4 in draft 7, which can say of a reference that it is one or is not.

    Where a reference or something else may stand, draft 4 tells of both what is missing.
    """
    if isinstance(node, list):
        return [_in_draft_7(each) for each in node]
    if not isinstance(node, dict):
        return node
    result = {key: _in_draft_7(value) for key, value in node.items()}
    if isinstance(node.get("$schema"), str):
        result["$schema"] = "http://json-schema.org/draft-07/schema#"
        del result["id"]
    if node.get("format") in ("regex", "uri-reference"):  # patterns are looked at elsewhere, and
        del result["format"]  # a `$ref` with the braces of a path in it leads where it leads
    if node.get("exclusiveMinimum") is True:
        result["exclusiveMinimum"] = result.pop("minimum")
    reference = {"$ref": "#/definitions/Reference"}
    if isinstance(node.get("oneOf"), list) and reference in node["oneOf"]:
        others = [each for each in result.pop("oneOf") if each != reference]
        other = others[0] if len(others) == 1 else {"oneOf": others}
        is_one = {"type": "object", "required": ["$ref"]}
        result |= {"if": is_one, "then": reference, "else": other}
    return result


def _plain(path: list[str | int], message: str) -> str:
    """A library's message in one line of a readable length, with the name of what is meant."""
    name = next((f"`{key}`" for key in reversed(path) if isinstance(key, str)), "it")
    if path and isinstance(path[-1], int):
        name = f"an element of {name}"
    line = " ".join(message.split())
    line = re.sub(r'"([^"]+)" is a required property', r"`\1` is missing", line)
    line = re.sub(r'it is not of type "(\w+)"', lambda each: f"it must be {_WORDS[each[1]]}", line)
    line = re.sub(r"^it\b|^(?=is not a property)", f"{name} ", line).replace("  ", " ")
    return line if len(line) <= _MAX_CHARACTERS else f"{line[:_MAX_CHARACTERS]}..."
