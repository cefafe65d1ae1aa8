"""Random bodies of requests and answers: media types, and what a description says of them."""

from functools import cache

from hypothesis import strategies as st

from tests.openapi.random.answers import headers
from tests.openapi.random.client import FORM, PARTS
from tests.openapi.random.schemas import json_schemas, plain_arrays, plain_objects, plain_schemas
from tests.openapi.random.values import Json

Draw = st.DrawFn

FIELD_NAMES = ("q", "page[size]", "$filter", "from", "a b", "x.y", "naïve", "n+1", "id")
FILE_TYPES = ("image/png", "image/png, image/jpeg", "image/*", "application/octet-stream")
JSON_TYPES = (
    *("application/json", "application/merge-patch+json", "application/vnd.things.v1+json"),
    *("application/json; charset=utf-8", "application/*+json"),
)
TEXT_TYPES = ("text/plain", "text/csv", "text/*")
BYTE_TYPES = ("application/octet-stream", "image/png", "image/*", "application/pdf", "*/*")


def form_styles(version: str, schema: Json) -> st.SearchStrategy[Json | None]:
    """What `encoding` may say of a field of an urlencoded form."""
    match schema["type"]:
        case "array":
            styles: list[Json | None] = [
                None,
                {"style": "form", "explode": False},
                {"style": "form", "explode": True},
                {"style": "spaceDelimited", "explode": False},
                {"style": "pipeDelimited", "explode": False},
            ]
        case "object":  # without `style`, 3.0.3 says of it both `form` and that it is JSON
            styles = [{"style": "deepObject", "explode": True}]
            if not version.startswith("3.0"):
                styles.append({"contentType": "application/json"})
        case _:
            styles = [None]
    return st.sampled_from(styles)


@cache
@st.composite
def urlencoded(draw: Draw, version: str) -> Json:
    """The media type object of an urlencoded form."""
    names = draw(st.lists(st.sampled_from(FIELD_NAMES), min_size=1, max_size=4, unique=True))
    properties, encoding = {}, {}
    for name in names:
        shapes = (plain_schemas(version, "path"), plain_arrays(version), plain_objects(version))
        properties[name] = draw(st.one_of(shapes))
        if (said := draw(form_styles(version, properties[name]))) is not None:
            encoding[name] = said
    media: Json = {"schema": form_schema(names, properties)}
    return media | ({"encoding": encoding} if encoding else {})


def form_schema(names: list[str], properties: Json) -> Json:
    """The schema of a form: its first field is needed."""
    schema = {"type": "object", "properties": properties, "required": [names[0]]}
    return schema | {"additionalProperties": False}


def file_schema(version: str) -> Json:
    """The schema of a file in a form."""
    if version.startswith("3.0"):
        return {"type": "string", "format": "binary"}
    return {"type": "string", "contentMediaType": "application/octet-stream"}


@cache
@st.composite
def multipart(draw: Draw, version: str) -> Json:
    """The media type object of a form in parts."""
    names = draw(st.lists(st.sampled_from(FIELD_NAMES), min_size=1, max_size=4, unique=True))
    properties, encoding = {}, {}
    for name in names:
        shape = draw(st.sampled_from(("file", "files", "plain", "array", "object", "objects")))
        properties[name] = draw(
            {
                "file": st.just(file_schema(version)),
                "files": st.just({"type": "array", "items": file_schema(version), "minItems": 1}),
                "plain": plain_schemas(version, "path"),
                "array": plain_arrays(version),
                "object": json_objects(version),
                "objects": json_objects(version).map(
                    lambda each: {"type": "array", "items": each, "minItems": 1}
                ),
            }[shape]
        )
        if shape in ("file", "files") and draw(st.booleans()):
            encoding[name] = {"contentType": draw(st.sampled_from(FILE_TYPES))}
    media: Json = {"schema": form_schema(names, properties)}
    return media | ({"encoding": encoding} if encoding else {})


@cache
def json_objects(version: str) -> st.SearchStrategy[Json]:
    """Schemas of JSON objects."""
    return json_schemas(version).filter(lambda each: each["type"] == "object")


@cache
def media_types(version: str) -> st.SearchStrategy[tuple[str, Json]]:
    """A media type, and what the spec says of it."""
    binary: Json = {"schema": {"type": "string", "format": "binary"}}
    if not version.startswith("3.0"):
        binary = {}
    as_json = json_schemas(version).map(lambda each: {"schema": each})
    text: Json = {"schema": {"type": "string"}}
    return st.one_of(
        st.tuples(st.sampled_from(JSON_TYPES), as_json),
        st.tuples(st.just(FORM), urlencoded(version)),
        st.tuples(st.just(PARTS), multipart(version)),
        st.tuples(st.sampled_from(TEXT_TYPES), st.just(text)),
        st.tuples(st.sampled_from(BYTE_TYPES), st.just(binary)),
    )


@cache
@st.composite
def bodies(draw: Draw, version: str) -> Json:
    """A body of one, two or three media types."""
    each = st.lists(
        media_types(version), min_size=1, max_size=3, unique_by=lambda pair: pair[0].split(";")[0]
    )
    content = dict(draw(each))
    body: Json = {"content": content}
    return body | ({"required": True} if draw(st.booleans()) else {})


@cache
@st.composite
def responses(draw: Draw, version: str) -> Json:
    """What an operation may answer: codes, ranges, `default`; of no, one or two media types."""
    found: Json = {}
    statuses = ("200", "201", "202", "204", "2XX", "4XX", "409", "default")
    for status in draw(st.lists(st.sampled_from(statuses), min_size=1, max_size=3, unique=True)):
        found[status] = {"description": "As asked."}
        if status != "204" and draw(st.integers(0, 5)):
            answers = st.lists(answer_types(version), min_size=1, max_size=2)
            found[status]["content"] = dict(draw(answers))
        if said := draw(headers()):
            found[status]["headers"] = said
    return found


@cache
def answer_types(version: str) -> st.SearchStrategy[tuple[str, Json]]:
    """A media type of an answer. What a range stands for, only a handler can say: none is made."""
    as_json = json_schemas(version).map(lambda each: {"schema": each})
    text: Json = {"schema": {"type": "string"}}
    binary: Json = {"schema": {"type": "string", "format": "binary"}}
    return st.one_of(
        st.tuples(st.sampled_from(JSON_TYPES[:3]), as_json),
        st.tuples(st.sampled_from(TEXT_TYPES[:2]), st.just(text)),
        st.tuples(st.sampled_from(BYTE_TYPES[:2]), st.just(binary)),
    )
