"""A value that fits a schema: its example or default, or one that is made of what it says."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

from contract.schema import Schema
from openapi.description import Description, JsonSchema, MediaType, name_of
from openapi.errors import InvalidDocumentError
from openapi.schemas import ANY, value_type
from openapi.views import View, composed

_MOST = 500
"""Values that are tried for one schema."""

_DEEPEST = 20
"""Levels of a value; what is within itself has no end."""

_FORMATS = {
    "date-time": "2026-11-22T10:15:30.123Z",
    "date": "2026-11-22",
    "time": "10:15:30Z",
    "duration": "P1D",
    "uuid": "08884b79-e16c-4976-a52e-ba1b2b62cfaa",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "email": "jane.smith@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "AA==",
    "decimal": "1.5",
}
_CHARACTERS = "aA0"
_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 36, 40, 64)
_WORDS = {
    "object": {"properties", "additionalProperties", "required"},
    "array": {"items", "prefixItems", "minItems"},
}


class NoSampleError(Exception):
    """No value could be made that fits a schema, the one at `path`: it needs an example."""

    def __init__(self, *path: str) -> None:
        super().__init__(*path)
        self.path = path


def request_example(description: Description, content: MediaType) -> Any:  # noqa: ANN401
    """What a request may send: the first of its examples, or a sample of its schema.

    Raises:
        InvalidDocumentError: There is neither.
    """
    if content.examples:
        return next(iter(content.examples.values()))
    try:
        return Samples(description.schemas, View.REQUEST).value(content.schema)
    except NoSampleError:
        raise InvalidDocumentError(
            f"{description.place(content.pointer)}: this request has no example, and none can be "
            "made of its schema: write `example`"
        ) from None


class Samples:
    """Values for the schemas of an API, as one side of the wire sees them."""

    def __init__(self, schemas: Mapping[str, JsonSchema], view: View) -> None:
        self._schemas, self._view = schemas, view

    def value(self, schema: JsonSchema) -> Any:  # noqa: ANN401 - any of JSON
        """The same value every time; of an object no more than what is required.

        Raises:
            NoSampleError: None of those that were tried fits.
        """
        return self._value(schema, 0)

    def completed(self, schema: JsonSchema, value: Any) -> Any:  # noqa: ANN401 - any of JSON
        """The value with what is required beside it; what does not fit in it gives way to samples.

        Raises:
            NoSampleError: There is none for a part of it.
        """
        if Schema(schema, self._schemas, self._view).is_valid(value):
            return value
        if isinstance(value, dict):
            return self._completed_object(schema, value)
        items = [*composed(schema, "items", self._schemas)]
        if isinstance(value, list) and value and items:
            return [self.completed(items[0], each) for each in value]
        return self.value(schema)

    def _completed_object(self, schema: JsonSchema, value: dict[str, Any]) -> dict[str, Any]:
        found = {
            name: each
            for properties in composed(schema, "properties", self._schemas, alternatives=False)
            for name, each in properties.items()
        }
        required = {
            name: None
            for names in composed(schema, "required", self._schemas, alternatives=False)
            for name in names
        }
        result = {}
        for name in (*value, *(each for each in required if each not in value)):
            try:
                if name not in value:
                    result[name] = self.value(found.get(name, {}))
                elif name in found:
                    result[name] = self.completed(found[name], value[name])
            except NoSampleError as error:
                raise NoSampleError(name, *error.path) from None
        return result

    def _value(self, schema: JsonSchema, depth: int) -> Any:  # noqa: ANN401
        compiled = Schema(schema, self._schemas, self._view)
        if depth < _DEEPEST:
            for candidate in islice(self._candidates(schema, depth), _MOST):
                if compiled.is_valid(candidate):
                    return candidate
        raise NoSampleError

    def _candidates(self, schema: JsonSchema, depth: int) -> Iterator[Any]:
        for word in ("examples", "enum"):
            yield from chain.from_iterable(composed(schema, word, self._schemas))
        for word in ("default", "const"):
            yield from composed(schema, word, self._schemas)
        for parts in self._ways(schema):
            yield from self._made(parts, depth)

    def _ways(self, schema: JsonSchema) -> Iterator[list[JsonSchema]]:
        """The schema with what it is put together from, by each choice of its alternatives."""
        fixed = [*schema.get("allOf", ())]
        if "$ref" in schema:
            fixed.append(self._schemas[name_of(schema["$ref"])])
        choices = [[each] for each in fixed]
        choices += [schema[word] for word in ("anyOf", "oneOf") if word in schema]
        if "if" in schema:
            choices.append(
                [schema.get("else", {}), {"allOf": [schema["if"], schema.get("then", {})]}]
            )
        for chosen in product(*choices):
            for ways in product(*(islice(self._ways(each), _MOST) for each in chosen)):
                yield [schema, *chain.from_iterable(ways)]

    def _made(self, parts: list[JsonSchema], depth: int) -> Iterator[Any]:
        kinds = {value_type(each, self._schemas) for each in parts if "type" in each} - {ANY}
        kinds |= {kind for kind, words in _WORDS.items() for each in parts if words & each.keys()}
        if not kinds or "object" in kinds:
            yield from self._objects(parts, depth)
        if not kinds or "array" in kinds:
            yield from self._arrays(parts, depth)
        if not kinds or "string" in kinds:
            yield from _strings(parts)
        if not kinds or kinds & {"integer", "number"}:
            yield from _numbers(parts)
        yield from (False, True, None)

    def _objects(self, parts: list[JsonSchema], depth: int) -> Iterator[Any]:
        properties: dict[str, list[JsonSchema]] = {}
        for name, each in (item for part in parts for item in part.get("properties", {}).items()):
            properties.setdefault(name, []).append(each)
        names = dict.fromkeys(name for part in parts for name in part.get("required", ()))
        hidden = {name for name, found in properties.items() if self._is_hidden(found)}
        wanted = [name for name in names if name not in hidden]
        spare = [name for name in properties if name not in names and name not in hidden]
        least = max((part.get("minProperties", 0) for part in parts), default=0)
        wanted += spare[: max(0, least - len(wanted))]
        others = [part.get("additionalProperties") for part in parts]
        schema = next((each for each in others if isinstance(each, dict)), {})
        # An alternative may be told by what no schema requires.
        telling = [name for name in spare if self._is_listed(properties[name])]
        for more in ([], telling):
            try:
                value = {
                    name: self._value(_both(properties.get(name, [])), depth + 1)
                    for name in dict.fromkeys((*wanted, *more))
                }
            except NoSampleError:
                return
            for number in range(least - len(value)):
                value[f"name{number + 1}"] = self._value(schema, depth + 1)
            yield value

    def _is_listed(self, schemas: Iterable[JsonSchema]) -> bool:
        words = ("const", "enum")
        return any([*composed(each, word, self._schemas)] for each in schemas for word in words)

    def _is_hidden(self, schemas: Iterable[JsonSchema]) -> bool:
        word = self._view.value[0]
        return bool(word) and any(any(composed(each, word, self._schemas)) for each in schemas)

    def _arrays(self, parts: list[JsonSchema], depth: int) -> Iterator[Any]:
        first = [each for part in parts for each in part.get("prefixItems", ())]
        found = [part[word] for part in parts for word in ("items", "contains") if word in part]
        items = _both([each for each in found if isinstance(each, dict)])
        least = max((part.get("minItems", 0) for part in parts), default=0)
        yield [] if least == 0 else None
        try:
            start = [self._value(each, depth + 1) for each in first]
            for count in (max(0, least - len(start)), 1):
                yield start + [self._value(items, depth + 1)] * count
        except NoSampleError:
            return


def _both(schemas: list[JsonSchema]) -> JsonSchema:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas} if schemas else {}


def _strings(parts: list[JsonSchema]) -> Iterator[Any]:
    formats = [_FORMATS[part["format"]] for part in parts if part.get("format") in _FORMATS]
    yield from formats
    least = max((part.get("minLength", 0) for part in parts), default=0)
    for length in (max(least, 1), *_LENGTHS):
        yield from (each * length for each in _CHARACTERS)
    yield ""


def _numbers(parts: list[JsonSchema]) -> Iterator[Any]:
    words = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")
    bounds = [part[word] for part in parts for word in words if word in part]
    for step in [*(part["multipleOf"] for part in parts if "multipleOf" in part), 1, 0.5]:
        for each in (*bounds, 1, 0):
            yield from (each, each + step, each - step)
    for part in parts:
        if "multipleOf" in part and "minimum" in part:
            yield -(-part["minimum"] // part["multipleOf"]) * part["multipleOf"]
