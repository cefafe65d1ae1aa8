"""A form by its schema: what each of its fields is, and the object that all of them make."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from contract.bodies.contents import length_limits
from contract.bodies.media_types import Range, is_json, is_text
from contract.bodies.values import parse_json, put_together, typed, types_of
from contract.errors import ValidationIssue
from contract.schema import Schema
from openapi.description import (
    REFERENCE,
    Description,
    Encoding,
    Header,
    JsonSchema,
    MediaType,
    name_of,
)
from openapi.pointers import fragment_of

_NO_ENCODING = Encoding(None, None, None, {})
_DELIMITERS = {
    "form": (",", "%2[Cc]"),
    "spaceDelimited": (" ", r"%20|\+"),
    "pipeDelimited": (r"\|", "%7[Cc]"),
}
"""By style: as it is, and escaped, which counts where it is nowhere as it is."""


class Kind(Enum):
    """How a field is sent."""

    TEXT = "text"
    """As text, which its schema's types say how to read."""

    JSON = "JSON"
    """As JSON: objects, arrays in arrays, and what the spec says is."""

    FILE = "a file"
    """As bytes, whatever they mean."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. Of an array, `kind` and `types` are those of its elements.

    `style` is None where none counts. `properties` are those of an object, with their types.
    `least` and `most` limit the bytes of a file, `count` how many elements there may be.
    """

    name: str
    kind: Kind
    types: frozenset[str]
    is_array: bool
    may_be_single: bool
    style: str | None
    explode: bool
    properties: Mapping[str, frozenset[str]]
    content_types: tuple[Range, ...]
    headers: Mapping[str, tuple[Header, frozenset[str], Schema]]
    least: int
    most: int | None
    count: int | None


class Fields:
    """The fields that a form's schema names, and how to read those that it does not.

    `schema` and `schemas` are what the form must fit where each file in it is a text.
    """

    def __init__(self, media: MediaType, description: Description, *, is_multipart: bool) -> None:
        self._media, self._description = media, description
        self.is_multipart = is_multipart
        self._has_styles = not is_multipart or description.version != "3.0"
        properties: dict[str, JsonSchema] = {}
        others: JsonSchema = {"type": "string"}
        self.is_closed = False
        for part in put_together(media.schema, description.schemas):
            for name, each in part.get("properties", {}).items():
                properties[name] = (
                    {"anyOf": [properties[name], each]} if name in properties else each
                )
            said = part.get("additionalProperties")
            self.is_closed |= said is False
            others = said if isinstance(said, dict) and said else others
        self._properties = properties
        self.known = {name: self._field(name, each) for name, each in properties.items()}
        self.others = self._field("", others)
        files = {name for name, each in self.known.items() if each.kind is Kind.FILE}
        view = _WithoutFiles(description.schemas, files, others_too=self.others.kind is Kind.FILE)
        self.schema, self.schemas = view.form(media.schema), view.schemas

    def parts_of(self, name: str) -> Iterator[JsonSchema]:
        """The schemas that a field's, and that of its elements, is put together from."""
        for part in put_together(self._properties[name], self._description.schemas):
            yield part
            if isinstance(part.get("items"), dict):
                yield from put_together(part["items"], self._description.schemas)

    def file_bytes(self, usual: int) -> int:
        """How many bytes all files may have: what the schema says, or the usual where it does not.

        That is `maxLength`, times `maxItems` where there may be several.
        """
        files = [each for each in self.known.values() if each.kind is Kind.FILE]
        limits = [each.most * each.count for each in files if each.most and each.count]
        return sum(limits) if 0 < len(files) == len(limits) else max(usual, sum(limits))

    def _field(self, name: str, schema: JsonSchema) -> Field:
        schemas = self._description.schemas
        encoding = self._media.encoding.get(name, _NO_ENCODING)
        types = types_of(schema, schemas)
        parts = [*put_together(schema, schemas)]
        is_array = "array" in types
        counts = [each["maxItems"] for each in parts if "maxItems" in each] if is_array else [1]
        if is_array:
            elements = [each["items"] for each in parts if isinstance(each.get("items"), dict)]
            elements += [one for each in parts for one in each.get("prefixItems", ())]
            parts = [one for each in elements for one in put_together(each, schemas)]
        of_element = types - {"array"} if is_array else types
        of_element |= (
            {one for each in parts for one in types_of(each, schemas)} if is_array else set()
        )
        content_types = _content_types(encoding, parts)
        has_style = self._has_styles and (encoding.style, encoding.explode) != (None, None)
        style = encoding.style or "form"
        least, most = length_limits(parts)
        return Field(
            name=name,
            kind=Kind.TEXT if has_style else self._kind(of_element, parts, content_types),
            types=frozenset(of_element),
            is_array=is_array,
            may_be_single=is_array and bool(types - {"array", "null"}),
            style=style if has_style else None,
            explode=style == "form" if encoding.explode is None else encoding.explode,
            properties={
                key: types_of(each, schemas)
                for part in parts
                for key, each in part.get("properties", {}).items()
            },
            content_types=content_types,
            headers={
                key: (each, types_of(each.schema, schemas), Schema(each.schema, schemas))
                for key, each in encoding.headers.items()
            },
            least=least,
            most=most,
            count=min(counts, default=None),
        )

    def _kind(
        self, types: frozenset[str], parts: list[JsonSchema], content_types: tuple[Range, ...]
    ) -> Kind:
        names = [each.name for each in content_types]
        if self.is_multipart:
            is_other = bool(names) and not any(is_json(each) or is_text(each) for each in names)
            is_untyped = self._description.version != "3.0" and not types
            if is_other or (is_untyped and not names) or any(map(is_file, parts)):
                return Kind.FILE
        if {"object", "array"} & types or (names and all(map(is_json, names))):
            return Kind.JSON
        return Kind.TEXT

    def wrong_headers(self, field: Field, sent: Mapping[str, str]) -> Iterator[str]:
        """What is wrong with the headers of a part, but for those that HTTP itself knows."""
        for name, (header, types, schema) in field.headers.items():
            text = sent.get(name.lower())
            if text is not None:
                issues = schema.issues(typed(text, types))
                yield from (f"has a wrong header {name}: {each.detail}" for each in issues)
            elif header.required:
                yield f"needs the header {name}"

    def values(
        self,
        texts: Mapping[str, list[str]],
        issues: list[ValidationIssue],
        unescaped: Callable[[str], str] = str,
    ) -> dict[str, Any]:
        """The object that a form is, but for its files; what is wrong is added to `issues`.

        Args:
            texts: Each field's, in the order sent; still escaped, as their delimiters count.
            issues: Added to.
            unescaped: What a text is.
        """
        return _Object(self, texts, issues, unescaped).made()


def is_file(schema: JsonSchema) -> bool:
    """Whether a schema itself says that it is about bytes."""
    if schema.get("format") == "binary":
        return True
    media_type = schema.get("contentMediaType")
    if media_type is None or "contentEncoding" in schema:
        return False
    return not (is_json(media_type.lower()) or is_text(media_type.lower()))


def _content_types(encoding: Encoding, parts: list[JsonSchema]) -> tuple[Range, ...]:
    said = encoding.content_type
    if said is None:
        of_schema = (each for each in parts if "contentEncoding" not in each)
        said = next(
            (
                each["contentMediaType"]
                for each in of_schema
                if is_file(each) and "contentMediaType" in each
            ),
            "",
        )
    ranges = (Range.parse(each) for each in said.split(","))
    return tuple(each for each in ranges if each is not None)


class _Object:
    """The object that one form is, while it is made."""

    def __init__(
        self,
        fields: Fields,
        texts: Mapping[str, list[str]],
        issues: list[ValidationIssue],
        unescaped: Callable[[str], str],
    ) -> None:
        self._fields, self._left = fields, dict(texts)
        self._issues, self._unescaped = issues, unescaped
        self._values: dict[str, Any] = {}

    def made(self) -> dict[str, Any]:
        for name, field in self._fields.known.items():
            if field.style is not None and "object" in field.types and not field.is_array:
                self._take_object(field)
            elif name in self._left:
                self._values[name] = self._value(field, name, self._left.pop(name))
            elif field.kind is Kind.JSON and not field.is_array:
                self._take_object(field)
        for name, sent in self._left.items():
            self._values[name] = self._value(self._fields.others, name, sent)
        return self._values

    def _value(self, field: Field, name: str, sent: list[str]) -> Any:  # noqa: ANN401
        if field.is_array:
            values = [each for one in sent for each in self._elements(field, name, one)]
            is_single = field.may_be_single and len(values) == 1
            return values[0] if is_single else values
        if len(sent) > 1:
            self._wrong(name, "is there more than once")
        return self._plain(field, name, sent[0])

    def _elements(self, field: Field, name: str, sent: str) -> list[Any]:
        if field.style is not None and not field.explode:
            parts = self._split(sent, field.style)
            return [typed(self._text(name, each), field.types) for each in parts]
        value = self._plain(field, name, sent)
        if isinstance(value, list) and "array" not in field.types:  # one field has all of them
            return value
        return [value]

    def _plain(self, field: Field, name: str, sent: str) -> Any:  # noqa: ANN401
        text = self._text(name, sent)
        if field.kind is not Kind.JSON:
            return typed(text, field.types)
        try:
            return parse_json(text.encode()) if text or "null" not in field.types else None
        except ValueError as error:
            if "string" not in field.types:
                self._wrong(name, f"is not JSON: {error}")
            return text

    def _take_object(self, field: Field) -> None:
        """An object that is in several fields, or in one with a delimiter."""
        found: dict[str, list[str]] = {}
        if field.style == "deepObject":
            for name in [each for each in self._left if _key_of(each, field.name) is not None]:
                found[_key_of(name, field.name) or ""] = self._left.pop(name)
        elif field.explode:
            for name in field.properties.keys() & self._left.keys() - self._fields.known.keys():
                found[name] = self._left.pop(name)
        elif field.name in self._left:
            for sent in self._left.pop(field.name):
                parts = self._split(sent, field.style or "form")
                for key, value in zip(parts[::2], parts[1::2], strict=False):
                    found.setdefault(self._text(field.name, key), []).append(value)
                if len(parts) % 2:
                    self._wrong(field.name, "has a name without a value")
        if found:
            self._values[field.name] = {
                key: self._of_object(field, key, sent) for key, sent in found.items()
            }

    def _of_object(self, field: Field, key: str, sent: list[str]) -> Any:  # noqa: ANN401
        if len(sent) > 1:
            self._issues.append(
                ValidationIssue("is there more than once", fragment_of([field.name, key]))
            )
        return typed(self._text(field.name, sent[0]), field.properties.get(key, frozenset()))

    def _split(self, sent: str, style: str) -> list[str]:
        plain, escaped = _DELIMITERS[style]
        is_escaped = self._unescaped is not str and not re.search(plain, sent)
        return re.split(escaped if is_escaped else plain, sent) if sent else []

    def _text(self, name: str, sent: str) -> str:
        try:
            return self._unescaped(sent)
        except ValueError:
            self._wrong(name, "is not in UTF-8")
            return ""

    def _wrong(self, name: str, why: str) -> None:
        self._issues.append(ValidationIssue(why, fragment_of([name])))


def _key_of(name: str, field: str) -> str | None:
    """The key in `field[key]`."""
    is_one = name.startswith(f"{field}[") and name.endswith("]")
    return name[len(field) + 1 : -1] if is_one else None


class _WithoutFiles:
    """The schema of a form with a text in the place of each file: what is left to be checked."""

    def __init__(
        self, schemas: Mapping[str, JsonSchema], files: set[str], *, others_too: bool
    ) -> None:
        self.schemas = {**schemas}
        self._files, self._others_too = files, others_too

    def form(self, schema: JsonSchema) -> JsonSchema:
        """The schema; what it refers to gets a name that no spec can give."""
        if not self._files and not self._others_too:
            return schema
        result = {**schema}
        if "$ref" in schema:
            name = f"{name_of(schema['$ref'])}@form"
            if name not in self.schemas:
                self.schemas[name] = {}
                self.schemas[name] = self.form(self.schemas[name_of(schema["$ref"])])
            result["$ref"] = f"{REFERENCE}{name}"
        for key in ("allOf", "anyOf", "oneOf"):
            if key in schema:
                result[key] = [self.form(each) for each in schema[key]]
        for key in ("if", "then", "else", "not"):
            if key in schema:
                result[key] = self.form(schema[key])
        if "properties" in schema:
            result["properties"] = {
                name: self._file(each) if name in self._files else each
                for name, each in schema["properties"].items()
            }
        if self._others_too and isinstance(schema.get("additionalProperties"), dict):
            result["additionalProperties"] = self._file(schema["additionalProperties"])
        return result

    def _file(self, schema: JsonSchema) -> JsonSchema:
        """What is left of a file's schema: how many there are, and whose it is."""
        kept: JsonSchema = {}
        for part in put_together(schema, self.schemas):
            for key in ("minItems", "maxItems", "readOnly", "writeOnly"):
                if key in part:
                    kept[key] = part[key]
        return kept
