"""Schemas of OpenAPI 3.0, compiled: what an instance breaks, all of it, with where."""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from contract.document import Document, resolve
from contract.errors import MOST_ERRORS, Fault
from contract.formats import CHECKS, UniqueAs

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_ANNOTATIONS = {"int32", "int64", "float", "double", "password"}
"""Formats that say nothing about a string; the first two are enforced as ranges."""

_FRAGMENT = "~!$&'()*+,;=:@"
"""What stands for itself in a URI fragment, beside letters, digits, `-`, `.` and `_`."""

_MOST_PROPERTIES = 2000
"""Of an object that does not fit, so many properties are looked at, and those of the schema; of
an array so many elements, where the schema has no limit of its own."""

_LITERALS = {"enum", "default", "example"}
"""Keywords whose values are instances, not schemas."""


class Schema:
    """A compiled schema. Thread-safe; checking a valid instance takes about a microsecond."""

    def __init__(self, document: Document, schema: dict[str, Any], *, closed: bool = False) -> None:
        """Compile `schema`, whose references point into `document`.

        Args:
            document: The whole document.
            schema: An OpenAPI 3.0 schema.
            closed: Refuse properties that the schema does not name, where it leaves that open.

        Raises:
            ValueError: It is no schema, or has a format that nobody checks.
        """
        self._document, self._schema = document, schema
        components = document.get("components", {}).get("schemas", {})
        root = {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "allOf": [_draft4(schema, closed=closed)],
            "components": {"schemas": _each(components, closed=closed)},
        }
        self._validator = jsonschema_rs.Draft4Validator(
            root,
            formats=dict(CHECKS),
            validate_formats=True,
            ignore_unknown_formats=False,
            mask="the value",
            keywords={"x-unique-as": UniqueAs},
        )

    def faults(self, instance: Any) -> list[Fault]:  # noqa: ANN401 - JSON is anything
        """Everything that is wrong with the instance, up to MOST_ERRORS; empty where it fits."""
        if self._validator.is_valid(instance):
            return []
        errors = self._validator.iter_errors(self._shortened(instance, self._schema))
        faults = (fault for error in errors for fault in _faults(error))
        return list(islice(faults, MOST_ERRORS))

    def _shortened(self, instance: Any, schema: dict[str, Any]) -> Any:  # noqa: ANN401
        """What is wrong, cut to where the schema reaches.

        The library makes every error before we read the first: a body of 300,000 of them, or one
        of 2000 addresses that are hard to read, would keep a worker busy for half a minute.
        """
        schema = resolve(self._document, schema)
        if isinstance(instance, list):
            items = schema.get("items")
            most = schema.get("maxItems", _MOST_PROPERTIES) if items is not None else 0
            return [self._shortened(each, items or {}) for each in islice(instance, most + 1)]
        if isinstance(instance, dict):
            known = schema.get("properties", {})
            kept = {name: instance[name] for name in known if name in instance}
            kept |= islice(instance.items(), _MOST_PROPERTIES)
            return {name: self._shortened(each, known.get(name, {})) for name, each in kept.items()}
        return instance


def _draft4(node: Any, *, closed: bool) -> Any:  # noqa: ANN401 - JSON is anything
    """A schema (or a list of them) in OpenAPI 3.0's dialect as JSON Schema draft 4."""
    if isinstance(node, list):
        return [_draft4(each, closed=closed) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {
        key: value if key in _LITERALS else _draft4(value, closed=closed)
        for key, value in node.items()
        if key != "properties"
    }
    if "properties" in node:  # whose keys are names, not keywords
        schema["properties"] = _each(node["properties"], closed=closed)
        if closed:
            schema.setdefault("additionalProperties", False)
    if schema.pop("nullable", False) and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if schema.get("format") in _ANNOTATIONS:
        least, most = _RANGES.get(schema.pop("format"), (None, None))
        if least is not None and most is not None:
            schema["minimum"] = max(schema.get("minimum", least), least)
            schema["maximum"] = min(schema.get("maximum", most), most)
    return schema


def _each(schemas: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    return {name: _draft4(schema, closed=closed) for name, schema in schemas.items()}


def _faults(error: jsonschema_rs.ValidationError) -> Iterable[Fault]:
    """The library's error in our words: an entry each for surplus properties, a place for all."""
    kind, path = error.kind, error.instance_path
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield Fault("is not a property here", pointer_to([*path, name]))
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        ways = [each.message for branch in kind.context for each in branch]
        yield Fault(", or ".join(ways), pointer_to(path))
    else:
        yield Fault(error.message, pointer_to(path))


def pointer_to(path: Iterable[str | int]) -> str:
    """A JSON pointer as a URI fragment: `#/emails/0`, `#` for the whole."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{quote(part, safe=_FRAGMENT)}" for part in parts)
