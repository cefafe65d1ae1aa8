"""Schemas of OpenAPI 3.0, compiled: what an instance breaks, all of it, with where."""

from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from contract.document import Document
from contract.errors import MOST_ERRORS, Fault
from contract.excerpt import Excerpt
from contract.formats import CHECKS, UniqueAs

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_ANNOTATIONS = {"int32", "int64", "float", "double", "password"}
"""Formats that say nothing about a string; the first two are enforced as ranges."""

_FRAGMENT = "~!$&'()*+,;=:@"
"""What stands for itself in a URI fragment, beside letters, digits, `-`, `.` and `_`."""

_MOST_LISTED = 2000
"""Of an instance that does not fit, about so many values are looked at for everything that is
wrong. The library makes every error before we read the first, at 20 microseconds each: a body of
300,000 of them would keep a worker busy for half a minute.
"""

_ALTERNATIVES = ("anyOf", "oneOf")

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
        self._document, self._schema, self._closed = document, schema, closed
        self._validator = self._compiled()

    def faults(self, instance: Any) -> list[Fault]:  # noqa: ANN401 - JSON is anything
        """What is wrong with the instance, up to MOST_ERRORS; empty where it fits, and only there.

        Where it is large, all that is wrong with its beginning; if nothing is, what is wrong first.
        """
        if self._validator.is_valid(instance):
            return []
        excerpt = Excerpt(instance, _MOST_LISTED, MOST_ERRORS)
        is_small = excerpt.size * (1 + self._alternatives) <= _MOST_LISTED
        errors = (self._validator if is_small else self._brief).iter_errors(excerpt.value)
        faults = (fault for error in errors if excerpt.tells(error) for fault in _faults(error))
        return list(islice(faults, MOST_ERRORS)) or self._first(instance)

    def _first(self, instance: Any) -> list[Fault]:  # noqa: ANN401
        try:
            self._brief.validate(instance)
        except jsonschema_rs.ValidationError as error:
            return list(islice(_faults(error), MOST_ERRORS))
        return [Fault("does not fit, and is too large to say where", "#")]

    @cached_property
    def _brief(self) -> jsonschema_rs.Draft4Validator:
        """The same, but it does not say why each alternative does not fit: there are too many."""
        return self._compiled(brief=True)

    @cached_property
    def _alternatives(self) -> int:
        return _alternatives([self._schema, self._document.get("components", {}).get("schemas")])

    def _compiled(self, *, brief: bool = False) -> jsonschema_rs.Draft4Validator:
        components = self._document.get("components", {}).get("schemas", {})
        root = {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "allOf": [_draft4(self._schema, closed=self._closed, brief=brief)],
            "components": {"schemas": _each(components, closed=self._closed, brief=brief)},
        }
        return jsonschema_rs.Draft4Validator(
            root,
            formats=dict(CHECKS),
            validate_formats=True,
            ignore_unknown_formats=False,
            mask="the value",
            keywords={"x-unique-as": UniqueAs},
        )


def _draft4(node: Any, *, closed: bool, brief: bool) -> Any:  # noqa: ANN401 - JSON is anything
    """A schema (or a list of them) in OpenAPI 3.0's dialect as JSON Schema draft 4.

    Where `brief`, that no two of `oneOf` may fit is left out.
    """
    if isinstance(node, list):
        return [_draft4(each, closed=closed, brief=brief) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {
        key: value if key in _LITERALS else _draft4(value, closed=closed, brief=brief)
        for key, value in node.items()
        if key != "properties"
    }
    if "properties" in node:  # whose keys are names, not keywords
        schema["properties"] = _each(node["properties"], closed=closed, brief=brief)
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
    return _briefly(schema) if brief else schema


def _briefly(schema: dict[str, Any]) -> dict[str, Any]:
    """The same with alternatives written so that an error says nothing of the branches."""
    branches = [schema.pop(keyword) for keyword in _ALTERNATIVES if keyword in schema]
    fit = [
        {"not": {"allOf": [{"not": each} for each in alternatives]}} for alternatives in branches
    ]
    return schema | {"allOf": [*schema.get("allOf", []), *fit]} if fit else schema


def _alternatives(node: Any) -> int:  # noqa: ANN401 - JSON is anything
    """How many alternatives a schema, or any other part of a document, has in all."""
    if isinstance(node, dict):
        here = sum(len(node[key]) for key in _ALTERNATIVES if isinstance(node.get(key), list))
        return here + sum(map(_alternatives, node.values()))
    return sum(map(_alternatives, node)) if isinstance(node, list) else 0


def _each(schemas: dict[str, Any], *, closed: bool, brief: bool) -> dict[str, Any]:
    return {name: _draft4(schema, closed=closed, brief=brief) for name, schema in schemas.items()}


def _faults(error: jsonschema_rs.ValidationError) -> Iterable[Fault]:
    """The library's error in our words: an entry each for surplus properties, a place for all."""
    kind, path = error.kind, error.instance_path
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield Fault("is not a property here", pointer_to([*path, name]))
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        ways = [each.message for branch in kind.context for each in branch]
        yield Fault(", or ".join(ways), pointer_to(path))
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.Not):
        yield Fault("fits no alternative, or one that is excluded", pointer_to(path))
    else:
        yield Fault(error.message, pointer_to(path))


def pointer_to(path: Iterable[str | int]) -> str:
    """A JSON pointer as a URI fragment: `#/emails/0`, `#` for the whole."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{quote(part, safe=_FRAGMENT)}" for part in parts)
