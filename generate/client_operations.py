"""The operations of an API as its clients call them, whatever their language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract.answers.media_types import media_range
from contract.bodies.body_reading import Reading, reading_of
from generate.shapes import Anything, Named, Scalar, Shapes
from openapi.description import Description, JsonSchema, MediaType, Operation, Response
from openapi.names import distinct, snake_case
from openapi.schemas import value_type
from openapi.security import ApiKey, Http
from openapi.views import View
from sdks.python.runtime import operations as runtime

_RESERVED = ("self", "body", "content_type", "accept", "options")
_KEY = "idempotency-key"
"""A parameter that clients fill in by themselves."""
_CONDITIONS = ("if-match", "if-none-match")
_METHODS = ("close",)


@dataclass(frozen=True)
class Typed:
    """A type: a schema as one side of the wire sees it, or one of `KINDS`."""

    schema: JsonSchema | None = None
    view: View = View.PLAIN
    kind: str = ""


@dataclass(frozen=True)
class Argument:
    """An argument of a call."""

    name: str
    type: Typed
    required: bool
    is_path: bool
    is_condition: bool
    may_be_null: bool
    text: str


@dataclass(frozen=True)
class ClientOperation:
    """An operation, as it is called.

    `described` is what the runtime knows of it; `body` and `result` are alternatives.
    `item` is what is on its pages, where it has any; it `streams` where an answer is not JSON.
    """

    operation: Operation
    described: runtime.Operation
    arguments: tuple[Argument, ...]
    body: tuple[Typed, ...]
    result: tuple[Typed, ...]
    item: Typed | None
    streams: bool

    @property
    def name(self) -> str:
        """The name of the method."""
        return self.described.id

    @property
    def text(self) -> str:
        """What it does, in the words of the spec."""
        each = self.operation
        said = each.summary.rstrip(".") or str(each)
        return "\n\n".join(filter(None, (f"{said}.", each.description.strip(), f"`{each}`")))

    @property
    def needs_body(self) -> bool:
        """Whether it cannot be called without a body."""
        return self.operation.body is not None and self.operation.body.required

    @property
    def media_types(self) -> tuple[str, ...]:
        """Of which the body may be, where the caller has to choose."""
        names = (*self.described.bodies,)
        return names if len(names) > 1 or any("*" in each for each in names) else ()

    @property
    def representations(self) -> tuple[str, ...]:
        """The media types of the answer, where the caller may choose."""
        return self.described.answers if len(self.described.answers) > 1 else ()


def client_operations(description: Description) -> list[ClientOperation]:
    """The operations in the order of the spec."""
    names = [(each.id, each.id if each.id not in _METHODS else f"{each.id}_")
             for each in description.operations]  # fmt: skip
    pairs = zip(description.operations, distinct(names), strict=True)
    return [_operation(description, each, name) for each, name in pairs]


def _operation(description: Description, operation: Operation, name: str) -> ClientOperation:
    arguments = [*_arguments(description, operation)]
    successes = _successes(operation)
    answers = {name: None for each in successes for name in each.content}
    described = runtime.Operation(
        name,
        operation.method,
        operation.path,
        tuple(each for each, _ in arguments),
        {each: _encodings(media) for each, media in _bodies(operation).items()},
        any(_nullable(description, name, m.schema) for name, m in _bodies(operation).items()),
        (*answers,),
        *_security(description, operation),
    )
    result = tuple(dict_of(one for each in successes for one in _of_response(each)))
    return ClientOperation(
        operation,
        described,
        tuple(sorted((each for _, each in arguments), key=_place)),
        tuple(dict_of(_of_bodies(description, operation))),
        result or (Typed(kind="none"),),
        _item(description, operation),
        any(not media_range(each).is_json for each in answers),
    )


def dict_of(types: Iterator[Typed]) -> list[Typed]:
    """The types, each once."""
    found: list[Typed] = []
    for each in types:
        found += [each] if each not in found else []
    return found


def _place(argument: Argument) -> tuple[bool, bool]:
    return not argument.is_path, not argument.required


def _arguments(
    description: Description, operation: Operation
) -> Iterator[tuple[runtime.Parameter, Argument]]:
    wishes = []
    for each in operation.parameters:
        wish = snake_case(each.python_name)
        wishes.append((each.python_name, f"{wish}_" if wish in _RESERVED else wish))
    said = _said(description, operation)
    for each, name in zip(operation.parameters, distinct(wishes), strict=True):
        media_type = each.media_type or ""
        is_json = bool(media_type) and media_range(media_type).is_json
        may_be_null = is_json and _nullable(description, media_type, each.schema)
        is_condition = each.location == "header" and each.name.lower() in _CONDITIONS
        yield (
            runtime.Parameter(
                *(name, each.name, each.location, each.style, each.explode, is_json, may_be_null)
            ),
            Argument(
                name,
                Typed(each.schema, View.REQUEST),
                each.required and not each.allow_empty and each.name.lower() != _KEY,
                each.location == "path",
                is_condition,
                may_be_null,
                said.get((each.location, each.name), ""),
            ),
        )


def _said(description: Description, operation: Operation) -> dict[tuple[str, str], str]:
    """What the spec says of each parameter."""
    item = description.document["paths"][operation.template]
    nodes: list[dict[str, Any]] = [
        *item.get("parameters", []),
        *item[operation.method.lower()].get("parameters", []),
    ]
    components = description.document.get("components", {}).get("parameters", {})
    found = {}
    for node in nodes:
        reference = node.get("$ref", "")
        while "$ref" in node:
            reference = node["$ref"]
            node = components.get(reference.rpartition("/")[2], {})  # noqa: PLW2901
        found[node.get("in", ""), node.get("name", "")] = node.get("description", "")
    return found


def _bodies(operation: Operation) -> dict[str, MediaType]:
    return dict(operation.body.content) if operation.body is not None else {}


def _of_bodies(description: Description, operation: Operation) -> Iterator[Typed]:
    for name, media in _bodies(operation).items():
        match reading_of(name, media, description):
            case Reading.VALUE:
                yield Typed(media.schema, View.REQUEST)
            case Reading.TEXT if value_type(media.schema, description.schemas) in _PLAIN:
                yield Typed(media.schema, View.REQUEST)
            case Reading.TEXT:
                yield Typed(kind="text")
            case Reading.FILE:
                yield Typed(kind="content")


_PLAIN = ("integer", "number", "boolean")


def _encodings(media: MediaType) -> dict[str, runtime.Encoding]:
    return {
        name: runtime.Encoding(each.content_type, each.style, each.explode)
        for name, each in media.encoding.items()
    }


def _successes(operation: Operation) -> list[Response]:
    found = [each for status, each in operation.responses.items() if status.startswith("2")]
    return found or [each for status, each in operation.responses.items() if status == "default"]


def _of_response(response: Response) -> Iterator[Typed]:
    if not response.content or response.status in ("204", "205"):
        yield Typed(kind="none")
        return
    for name, media in response.content.items():
        kind = media_range(name)
        if kind.is_json:
            yield Typed(media.schema, View.RESPONSE)
        elif name.startswith("*/*"):
            yield Typed(kind="any")
        else:
            yield Typed(kind="text" if kind.is_text else "bytes")


def _item(description: Description, operation: Operation) -> Typed | None:
    """What is on the pages of a list whose `Link` leads to the next."""
    answer = operation.responses.get("200")
    if operation.method != "GET" or answer is None:
        return None
    schema = next((each.schema for each in answer.content.values()), {})
    schema = description.resolve(schema)
    names = {each.lower() for each in answer.headers}
    if "link" in names and value_type(schema, description.schemas) == "array":
        return Typed(schema.get("items", {}), View.RESPONSE)
    return None


def _nullable(description: Description, media_type: str, schema: JsonSchema) -> bool:
    """Whether JSON may be null."""
    if not media_range(media_type).is_json:
        return False
    shapes = Shapes(description.schemas, View.REQUEST)
    left = [*shapes.of(schema)]
    seen = set[str]()
    while left:
        each = left.pop()
        if each == Scalar("null") or (isinstance(each, Anything) and "null" not in each.but):
            return True
        if isinstance(each, Named) and each.name not in seen:
            seen.add(each.name)
            left += shapes.named(each.name)
    return False


def _security(description: Description, operation: Operation) -> tuple[str | None, bool]:
    """The header of a key, where one is taken; and whether a bearer's token is."""
    names = {name for requirement in operation.security for name in requirement}
    schemes = [description.security_schemes[name] for name in sorted(names)]
    keys = [s.name for s in schemes if isinstance(s, ApiKey) and s.location == "header"]
    bearer = any(isinstance(each, Http) and each.scheme == "bearer" for each in schemes)
    return (keys[0] if keys else None), bearer
