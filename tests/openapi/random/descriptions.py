"""Random descriptions: a document with one operation, its parameters, its body, its answers.

Where the texts of OpenAPI 3.0.3 and 3.1 leave open what a client would send, nothing is made:

- `deepObject` of anything but an object of plain values, or without `explode: true`;
- `spaceDelimited` and `pipeDelimited` with `explode: true`; of objects in 3.0;
- arrays and objects in cookies with `explode: true`, whose `&` no cookie has; `content` in cookies;
- arrays in arrays, or objects in anything, outside of JSON;
- `content` in a path or a header of what JSON writes with characters that cannot stand there.
"""

from functools import cache

from hypothesis import strategies as st

from tests.openapi.random.client import explodes, style_of
from tests.openapi.random.contents import bodies, responses
from tests.openapi.random.schemas import (
    HEADER_NAMES_WITHIN,
    NAMES_WITHIN,
    json_schemas,
    plain_arrays,
    plain_objects,
    plain_schemas,
)
from tests.openapi.random.values import Json

Draw = st.DrawFn

PATH_NAMES = ("id", "some-id", "class", "a.b", "x_y", "Straße")
QUERY_NAMES = ("q", "page[size]", "$filter", "from", "a b", "x.y", "naïve", "body", "id", "n+1")
HEADER_NAMES = ("X-One", "x-two", "X_Three", "If-Thing", "id")
COOKIE_NAMES = ("session", "csrf-token", "id", "a.b")

STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}


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
        if node["schema"] in ({"type": "string"}, {"type": "integer"}):
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


@cache
@st.composite
def documents(draw: Draw) -> Json:
    """A whole document with one operation."""
    version = draw(st.sampled_from(("3.0.3", "3.0.4", "3.1.0", "3.1.1")))
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
    if found:
        operation["parameters"] = found
    if method in ("post", "put", "patch") and draw(st.integers(0, 3)):
        operation["requestBody"] = draw(bodies(version))
    return {
        "openapi": version,
        "info": {"title": "Random", "version": "1"},
        "paths": {f"/things{path}": {method: operation}},
    }


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
