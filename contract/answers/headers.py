"""A value as a header of an answer, and back: OpenAPI's style `simple`, or `content`."""

from collections.abc import Mapping
from typing import Any

import jiter

from contract.answers.encoding import as_text, to_json
from contract.answers.returned import InvalidAnswerError
from openapi.description import Description, Header, JsonSchema
from openapi.schemas import value_type

Raw = tuple[bytes, bytes]
"""A header's name in small letters, and its value, as ASGI has them."""

_FRAMING = frozenset((b"content-type", b"content-length", b"transfer-encoding", b"connection"))


def raw_headers(given: Mapping[str, object], declared: Mapping[str, Header]) -> list[Raw]:
    """The headers that a handler gives, without those that are None. `declared` by small letters.

    Raises:
        InvalidAnswerError: A value cannot be one of a header, or it is no handler's to give.
    """
    found = []
    for name, value in given.items():
        key = name.lower()
        if key.encode("latin-1") in _FRAMING:
            raise InvalidAnswerError(f"a handler answered the header {name}: say `media_type`")
        if value is None:
            continue
        several = isinstance(value, list) and key == "set-cookie"
        for each in value if several and isinstance(value, list) else [value]:
            text = value if isinstance(value, str) else _written(each, declared.get(key), name)
            found.append((key.encode("latin-1"), text.encode("latin-1")))
    return found


def _written(value: object, header: Header | None, name: str) -> str:
    if header is not None and header.media_type is not None:
        return to_json(value).decode()
    try:
        if isinstance(value, Mapping):
            joint = "=" if header is not None and header.explode else ","
            return ",".join(f"{key}{joint}{as_text(each)}" for key, each in value.items())
        if isinstance(value, list | tuple):
            return ",".join(map(as_text, value))
        return as_text(value)
    except TypeError as error:
        raise InvalidAnswerError(f"a handler answered the header {name}: {error}") from error


def read_header(text: str, header: Header, description: Description) -> Any:  # noqa: ANN401
    """The value that a header is; what cannot be read as its type is the text."""
    if header.media_type is not None:
        try:
            return jiter.from_json(text.encode("latin-1"))
        except ValueError:
            return text
    schema = description.resolve(header.schema)
    kind = value_type(schema, description.schemas)
    if kind == "array":
        items = schema.get("items", {})
        return [_typed(each.strip(" \t"), items, description) for each in text.split(",") if text]
    if kind == "object":
        parts = text.split(",") if text else []
        flat = [each for part in parts for each in part.split("=", 1)] if header.explode else parts
        properties = schema.get("properties", {})
        return {
            name: _typed(value, properties.get(name, {}), description)
            for name, value in zip(flat[::2], flat[1::2], strict=False)
        }
    return _typed(text, schema, description)


def _typed(text: str, schema: JsonSchema, description: Description) -> Any:  # noqa: ANN401
    if value_type(schema, description.schemas) in ("integer", "number", "boolean"):
        try:
            return jiter.from_json(text.encode("latin-1"), allow_inf_nan=False)
        except ValueError:
            return text
    return text
