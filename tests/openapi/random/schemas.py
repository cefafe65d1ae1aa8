"""Random schemas of what can be sent."""

from functools import cache

from hypothesis import strategies as st

from tests.openapi.random.values import FORMATTED, Json

Draw = st.DrawFn

HEADER_NAMES_WITHIN = ("R", "G", "B", "x-y", "a.b", "1")
NAMES_WITHIN = ("R", "G", "B", "first name", "größe", "x-y", "$z", "a.b", "1", "type")


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
