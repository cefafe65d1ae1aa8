"""Every schema of a document as JSON Schema 2020-12, whichever OpenAPI it was written for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openapi.bundle import Document
from openapi.description import REFERENCE, JsonSchema, name_of, resolved
from openapi.grammar import Each, Version, fields, is_extension
from openapi.names import identifier
from openapi.patterns import portable
from openapi.pointers import at, from_fragment, parts_of, pointer_of

RANGES: Mapping[str, tuple[float, float]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
"""Formats that are limits of a number."""

FORMATS = {
    *("date-time", "date", "time", "duration", "uuid", "uri", "uri-reference", "email", "hostname"),
    *("ipv4", "ipv6", "byte", "decimal", "regex", "json-pointer", "uri-template", "iri"),
    *("iri-reference", "idn-email", "idn-hostname", "relative-json-pointer"),
}
"""Formats of strings that are checked."""

_SILENT_FORMATS = {"binary", "double", "password", *RANGES}
"""Formats that are understood, and refuse no string."""

EXACT = "x-exact"
"""Keyword of an integer that may not be written with a fraction: `1.0` is none in OpenAPI 3.0."""

_DROPPED = {"example", "nullable", "xml", "externalDocs", "$schema", "definitions"}
_BOOLEANS = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
"""Keywords whose schema may be `false` in JSON Schema too, and mostly is."""


class Schemas:
    """The schemas of a document, read on demand; all of them in `named` in the end.

    `pointers` says where in the document each of them stands, `unknown` where the first of each
    keyword is that JSON Schema does not know.
    """

    def __init__(self, document: Document, version: Version) -> None:
        self._document, self._version = document, version
        self._known = {*fields("schema", version), "$ref"}
        self._pointers: dict[str, str] = {}
        self.pointers: dict[str, str] = {}
        self.named: dict[str, JsonSchema] = {}
        self.notes: list[str] = []
        self.unknown: dict[str, str] = {}
        components = document.get("components", {}).get("schemas", {})
        for name in components:
            self._keep(name, {}, pointer_of("components", "schemas", name))
        for name, node in components.items():
            self.named[name] = self.read(node, pointer_of("components", "schemas", name))

    def read(self, node: Any, pointer: str) -> JsonSchema:  # noqa: ANN401 - a schema may be true
        """A schema at a place of the document, translated."""
        if isinstance(node, bool):
            return {} if node else {"not": {}}
        result = {}
        for key, value in node.items():
            if not is_extension(key) and key not in self._known:
                self.unknown.setdefault(key, pointer + pointer_of(key))
            elif key not in _DROPPED:
                result[key] = self._keyword(key, value, pointer)
        if "example" in node:
            result.setdefault("examples", [node["example"]])
        if self._version == "3.0":
            if "$ref" in node:
                return {"$ref": result["$ref"]}
            self._as_in_31(node, result, pointer)
        if "format" in node:
            self._format(node["format"], result)
        return result

    def named_schema(self, schema: JsonSchema, pointer: str, wish: str) -> JsonSchema:
        """A reference to a schema that was read at a place; it gets a name where it has none."""
        if [*schema] == ["$ref"]:
            return schema
        name = self._free(wish)
        self.named[name], self.pointers[name] = schema, pointer
        return {"$ref": f"{REFERENCE}{name}"}

    def _keyword(self, key: str, value: Any, pointer: str) -> Any:  # noqa: ANN401 - any of JSON
        shape = None if is_extension(key) else fields("schema", self._version).get(key)
        here = f"{pointer}{pointer_of(key)}"
        if key == "$ref":
            return self._reference(value)
        if key == "discriminator" and "mapping" in value:
            mapping = {name: self._reference(each) for name, each in value["mapping"].items()}
            return {**value, "mapping": mapping}
        if shape == "schema":
            keeps = key in _BOOLEANS and isinstance(value, bool)
            return value if keeps else self.read(value, here)
        if not isinstance(shape, Each):
            return portable(value) if key == "pattern" else value
        if isinstance(value, list):
            return [self.read(each, here + pointer_of(k)) for k, each in enumerate(value)]
        read = {name: self.read(each, here + pointer_of(name)) for name, each in value.items()}
        return {portable(k): v for k, v in read.items()} if key == "patternProperties" else read

    def _reference(self, reference: str) -> str:
        """A reference to a named schema: what it leads to gets a name where it has none."""
        pointer = from_fragment(reference.removeprefix("#"))
        if pointer not in self._pointers:
            meant = [key for key in parts_of(pointer) if key not in _STEPS]
            name = self._free("_".join(identifier(key) for key in meant[-2:]))
            self._keep(name, {}, pointer)  # known from here on, should it recur
            self.named[name] = self.read(at(self._document, pointer), pointer)
        return f"{REFERENCE}{self._pointers[pointer]}"

    def _keep(self, name: str, schema: JsonSchema, pointer: str) -> None:
        self._pointers[pointer] = name
        self.named[name], self.pointers[name] = schema, pointer

    def _free(self, wish: str) -> str:
        name, number = wish, 1
        while name in self.named:
            number += 1
            name = f"{wish}{number}"
        return name

    def _as_in_31(self, node: dict[str, Any], result: JsonSchema, pointer: str) -> None:
        """What OpenAPI 3.0 says in other words than JSON Schema."""
        if node.get("nullable"):
            if "type" in node:
                result["type"] = [node["type"], "null"]
            else:
                self.notes.append(f"{pointer}: `nullable` changes nothing without `type` beside it")
        if node.get("type") == "integer":
            result[EXACT] = True
        for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if result.pop(bound, False) and limit in result:
                result[bound] = result.pop(limit)

    def _format(self, name: str, result: JsonSchema) -> None:
        if name in RANGES and may_be_number(result):
            least, most = RANGES[name]
            result["minimum"] = max(result.get("minimum", least), least)
            result["maximum"] = min(result.get("maximum", most), most)
        if name in FORMATS or name in _SILENT_FORMATS:
            return
        del result["format"]
        if (note := f"format {name} is not known: nothing is checked") not in self.notes:
            self.notes.append(note)


_STEPS = {"components", "schemas", "paths", "properties", "content", "schema", "responses"}
"""Parts of a pointer that say nothing about what it leads to."""


def may_be_number(schema: JsonSchema) -> bool:
    """Whether a schema says that a number may be there."""
    types = schema.get("type", ["number"])
    return not {"integer", "number"}.isdisjoint([types] if isinstance(types, str) else types)


def mapped(schema: JsonSchema, change: Callable[[JsonSchema], JsonSchema]) -> JsonSchema:
    """The schema with each schema right within it changed; one that is `false` stays so."""
    result = {**schema}
    for key, value in schema.items():
        shape = None if is_extension(key) else fields("schema", "3.1").get(key)
        if shape == "schema" and isinstance(value, dict):
            result[key] = change(value)
        elif isinstance(shape, Each) and isinstance(value, dict):
            result[key] = {name: change(each) for name, each in value.items()}
        elif isinstance(shape, Each):
            result[key] = [change(each) for each in value]
    return result


def within(schema: JsonSchema) -> Iterator[JsonSchema]:
    """The schemas right within a schema."""
    for key, value in schema.items():
        shape = None if is_extension(key) else fields("schema", "3.1").get(key)
        if shape == "schema" and isinstance(value, dict):
            yield value
        elif isinstance(shape, Each):
            yield from value.values() if isinstance(value, dict) else value


def referred(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> Iterator[str]:
    """The names of the schemas that a schema leads to, at any depth, each once."""
    left, seen = [schema], set()
    while left:
        node = left.pop()
        left += within(node)
        if "$ref" in node and (name := name_of(node["$ref"])) not in seen:
            seen.add(name)
            left.append(schemas[name])
            yield name


class Reach:
    """Whether something holds of a schema, or of any that it is made of. Thread-safe."""

    def __init__(
        self, schemas: Mapping[str, JsonSchema], holds: Callable[[JsonSchema], bool]
    ) -> None:
        self._schemas, self._holds = schemas, holds
        self._known: dict[int, bool] = {}

    def __call__(self, schema: JsonSchema) -> bool:
        """Whether it does; each schema of the API is looked at once."""
        if id(schema) not in self._known:
            seen, left, found = {id(schema)}, [schema], False
            while left and not found:
                node = left.pop()
                found = self._holds(node)
                inner = [*within(node)]
                if "$ref" in node:
                    inner.append(self._schemas[name_of(node["$ref"])])
                left += (each for each in inner if id(each) not in seen)
                seen |= {id(each) for each in inner}
            self._known[id(schema)] = found
        return self._known[id(schema)]

    def inner(self, schema: JsonSchema | bool | None) -> JsonSchema | None:  # noqa: FBT001
        """The schema itself, references followed; None where it does not hold, or is no object."""
        if not isinstance(schema, dict) or not self(schema):
            return None
        return resolved(schema, self._schemas)

    def parts(self, schema: JsonSchema) -> tuple[JsonSchema, ...]:
        """Those of which it holds among what a schema refers to and the parts of its `allOf`."""
        parts = [*schema.get("allOf", ())]
        if "$ref" in schema:
            parts.append(self._schemas[name_of(schema["$ref"])])
        return tuple(resolved(each, self._schemas) for each in parts if self(each))


ANY = "any"


def value_type(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> str:
    """The one type, beside null, that a schema names; `any` where it names none or several."""
    named = schema.get("type")
    types = {named} if isinstance(named, str) else {*(named or ())}
    parts = [*schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(schemas[name_of(schema["$ref"])])
    found = (types - {"null"}) | {value_type(each, schemas) for each in parts} - {ANY}
    if not found and "enum" in schema and all(isinstance(each, str) for each in schema["enum"]):
        return "string"
    return found.pop() if len(found) == 1 else ANY
