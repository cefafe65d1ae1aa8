"""Parameters that cannot be read, or not told apart: refused when a service starts."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from contract.parameters import content
from contract.parameters.decoder import Decoder
from contract.parameters.path import segments
from contract.parameters.shapes import MAX_SHAPES, TooManyShapesError
from openapi.description import Description, Operation, Parameter
from openapi.errors import Violation

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Characters of the names of headers and cookies (RFC 9110, 5.6.2)."""


def parameter_violations(description: Description) -> Iterator[Violation]:
    """Each of them, with what to write instead."""
    for operation in description.operations:
        decoders: list[Decoder] = []
        for each in operation.parameters:
            try:
                decoders.append(Decoder(each, description))
                reason = _unreadable(each, decoders[-1])
            except TooManyShapesError:
                reason = f"its schema has more than {MAX_SHAPES} alternatives: write fewer"
            if reason is not None:
                yield each.pointer, f"{operation}: parameter {each.name}: {reason}"
        if len(decoders) == len(operation.parameters):
            for decoder, reason in _indistinct(operation, decoders):
                name = decoder.parameter.name
                yield decoder.parameter.pointer, f"{operation}: parameter {name}: {reason}"


def _unreadable(parameter: Parameter, decoder: Decoder) -> str | None:
    media_type, location = parameter.media_type, parameter.location
    if media_type is not None and not content.is_json(media_type):
        if not content.is_text(media_type):
            return f"`content: {media_type}` is not read: write `application/json` or `text/plain`"
        if not decoder.may_be_text:
            return "a text cannot be an array or an object: write `content: application/json`"
    if location in ("header", "cookie") and not _TOKEN.issuperset(parameter.name):
        return f"no {location} can have this name: use letters, digits and dashes"
    bracketed = [each for each in decoder.properties if re.search(r"[\[\]]", each)]
    if decoder.is_deep and bracketed:
        return f"the property {bracketed[0]} has brackets in its name: rename it"
    return None


def _indistinct(operation: Operation, decoders: Iterable[Decoder]) -> Iterator[tuple[Decoder, str]]:
    """What two parameters of an operation would both read."""
    at: dict[str, list[Decoder]] = {}
    for each in decoders:
        at.setdefault(each.parameter.location, []).append(each)
    for location in ("query", "cookie"):
        yield from _names(at.get(location, ()))
    headers: dict[str, str] = {}
    for each in at.get("header", ()):
        name = each.parameter.name
        if name.lower() in headers:
            yield each, f"it is the same header as {headers[name.lower()]}: remove one"
        headers[name.lower()] = name
    instead = "write something between"
    parts = segments(operation.path, at.get("path", ()))
    for one, other in chain.from_iterable(each.indistinct() for each in parts):
        yield other, f"nobody can say where {one.parameter.name} ends and it begins: {instead}"


def _names(decoders: Iterable[Decoder]) -> Iterator[tuple[Decoder, str]]:
    owners: dict[str, str] = {}
    others: str | None = None
    instead = "write `explode: false`"
    for each in decoders:
        own = each.parameter.name
        for name in sorted(each.names):
            if name in owners:
                yield each, f"{owners[name]} and it would both read `{name}`: rename one"
            owners[name] = own
        if each.takes_others and each.parameter.location == "cookie":
            yield each, f"every other cookie would be a property of it: {instead}"
        elif each.takes_others and others is not None:
            yield each, f"unknown names would be properties of {others} and of it: {instead}"
        elif each.takes_others:
            others = own
