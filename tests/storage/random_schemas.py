"""Schemas of every keyword, at random, and values that fit them and that do not.

Each is small, so that two of its keywords often meet at one place; what is made is JSON as a
spec's author and a client would write it.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from storage.client import Json

Draw = st.DrawFn

NAMES = (
    *(
        "a",
        "b",
        "c",
        "",
        "$x",
        "a.b",
        "_id",
        "_system",
        "outbox",
        "contactVersion",
        "emailKeys",
        "__proto__",
        "a$",
        "\x00",
    ),
    *("$set", ".", "é"),
)
"""Names of properties: plain ones, those that MongoDB reads otherwise, and storage's own."""

PATTERNS = (
    *("^a", "b$", "^[a-c]*$", "\\d", "^\\w{1,3}$", "^[^.]*$", "[.$]", "^\\$", "\\.", "\\u00e0"),
    *("^.$", "\\s", "^(?:ab|c)+$", "^\\p{L}+$", "^$", "(?<!a)b", "^(?!a)", "\\x00", "^\\S+$", "."),
    *("^(a)\\1$", "\\bb\\b", "^[\\w-]+$", "^[\\d.]+$", "x|$", "\\W"),
)

TEXTS: Mapping[str, tuple[str, ...]] = {
    "date-time": (
        *("2026-11-22T10:15:30Z", "2026-11-22t10:15:30.123456+01:00", "2026-11-22T10:15:30.1z"),
        *("0001-01-01T00:30:00+01:00", "9999-12-31T23:30:00-01:00", "0001-01-01T00:00:00Z"),
        *("2026-11-22 10:15:30Z", "2026-11-22T10:15:30", "2026-13-22T10:15:30Z", "yesterday"),
        *("0001-01-01T25:00:00+01:00", "2024-02-29T23:59:59.999-23:59", "2026-11-22T10:15:60Z"),
    ),
    "date": ("2026-11-22", "2024-02-29", "2026-02-30", "2026-11-22T"),
    "time": ("10:15:30Z", "10:15:30+01:00", "25:00:00Z"),
    "duration": ("P1D", "PT1H", "P", "1D"),
    "uuid": ("0b5bd2a5-3f3c-4f43-a4ae-0a5a0f3e7a6d", "0b5bd2a5"),
    "uri": ("https://example.com/x", "x y"),
    "uri-reference": ("/x", "\\"),
    "email": ("a@example.com", "a"),
    "hostname": ("example.com", "-"),
    "ipv4": ("127.0.0.1", "256.0.0.1"),
    "ipv6": ("::1", ":"),
    "byte": ("aGk=", "aGk", "", "aGl=", "/+8=", "a\nGk="),
    "decimal": ("1.10", "+1", "007.5", "1e5", "-0", "0.00000001", "1" * 40, ".5", "NaN", "1."),
    "binary": ("x",),
    "password": ("secret",),
}
"""Texts of each format, and texts that only look so."""

WORDS = (
    "",
    "a",
    "b",
    "ab",
    "aa",
    "abc",
    "a b",
    "à",
    "é",
    "$x",
    "a.b",
    ".",
    "\x00",
    "b\n",
    "c",
    "1",
)
NUMBERS = (
    *(0, 1, 2, 3, -1, 10, 0.5, 1.0, 2.0, -0.0, 1.5, 0.01, 0.07, 29.99, 1e300, 2**31, 2**53 + 1),
    *(2**63 - 1, -(2**63), 2**63, 10**30, 1e-7),
)
LITERALS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    1.0,
    "",
    "a",
    [],
    [1],
    {},
    {"a": 1},
    {"$x": [None], "": 0},
)


@st.composite
def documents(draw: Draw) -> tuple[str, Json]:
    """A version of OpenAPI, and schemas by name, of which `Stored` is the one of an object."""
    version = draw(st.sampled_from(("3.0.3", "3.1.0", "3.1.0")))
    made = {name: draw(_schema(version, 2)) for name in ("One", "Two")}
    root = draw(_object(version, 3))
    root |= draw(_composed(version, 1)) if draw(st.integers(0, 3)) == 0 else {}
    return version, {"Stored": root, **made}


def _schema(version: str, depth: int) -> st.SearchStrategy[Any]:
    ways = [_text(), _number(version), st.just({"type": "boolean"}), _anything(version)]
    if depth > 0:
        ways += [_object(version, depth), _array(version, depth), _composed(version, depth)]
        ways += [st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in _REFERRED])]
    return st.one_of(ways).flatmap(lambda schema: _nullable(version, schema))


_REFERRED = ("One", "Two", "Stored")


def _nullable(version: str, schema: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - or a boolean
    if not isinstance(schema, dict) or not isinstance(schema.get("type"), str):
        return st.just(schema)
    with_null = (
        {**schema, "nullable": True}
        if version == "3.0.3"
        else {**schema, "type": [schema["type"], "null"]}
    )
    return st.sampled_from((schema, schema, with_null))


@st.composite
def _text(draw: Draw) -> Json:
    schema: Json = {"type": "string"}
    kind = draw(st.integers(0, 5))
    if kind <= 2:
        schema["format"] = draw(st.sampled_from([*TEXTS]))
    if kind == 3:
        schema["enum"] = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
    if kind == 4:
        schema["pattern"] = draw(st.sampled_from(PATTERNS))
    if draw(st.integers(0, 3)) == 0:
        schema["maxLength"] = draw(st.sampled_from((0, 1, 3, 24, 40)))
    if draw(st.integers(0, 5)) == 0:
        schema["minLength"] = draw(st.sampled_from((0, 1, 2, 24)))
    return schema


@st.composite
def _number(draw: Draw, version: str) -> Json:
    schema: Json = {"type": draw(st.sampled_from(("integer", "number")))}
    if draw(st.booleans()):
        schema["format"] = draw(
            st.sampled_from(("int32", "int64") if schema["type"] == "integer" else ("double",))
        )
    bounds = st.sampled_from((0, 1, 2, 10, -1, 0.5, 2**31, 2**64))
    for keyword in ("minimum", "maximum"):
        if draw(st.integers(0, 3)) == 0:
            schema[keyword] = draw(bounds)
            exclusive = "exclusiveM" + keyword[1:]
            if draw(st.booleans()):
                schema[exclusive] = True if version == "3.0.3" else draw(bounds)
    if draw(st.integers(0, 3)) == 0:
        schema["multipleOf"] = draw(st.sampled_from((1, 2, 0.5, 0.01, 3)))
    return schema


@st.composite
def _anything(draw: Draw, version: str) -> Any:  # noqa: ANN401 - a schema may be a boolean
    """A schema without a type."""
    literals = st.lists(st.sampled_from(LITERALS), min_size=1, max_size=3)
    ways: list[Any] = [{}, {"enum": draw(literals)}, {"format": "date-time"}, {"minLength": 1}]
    if version != "3.0.3":
        ways += [{"const": draw(st.sampled_from(LITERALS))}, True, False]
        ways += [{"type": ["string", "integer"]}, {"type": ["object", "array", "null"]}]
    return draw(st.sampled_from(ways))


@st.composite
def _object(draw: Draw, version: str, depth: int) -> Json:
    inner = _schema(version, depth - 1)
    names = st.sampled_from(NAMES)
    schema: Json = {"type": "object"}
    schema["properties"] = draw(st.dictionaries(names, inner, max_size=3))
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.sampled_from((True, False)) | inner)
    if draw(st.integers(0, 2)) == 0:
        schema["required"] = draw(st.lists(names, min_size=1, max_size=2, unique=True))
    for keyword in ("minProperties", "maxProperties"):
        if draw(st.integers(0, 5)) == 0:
            schema[keyword] = draw(st.integers(0, 3))
    if version != "3.0.3":
        schema |= draw(_rarely("patternProperties", st.dictionaries(_PATTERN, inner, max_size=2)))
        schema |= draw(
            _rarely("dependentRequired", st.dictionaries(names, _some(names), max_size=2))
        )
        schema |= draw(_rarely("dependentSchemas", st.dictionaries(names, inner, max_size=1)))
        schema |= draw(
            _rarely("propertyNames", st.sampled_from(({"maxLength": 1}, {"pattern": "^a"})))
        )
        schema |= draw(
            _rarely("unevaluatedProperties", st.sampled_from((False, {"type": "string"})))
        )
    return schema


@st.composite
def _array(draw: Draw, version: str, depth: int) -> Json:
    inner = _schema(version, depth - 1)
    schema: Json = {"type": "array"}
    if version == "3.0.3" or draw(st.integers(0, 3)):
        schema["items"] = draw(inner.filter(lambda each: each is not False))
    for keyword in ("minItems", "maxItems"):
        if draw(st.integers(0, 3)) == 0:
            schema[keyword] = draw(st.integers(0, 3))
    schema |= draw(_rarely("uniqueItems", _TRUE))
    if version != "3.0.3":
        schema |= draw(_rarely("prefixItems", st.lists(inner, min_size=1, max_size=2)))
        schema |= draw(_rarely("contains", inner))
        if "contains" in schema:
            schema |= draw(_rarely("minContains", st.integers(0, 2)))
            schema |= draw(_rarely("maxContains", st.integers(0, 2)))
        schema |= draw(_rarely("unevaluatedItems", _FALSE))
    return schema


@st.composite
def _composed(draw: Draw, version: str, depth: int) -> Json:
    inner = _schema(version, depth - 1)
    keyword = draw(st.sampled_from(("allOf", "anyOf", "oneOf", "not", "if")))
    if keyword == "if" and version != "3.0.3":
        parts = {"if": inner, "then": inner, "else": inner}
        return {
            key: draw(each) for key, each in parts.items() if key == "if" or draw(st.booleans())
        }
    if keyword == "not":
        return {"not": draw(inner)}
    several = draw(st.lists(inner, min_size=1, max_size=3))
    return {keyword if keyword != "if" else "anyOf": several}


_TRUE, _FALSE = st.sampled_from((True,)), st.sampled_from((False,))
_PATTERN = st.sampled_from(PATTERNS)


def _rarely(keyword: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    said = values.map(lambda value: {keyword: value})
    return st.integers(0, 5).flatmap(lambda number: said if number == 0 else st.just({}))


def _some(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(names, max_size=2, unique=True)


def values(schema: Any, schemas: Json, depth: int = 4) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Values that often fit a schema (JSON Schema 2020-12), and often do not."""
    likely = _likely(schema, schemas, depth)
    return st.integers(0, 9).flatmap(lambda number: likely if number else _unlikely(depth))


def _unlikely(depth: int) -> st.SearchStrategy[Any]:
    texts = [each for samples in TEXTS.values() for each in samples]
    scalars = st.sampled_from([*LITERALS, *NUMBERS, *WORDS, *texts])
    if depth <= 0:
        return scalars
    inner = st.deferred(lambda: _unlikely(depth - 2))
    return (
        scalars
        | st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
    )


@st.composite
def _likely(draw: Draw, schema: Any, schemas: Json, depth: int) -> Any:  # noqa: ANN401
    parts = _parts(draw, schema, schemas)
    said = [each.get("enum", [each[key] for key in ("const",) if key in each]) for each in parts]
    if any(said):
        return draw(st.sampled_from([one for each in said for one in each]))
    types = {kind for each in parts for kind in _types(each)} or {"string", "object", "integer"}
    kind = draw(st.sampled_from(sorted(types)))
    if kind in ("object", "array") and depth <= 0:
        return {} if kind == "object" else []
    if kind == "object":
        return draw(_properties(parts, schemas, depth))
    if kind == "array":
        elements = [values(_element(parts, k), schemas, depth - 1) for k in range(3)]
        return [draw(each) for each in elements[: draw(st.integers(0, 3))]]
    return draw(_scalars(kind, parts))


def _scalars(kind: str, parts: list[Json]) -> st.SearchStrategy[Any]:
    formats = [each["format"] for each in parts if each.get("format") in TEXTS]
    by_kind: Mapping[str, tuple[Any, ...]] = {
        "string": (*TEXTS[formats[0]], "") if formats else WORDS,
        "integer": (*(each for each in NUMBERS if isinstance(each, int)), 1.0, 0.5),
        "number": NUMBERS,
        "boolean": (True, False),
        "null": (None,),
    }
    return st.sampled_from(by_kind[kind])


@st.composite
def _properties(draw: Draw, parts: list[Json], schemas: Json, depth: int) -> Json:
    known = {name: one for each in parts for name, one in each.get("properties", {}).items()}
    required = [name for each in parts for name in each.get("required", ())]
    names = {name for name in known if draw(st.booleans())} | {*required}
    names |= {*draw(st.lists(st.sampled_from(NAMES), max_size=1))}
    others = [each["additionalProperties"] for each in parts if "additionalProperties" in each]
    return {
        name: draw(values(known.get(name, others[0] if others else {}), schemas, depth - 1))
        for name in sorted(names)
    }


def _element(parts: list[Json], number: int) -> Any:  # noqa: ANN401 - or a boolean
    for each in parts:
        if number < len(each.get("prefixItems", ())):
            return each["prefixItems"][number]
    return next((each["items"] for each in parts if "items" in each), {})


def _types(schema: Json) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else said


def _parts(draw: Draw, schema: Any, schemas: Json, depth: int = 4) -> list[Json]:  # noqa: ANN401
    """A schema, what it refers to, and of its alternatives one."""
    if not isinstance(schema, dict) or depth == 0:
        return []
    inner = [*schema.get("allOf", ())]
    alternatives = [schema[key] for key in ("anyOf", "oneOf") if key in schema]
    alternatives += [[schema[key] for key in ("if", "then", "else") if key in schema]]
    inner += [draw(st.sampled_from(each)) for each in alternatives if each]
    if "$ref" in schema:
        inner.append(schemas[schema["$ref"].rpartition("/")[2]])
    return [schema, *(one for each in inner for one in _parts(draw, each, schemas, depth - 1))]
