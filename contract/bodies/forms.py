"""A form by its schema: what each of its fields is, and the object that all of them make."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract.bodies.assembly import Assembly
from contract.bodies.contents import length_limits
from contract.bodies.field_values import put_together, typed, types_of
from contract.bodies.form_fields import Field, Kind
from contract.bodies.form_schemas import WithoutFiles
from contract.bodies.media_types import Range, is_json, is_text
from contract.errors import ValidationIssue
from contract.schema import Schema
from openapi.description import (
    Description,
    Encoding,
    JsonSchema,
    MediaType,
)

_NO_ENCODING = Encoding(None, None, None, {})


class Fields:
    """The fields that a form's schema names, and how to read those that it does not.

    `schema` and `schemas` are what the form must fit where each file in it is a text.
    """

    def __init__(self, media: MediaType, description: Description, *, is_multipart: bool) -> None:
        self._media, self._description = media, description
        self.is_multipart = is_multipart
        self._has_styles = not is_multipart or description.version != "3.0"
        properties: dict[str, JsonSchema] = {}
        others: JsonSchema = {"type": ["string", "array"], "items": {"type": "string"}}
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
        files = {name: each for name, each in self.known.items() if each.kind is Kind.FILE}
        others_too = self.others.kind is Kind.FILE
        view = WithoutFiles(description.schemas, files, self.others if others_too else None)
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
        return Assembly(self.known, self.others, texts, issues, unescaped).made()


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
