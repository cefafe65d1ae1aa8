"""Random descriptions: a document with one operation, its parameters, its body, its answers.

Where the texts of OpenAPI 3.0.3 and 3.1 leave open what a client would send, nothing is made:

- `deepObject` of anything but an object of plain values, or without `explode: true`;
- `spaceDelimited` and `pipeDelimited` with `explode: true`; of objects in 3.0;
- arrays and objects in cookies with `explode: true`, whose `&` no cookie has; `content` in cookies;
- arrays in arrays, or objects in anything, outside of JSON;
- `content` in a path or a header of what JSON writes with characters that cannot stand there.
"""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.openapi.random.answers import headers
from tests.openapi.random.values import FORMATTED, Json

Draw = st.DrawFn

PATH_NAMES = ("id", "some-id", "class", "a.b", "x_y", "Straße")
QUERY_NAMES = ("q", "page[size]", "$filter", "from", "a b", "x.y", "naïve", "body", "id", "n+1")
HEADER_NAMES = ("X-One", "x-two", "X_Three", "If-Thing", "id")
COOKIE_NAMES = ("session", "csrf-token", "id", "a.b")
HEADER_NAMES_WITHIN = ("R", "G", "B", "x-y", "a.b", "1")
NAMES_WITHIN = ("R", "G", "B", "first name", "größe", "x-y", "$z", "a.b", "1", "type")

STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}


@cache
@st.composite
def plain_schemas(draw: Draw, version: str, location: str = "body") -> Json:
    """Schemas of one value."""
    kind = draw(st.sampled_from(("string", "integer", "number", "boolean")))
    schema: Json = {"type": kind}
    match kind, draw(st.integers(0, 3)):
        case "string", 1:
            schema["format"] = draw(st.sampled_from(sorted(FORMATTED)))
        case "string", 2:
            listed = st.sampled_from(["red", "Blue", "0", "true", "null", "1.5", "x-y", "a_b"])
            schema["enum"] = draw(st.lists(listed, min_size=1, max_size=3, unique=True))
        case "integer", 1:
            schema["format"] = draw(st.sampled_from(("int32", "int64")))
        case "integer", 2:
            schema |= {"minimum": -5, "maximum": draw(st.integers(-5, 100))}
        case "number", 1:
            schema["format"] = draw(st.sampled_from(("float", "double")))
    if location != "path" and draw(st.integers(0, 9)) == 0 and "enum" not in schema:
        # null itself can be sent by JSON only; all else is sent as if it could not be
        schema |= {"nullable": True} if version.startswith("3.0") else {"type": [kind, "null"]}
    return schema


@cache
def plain_arrays(version: str) -> st.SearchStrategy[Json]:
    """Schemas of arrays of plain values. An empty one cannot be sent: RFC 6570 leaves it out."""
    return plain_schemas(version, "path").map(
        lambda each: {"type": "array", "items": each, "minItems": 1}
    )


@cache
@st.composite
def plain_objects(draw: Draw, version: str, among: tuple[str, ...] = NAMES_WITHIN) -> Json:
    """Schemas of objects of plain values. One is needed: RFC 6570 leaves out an empty object."""
    names = draw(st.lists(st.sampled_from(among), min_size=1, max_size=3, unique=True))
    return {
        "type": "object",
        "properties": {name: draw(plain_schemas(version, "path")) for name in names},
        "required": [names[0]],
        "additionalProperties": False,
    }


@cache
@st.composite
def json_schemas(draw: Draw, version: str, depth: int = 2) -> Json:
    """Schemas of whatever JSON can be."""
    kind = draw(st.integers(0, 4 if depth else 1))
    if kind <= 1:
        return draw(plain_schemas(version))
    if kind == 2:
        schema: Json = {"type": "array", "items": draw(json_schemas(version, depth - 1))}
        return schema
    names = draw(st.lists(st.sampled_from(NAMES_WITHIN), max_size=4, unique=True))
    schema = {
        "type": "object",
        "properties": {name: draw(json_schemas(version, depth - 1)) for name in names},
    }
    if needed := [each for each in names if draw(st.booleans())]:
        schema["required"] = needed
    if draw(st.booleans()):
        schema["additionalProperties"] = False
    return schema


@cache
@st.composite
def parameters(draw: Draw, version: str, location: str, name: str) -> Json:
    """A parameter of a place, in any style that it may have there."""
    node: Json = {"name": name, "in": location}
    if location == "path" or draw(st.booleans()):
        node["required"] = True
    if location != "cookie" and draw(st.integers(0, 9)) == 0:
        integers: Json = {"type": "array", "items": {"type": "integer"}}
        schema = draw(json_schemas(version)) if location == "query" else integers
        return node | {"content": {"application/json": {"schema": schema}}}
    style = draw(st.sampled_from(STYLES[location]))
    usual = "form" if location in ("query", "cookie") else "simple"
    if style != usual or draw(st.booleans()):
        node["style"] = style
    shape = draw(st.sampled_from(SHAPES.get((style, version[:3]), ("plain", "array", "object"))))
    node["schema"] = draw(_schema(version, location, shape))
    if (explode := draw(st.sampled_from(_explodes(location, style, shape)))) is not None:
        node["explode"] = explode
    if location == "query" and not node.get("required") and draw(st.booleans()):
        defaults = {"string": "as usual, 100%", "integer": 20}
        if [*node["schema"]] == ["type"] and node["schema"]["type"] in defaults:
            node["schema"]["default"] = defaults[node["schema"]["type"]]
    return node


SHAPES = {
    ("spaceDelimited", "3.0"): ("array",),
    ("spaceDelimited", "3.1"): ("array", "object"),
    ("pipeDelimited", "3.0"): ("array",),
    ("pipeDelimited", "3.1"): ("array", "object"),
    ("deepObject", "3.0"): ("object",),
    ("deepObject", "3.1"): ("object",),
}
"""By style and OpenAPI: what is sent by it, where it is not whatever there is."""


def _schema(version: str, location: str, shape: str) -> st.SearchStrategy[Json]:
    """The schema of a parameter: a plain value, an array or an object of such."""
    if shape == "array":
        return plain_arrays(version)
    if shape == "object":
        return plain_objects(version, HEADER_NAMES_WITHIN if location == "header" else NAMES_WITHIN)
    return plain_schemas(version, location)


def _explodes(location: str, style: str, shape: str) -> tuple[bool | None, ...]:
    """What `explode` may be; None is left out."""
    if style == "deepObject":
        return (True,)
    if style in ("spaceDelimited", "pipeDelimited"):
        return (None, False)
    if location == "cookie" and shape != "plain":
        return (False,)
    return (None, False, True)


def explodes(node: Json) -> bool:
    """Whether a parameter is exploded: left out, it is where the style is `form`."""
    return bool(node.get("explode", style_of(node) == "form"))


def style_of(node: Json) -> str:
    """The style of a parameter."""
    usual = "form" if node["in"] in ("query", "cookie") else "simple"
    return str(node.get("style", usual))


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
    names = draw(st.lists(st.sampled_from(QUERY_NAMES), min_size=1, max_size=4, unique=True))
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
    names = draw(st.lists(st.sampled_from(QUERY_NAMES), min_size=1, max_size=4, unique=True))
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


FILE_TYPES = ("image/png", "image/png, image/jpeg", "image/*", "application/octet-stream")


@cache
def json_objects(version: str) -> st.SearchStrategy[Json]:
    """Schemas of JSON objects."""
    return json_schemas(version).filter(lambda each: each["type"] == "object")


JSON_TYPES = (
    *("application/json", "application/merge-patch+json", "application/vnd.things.v1+json"),
    "application/json; charset=utf-8",
)
TEXT_TYPES = ("text/plain", "text/csv", "text/*")
BYTE_TYPES = ("application/octet-stream", "image/png", "image/*", "application/pdf", "*/*")
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"


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


@cache
@st.composite
def documents(draw: Draw) -> Json:
    """A whole document with one operation."""
    version = draw(st.sampled_from(("3.0.3", "3.1.0")))
    method = draw(st.sampled_from(("get", "post", "put", "patch", "delete")))
    found: list[Json] = []
    names = (
        ("path", PATH_NAMES, 2),
        ("query", QUERY_NAMES, 3),
        ("header", HEADER_NAMES, 2),
        ("cookie", COOKIE_NAMES, 2),
    )
    for location, among, most in names:
        chosen = draw(st.lists(st.sampled_from(among), max_size=most, unique_by=str.lower))
        found += [draw(parameters(version, location, each)) for each in chosen]
    found = _without_the_same_key(found)
    path = "".join(f"/{{{each['name']}}}" for each in found if each["in"] == "path")
    operation: Json = {"operationId": "operate", "responses": draw(responses(version))}
    components: Json = {}
    if found:
        operation["parameters"] = [
            _referred(draw, components, each, f"P{number}") for number, each in enumerate(found)
        ]
    if method in ("post", "put", "patch") and draw(st.booleans()):
        operation["requestBody"] = draw(bodies(version))
    document: Json = {
        "openapi": version,
        "info": {"title": "Random", "version": "1"},
        "paths": {f"/things{path}": {method: operation}},
    }
    return document | ({"components": {"parameters": components}} if components else {})


def _without_the_same_key(nodes: list[Json]) -> list[Json]:
    """Parameters whose keys in the query are not those of others: an exploded object has many."""
    kept, taken = [], set[str]()
    for node in nodes:
        keys = {node["name"]}
        properties = node.get("schema", {}).get("properties", {})
        if properties and style_of(node) == "form" and explodes(node):
            keys = {*properties}
        if node["in"] != "query" or not keys & taken:
            kept.append(node)
            taken |= keys if node["in"] == "query" else set()
    return kept


def _referred(draw: Draw, components: Json, node: Json, name: str) -> Any:  # noqa: ANN401
    """The object itself, or a reference to it as a component."""
    if draw(st.integers(0, 3)):
        return node
    components[name] = node
    return {"$ref": f"#/components/parameters/{name}"}
