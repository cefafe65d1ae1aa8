"""What a spec may not say of a body: each reason, with its place."""

from collections.abc import Iterator

from contract.bodies.body_reading import Reading, is_unchecked, reading_of
from contract.bodies.field_values import put_together, types_of
from contract.bodies.form_fields import Field, Kind
from contract.bodies.forms import Fields, is_file
from contract.bodies.media_types import Range, is_json, is_text
from contract.bodies.multipart import NAME as MULTIPART
from contract.bodies.urlencoded import NAME as URLENCODED
from openapi.description import Description, Encoding, MediaType, Operation
from openapi.errors import Violation
from openapi.pointers import pointer_of

_OF_TEXTS = ("pattern", "enum", "const")


def body_violations(operation: Operation, description: Description) -> Iterator[Violation]:
    """What cannot be read of an operation's body."""
    body = operation.body
    if body is None:
        return
    if not body.content:
        yield body.pointer, f"{operation} takes a body of no media type: write one in `content`"
    seen: set[str] = set()
    for name, media in body.content.items():
        found = Range.parse(name)
        if found is None:
            yield media.pointer, f"{name!r} is no media type: write one, such as application/json"
            continue
        key = f"{found.name};{sorted(found.parameters.items())}"
        if key in seen:
            yield media.pointer, f"{name} is there twice: keep one of them"
        seen.add(key)
        yield from _media_violations(found, media, description)


def unchecked_bodies(description: Description) -> Iterator[str]:
    """A note of each body that handlers are given as it is sent, whatever its schema says."""
    for operation in description.operations:
        for name, media in operation.body.content.items() if operation.body else ():
            if is_unchecked(name, media, description):
                place = description.place(media.pointer)
                yield f"{place}: {name} is given as it is sent: nothing in it is checked"


def _media_violations(
    found: Range, media: MediaType, description: Description
) -> Iterator[Violation]:
    reading = reading_of(found.name, media, description)
    most = media.max_bytes
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        yield f"{media.pointer}/x-max-bytes", "is no number of bytes: write 1 or more"
    if reading is Reading.VALUE and found.name in (URLENCODED, MULTIPART):
        yield from _form_violations(media, description, is_multipart=found.name == MULTIPART)
        return
    if media.encoding:
        yield f"{media.pointer}/encoding", f"{found.name} is no form: remove `encoding`"


def _form_violations(
    media: MediaType, description: Description, *, is_multipart: bool
) -> Iterator[Violation]:
    types = types_of(media.schema, description.schemas)
    if types - {"object"}:
        yield media.pointer, "a form is an object: write `type: object` and its `properties`"
        return
    parts = [*put_together(media.schema, description.schemas)]
    if any("patternProperties" in each for each in parts):
        yield media.pointer, "`patternProperties` are not read in a form: name its `properties`"
        return
    fields = Fields(media, description, is_multipart=is_multipart)
    for name, encoding in media.encoding.items():
        here = f"{media.pointer}{pointer_of('encoding', name)}"
        if name not in fields.known:
            yield here, f"`encoding` has {name}, which is no property of the form: remove it"
        else:
            yield from _encoding_violations(encoding, here)
    for name in fields.known:
        for why in (*_field_violations(fields, name), *_style_violations(fields.known[name])):
            yield media.pointer, f"field {name}: {why}"


def _encoding_violations(encoding: Encoding, here: str) -> Iterator[Violation]:
    for each in (encoding.content_type or "text/plain").split(","):
        if Range.parse(each) is None:
            yield f"{here}/contentType", f"{each.strip()} is no media type: write one"


def _field_violations(fields: Fields, name: str) -> Iterator[str]:
    field = fields.known[name]
    schemas = [*fields.parts_of(name)]
    if field.kind is Kind.FILE:
        for keyword in _OF_TEXTS:
            if any(keyword in each for each in schemas):
                yield f"a file has no `{keyword}`: remove it"
        if field.types - {"string", "null"}:
            wanted = " or ".join(each.name for each in field.content_types)
            yield f"{wanted or 'a file'} is not read by a schema of an object or a number"
    elif not fields.is_multipart and any(map(is_file, schemas)):
        yield "only multipart/form-data has files: move it there"
    names = [each.name for each in field.content_types]
    readable = [each for each in names if is_json(each) or is_text(each)]
    if field.kind is not Kind.FILE and len(readable) < len(names):
        yield "`contentType` names JSON or text, and something else: keep to one of them"


def _style_violations(field: Field) -> Iterator[str]:
    if field.style is None:
        return
    nested = {"object", "array"}
    if field.is_array and nested & field.types:
        yield "arrays in arrays, or objects, have no `style`: remove it, they are sent as JSON"
    if any(nested & each for each in field.properties.values()):
        yield "objects in objects have no `style`: remove it, they are sent as JSON"
    if field.style == "deepObject" and "object" not in field.types:
        yield "only an object has `style: deepObject`"
    if field.style.endswith("Delimited") and not (field.is_array or "object" in field.types):
        yield f"only an array or an object has `style: {field.style}`"
