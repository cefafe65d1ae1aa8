"""How parameters are written: by OpenAPI's styles, as RFC 6570 expands them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .operations import UNSET, Operation, Parameter

Pairs = list[tuple[str, str]]
_BETWEEN = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Etagged(dict[str, Any]):
    """An object as it was answered: a dict that knows the `etag` of the state it was read in."""

    etag: str = ""


def etag_of(thing: str | Mapping[str, object]) -> str:
    """The ETag of an object that was answered; an ETag itself is given back.

    Raises:
        ValueError: The object was not answered with an ETag, or is a copy.
    """
    if isinstance(thing, str):
        return thing
    if isinstance(thing, Etagged) and thing.etag:
        return thing.etag
    raise ValueError("the state of this object is not known: give the very object that was read")


def target(operation: Operation, arguments: Mapping[str, Any]) -> str:
    """Path and query of a request."""
    path, query = operation.path, Pairs()
    for each, value in _given(operation, arguments, "path"):
        text = in_path(each, value)
        if text in ("", ".", ".."):
            raise ValueError(f"{operation.id}: {each.argument} may not be {text!r}")
        path = path.replace(f"{{{each.name}}}", text, 1)
    for each, value in _given(operation, arguments, "query"):
        query += in_query(each, value)
    return f"{path}?{joined(query)}" if query else path


def joined(pairs: Pairs, between: str = "&") -> str:
    """A query, a form or cookies."""
    return between.join(f"{name}={text}" for name, text in pairs)


def headers(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request that are parameters, cookies included."""
    found = {}
    for each, value in _given(operation, arguments, "header"):
        is_condition = each.name.lower() in ("if-match", "if-none-match")
        found[each.name] = etag_of(value) if is_condition else in_header(each, value)
    cookies = _given(operation, arguments, "cookie")
    if pairs := [pair for each, value in cookies for pair in in_query(each, value)]:
        found["Cookie"] = joined(pairs, "; ")
    for name, text in found.items():
        if _CONTROL.search(text):
            raise ValueError(f"{operation.id}: {name} has a control character in it")
    return found


def in_path(parameter: Parameter, value: Any) -> str:  # noqa: ANN401 - as its schema says
    """`{v}`, `{.v}` and `{;v}`, each with `*` where it explodes."""
    if parameter.is_json:
        return encoded(json.dumps(value, ensure_ascii=False))
    parts = [*_members(value)] if parameter.explode else [_flat(value, encoded)]
    if parameter.style == "simple":
        return ",".join(parts)
    if parameter.style == "label":
        return "".join(f".{each}" for each in parts)
    if parameter.explode and isinstance(value, Mapping):
        return "".join(f";{each.removesuffix('=')}" for each in parts)
    name = encoded(parameter.name)
    return "".join(f";{name}={each}" if each else f";{name}" for each in parts)


def in_query(parameter: Parameter, value: Any) -> Pairs:  # noqa: ANN401 - as its schema says
    """What stands before and after each `=`."""
    name, style = encoded(parameter.name), parameter.style
    if parameter.is_json:
        return [(name, encoded(json.dumps(value, ensure_ascii=False)))]
    if style == "deepObject" and isinstance(value, Mapping | list):
        return [*_deep(parameter.name, value)]
    if parameter.explode:
        if isinstance(value, Mapping):
            return [pair for key, each in value.items() for pair in _exploded(encoded(key), each)]
        return [*_exploded(name, value)]
    return [(name, _flat(value, encoded, _BETWEEN.get(style, ",")))]


def _exploded(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    for each in value if isinstance(value, list) else [value]:
        yield name, encoded(plain(each))


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any of JSON
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _deep(f"{name}[{key}]", each)
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for number, each in enumerate(value):
            yield from _deep(f"{name}[{number}]", each)
    else:
        yield from _exploded(encoded(name), value)


def in_header(parameter: Parameter, value: Any) -> str:  # noqa: ANN401 - as its schema says
    """The value of a header: nothing in it is encoded."""
    if parameter.is_json:
        return json.dumps(value)
    return ",".join(_members(value, str)) if parameter.explode else _flat(value, str)


def encoded(text: str) -> str:
    """All but what RFC 3986 calls unreserved is encoded."""
    return quote(text, safe="")


def plain(value: Any) -> str:  # noqa: ANN401 - any of JSON
    """A value as text: as JSON has it, a string without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(value: Any, encode: Callable[[str], str], between: str = ",") -> str:  # noqa: ANN401
    if isinstance(value, Mapping):
        return between.join(encode(plain(each)) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return between.join(encode(plain(each)) for each in value)
    return encode(plain(value))


def _members(value: Any, encode: Callable[[str], str] = encoded) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, Mapping):
        yield from (f"{encode(key)}={encode(plain(each))}" for key, each in value.items())
    else:
        yield from (encode(plain(each)) for each in (value if isinstance(value, list) else [value]))


def _given(
    operation: Operation, arguments: Mapping[str, Any], location: str
) -> Iterator[tuple[Parameter, Any]]:
    """The parameters of a place that are sent, with their values."""
    for each in operation.parameters:
        value = arguments.get(each.argument, UNSET)
        is_given = value is not UNSET and (value is not None or each.nullable)
        if each.location == location and is_given:
            yield each, value
