"""Parameters in the other direction: a value as its style writes it, to be read again."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson

from contract.parameters.content import is_json
from contract.parameters.styles import STYLES, StyleRule
from openapi.description import Parameter


def in_path(parameter: Parameter, value: Any) -> str:  # noqa: ANN401 - whatever the spec says
    """What stands in a path for a value."""
    if parameter.media_type is not None:
        return _encoded(_as_content(parameter.media_type, value))
    rule, name = STYLES[parameter.style], _encoded(parameter.name)
    before = f"{name}=" if rule.is_named else ""
    if not parameter.explode or not _is_many(value):
        return f"{rule.prefix}{before}{_joined(value, rule)}"
    if isinstance(value, Mapping):
        texts = [f"{_text(key, rule)}={_text(each, rule)}" for key, each in value.items()]
    else:
        texts = [f"{before}{_text(each, rule)}" for each in value]
    return rule.prefix + rule.exploded.join(texts)


def in_query(parameter: Parameter, value: Any) -> Iterator[str]:  # noqa: ANN401
    """What a value is in a query, each `name=value`; nothing where it is an empty array."""
    name = _encoded(parameter.name)
    if parameter.media_type is not None:
        yield f"{name}={_encoded(_as_content(parameter.media_type, value))}"
    elif parameter.style == "deepObject":
        yield from _deep(name, value)
    elif not parameter.explode or not _is_many(value):
        if value or not _is_many(value):
            yield f"{name}={_joined(value, STYLES[parameter.style])}"
    elif isinstance(value, Mapping):
        for key, each in value.items():
            for one in each if _is_array(each) else [each]:
                yield f"{_encoded(key)}={_text(one)}"
    else:
        yield from (f"{name}={_text(each)}" for each in value)


def _deep(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401
    if not _is_many(value):
        yield f"{name}={_text(value)}"
        return
    for key, each in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from _deep(f"{name}%5B{_encoded(str(key))}%5D", each)


def _is_many(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Mapping) or _is_array(value)


def _is_array(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Sequence) and not isinstance(value, str)


def _joined(value: Any, rule: StyleRule) -> str:  # noqa: ANN401
    """A value that is not exploded."""
    if isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    elif not _is_array(value):
        return _text(value, rule)
    return rule.delimiter.join(_text(each, rule) for each in value)


def _text(value: Any, rule: StyleRule | None = None) -> str:  # noqa: ANN401
    """One value, encoded: a dot too, where that may delimit."""
    text = _encoded(_plain(value))
    return text.replace(".", "%2E") if rule is not None and rule.prefix == "." else text


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _plain(value: Any) -> str:  # noqa: ANN401
    """A value as text: that of JSON without quotes; a number without an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else orjson.dumps(value, None, orjson.OPT_UTC_Z).decode().strip('"')


def _as_content(media_type: str, value: Any) -> str:  # noqa: ANN401
    return orjson.dumps(value).decode() if is_json(media_type) else _plain(value)
