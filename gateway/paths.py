"""Which paths are an operation's: all that lead to it, and those that a request may have."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from interegular.fsm import FSM

from contract.paths import by_precedence, decoded
from gateway.languages import (
    UnreadableError,
    common,
    either,
    language,
    meet,
    one_after_another,
    shortest,
    within,
    without,
)
from openapi.description import Description, JsonSchema, Operation, Parameter, name_of

REQUESTED = "/[^?#]*"
"""What a request has as its path."""

SEGMENT = "[^/]+"
"""A parameter's value, whatever it is: it may be percent-encoded."""

_ANY_VALUE = "[^/?#]+"
"""The same, of what a request can have in its path."""

_PLAIN = "[A-Za-z0-9._~-]+"
"""Values that nobody encodes: others are longer in a path than their schemas say."""

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_INTEGER = "(?:0|[1-9][0-9]*)"
_TEXTS = {"integer": f"-?{_INTEGER}", "boolean": "true|false"}
_FORMATS = {
    "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
}


@dataclass(frozen=True)
class Owned:
    """An operation and its paths.

    Args:
        operation: The operation.
        paths: All that lead to it: of two templates that match, the more literal one has a path.
        valid: Those of `paths` whose parameters are what their schemas say.
        neighbours: The operations that have some of the paths that its template matches.
    """

    operation: Operation
    paths: FSM
    valid: FSM
    neighbours: tuple[Operation, ...]


def owned(api: Description) -> tuple[Owned, ...]:
    """The operations of an API with their paths."""
    found: list[Owned] = []
    for each in sorted(api.operations, key=lambda one: by_precedence(one.path)):
        before = tuple(
            other.operation
            for other in found
            if other.operation.method == each.method and may_meet(other.operation, each)
        )
        matched = _matched(each.path)
        paths = without(matched, *(_matched(other.path) for other in before))
        taken = tuple(one for one in before if meet(_matched(one.path), matched))
        found.append(Owned(each, paths, common(paths, _valid(each, api.schemas)), taken))
    order = [each.id for each in api.operations]
    return tuple(sorted(found, key=lambda own: order.index(own.operation.id)))


def may_meet(one: Operation, other: Operation) -> bool:
    """Whether one path can be both's, as far as whole segments tell."""
    pairs = [each.path.rstrip("/").split("/") for each in (one, other)]
    return len(pairs[0]) == len(pairs[1]) and all(
        a == b or "{" in a + b for a, b in zip(*pairs, strict=True)
    )


def example(operation: Operation, schemas: Mapping[str, JsonSchema]) -> str:
    """A path of an operation that a request may have, without a last slash."""
    return shortest(_valid(operation, schemas)) or operation.path


def templates(path: str) -> tuple[Sequence[str], Sequence[str]]:
    """The literals of a template, and between them the names of its parameters."""
    parts = _PARAMETER.split(path.rstrip("/"))
    return parts[::2], parts[1::2]


def escaped(text: str) -> str:
    """A regular expression for a text."""
    return re.sub(r"[.+*?^$()|\[\]\\{}]", r"\\\g<0>", text)


def text_of(parameter: Parameter | None, schemas: Mapping[str, JsonSchema]) -> str:
    """A regular expression of a parameter's values: by their characters, not by their length."""
    for each in _said(parameter, schemas):
        found = each.replace(_INTEGER, "[0-9]+")
        found = re.sub(r"\{(\d+),\d*\}", lambda m: "*" if m[1] == "0" else "+", found)
        if within(language(found), language(_PLAIN)):
            return found
    return SEGMENT


@cache
def _matched(path: str) -> FSM:
    """The paths that a template matches, as they are sent and as they are understood."""
    spellings = (templates(each)[0] for each in {path, decoded(path)})
    found = (language(f"{SEGMENT.join(map(escaped, each))}/?") for each in spellings)
    return common(either(*found), language(REQUESTED))


def _valid(operation: Operation, schemas: Mapping[str, JsonSchema]) -> FSM:
    literals, names = templates(operation.path)
    by_name = {each.name: each for each in operation.parameters if each.location == "path"}
    parts = [language(escaped(literals[0]))]
    for name, literal in zip(names, literals[1:], strict=True):
        parts += [_values(by_name.get(name), schemas), language(escaped(literal))]
    return common(one_after_another(*parts, language("/?")), language(REQUESTED))


def _values(parameter: Parameter | None, schemas: Mapping[str, JsonSchema]) -> FSM:
    """What may stand for a parameter: its values, where nobody encodes any of them."""
    said = [language(each) for each in _said(parameter, schemas)]
    if said and within(values := without(common(*said), language("")), language(_PLAIN)):
        return values
    return language(_ANY_VALUE)


def _said(parameter: Parameter | None, schemas: Mapping[str, JsonSchema]) -> Iterator[str]:
    """Regular expressions that all of a parameter's values match."""
    if parameter is None or parameter.media_type or parameter.style != "simple":
        return
    for schema in _parts(parameter.schema, schemas):
        kind = schema.get("type")
        if "const" in schema or "enum" in schema:
            listed = schema["enum"] if "enum" in schema else [schema["const"]]
            values = [f"{each}".lower() if isinstance(each, bool) else f"{each}" for each in listed]
            yield "|".join(map(escaped, filter(None, values)))
        if kind in _TEXTS:
            positive = kind == "integer" and schema.get("minimum", -1) >= 0
            yield _TEXTS[kind].removeprefix("-?" if positive else "")
        if kind == "string" and schema.get("format") in _FORMATS:
            yield _FORMATS[schema["format"]]
        if kind == "string" and "pattern" in schema:
            yield from _anchored(schema["pattern"])


def _parts(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> Iterator[JsonSchema]:
    """The schemas that a value has to fit, all of them."""
    left, seen = [schema], set()
    while left:
        each = left.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [schemas[name_of(each["$ref"])]] if "$ref" in each else []
            left += each.get("allOf", ())


def _anchored(pattern: str) -> Iterator[str]:
    """A pattern of ECMA-262 without its anchors, if it has them at both ends and can be read."""
    inner = pattern.removeprefix("^").removesuffix("$")
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", inner)
    while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = shorter
    if pattern == f"^{inner}$" and "|" not in bare:
        try:
            language(inner)
        except UnreadableError:
            return
        yield inner
