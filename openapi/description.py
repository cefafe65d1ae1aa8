"""An API as its spec describes it: what everything else is made from.

Whatever OpenAPI the spec is written in, every schema here is JSON Schema 2020-12, its references
(`#/components/schemas/NAME`) lead to `Description.schemas`, and no other reference is left.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from openapi.bundle import Document
from openapi.deprecation import Deprecation
from openapi.grammar import Version
from openapi.names import body_arguments
from openapi.security import Requirement, SecurityScheme

JsonSchema = dict[str, Any]
"""A JSON Schema 2020-12 (an object; what was `true` is `{}`, what was `false` is `{"not": {}}`)."""

Location = Literal["path", "query", "header", "cookie"]
Style = Literal[
    "simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"
]

IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH = "idempotency-key", "if-match", "if-none-match"
"""Headers, in small letters, that the contract and storage heed; no handler is given them."""

REFERENCE = "#/components/schemas/"
"""How every reference in a schema begins; the name of a schema follows."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a response, or of a part of a form.

    `media_type` is set where `content` says what its value is.
    """

    required: bool
    schema: JsonSchema
    explode: bool
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one field of a form is sent; None is what the spec leaves out."""

    content_type: str | None
    style: str | None
    explode: bool | None
    headers: Mapping[str, Header]


@dataclass(frozen=True, slots=True)
class MediaType:
    """What a body is in one media type. `pointer` leads to it in the document.

    `max_bytes` is its `x-max-bytes`: how large the whole body may be.
    """

    schema: JsonSchema
    examples: Mapping[str, Any]
    encoding: Mapping[str, Encoding]
    max_bytes: int | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `name` on the wire, `python_name` to the handler.

    `media_type` is set where the value is serialized by `content` and not by a style.
    """

    name: str
    python_name: str
    location: Location
    required: bool
    schema: JsonSchema
    style: Style
    explode: bool
    allow_empty: bool
    media_type: str | None
    examples: Mapping[str, Any]
    pointer: str

    @property
    def is_condition(self) -> bool:
        """Whether it is one of the headers that no handler is given."""
        names = (IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH)
        return self.location == "header" and self.name.lower() in names


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, by media type in the order of the spec."""

    required: bool
    content: Mapping[str, MediaType]
    pointer: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """What its handler is given: which of several media types it is, is told beside it."""
        return body_arguments(self.content)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `status` is a code (`200`), a range (`4XX`) or `default`."""

    status: str
    content: Mapping[str, MediaType]
    headers: Mapping[str, Header]
    pointer: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    `id` is the name of its handler. `path` is what stands in a request, the path of the servers
    included; `template` is what stands in the spec. `method` is in capitals. `internal` operations
    (`x-internal`) are for the services' own network. `security` has the alternatives, of which one
    must be met: none of them, or one without a scheme, asks for nothing. `deprecation` is None
    where the operation is not deprecated.
    """

    id: str
    operation_id: str | None
    method: str
    path: str
    template: str
    summary: str
    description: str
    tags: tuple[str, ...]
    internal: bool
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Response]
    security: tuple[Requirement, ...]
    deprecation: Deprecation | None
    pointer: str

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """The parameters that its handler is given."""
        return tuple(each for each in self.parameters if not each.is_condition)

    def response(self, status: int) -> Response | None:
        """What the spec says of an answer: an exact code goes before a range before `default`."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


@dataclass(frozen=True, eq=False)
class Description:
    """An API. Two are equal where they are one, so that what follows from one can be kept by it.

    Args:
        document: The whole spec in one document, for tools that read OpenAPI.
        schemas: By the name that the spec gives them, or that was made for those without one.
        schema_pointers: Where in the document each schema stands.
        class_names: The model of each schema.
        files: The files that it was read from.
        notes: What is understood and changes nothing, a line each.
        place: `file:line` of what a pointer into the document names.
    """

    version: Version
    document: Document
    operations: tuple[Operation, ...]
    schemas: Mapping[str, JsonSchema]
    schema_pointers: Mapping[str, str]
    class_names: Mapping[str, str]
    security_schemes: Mapping[str, SecurityScheme]
    files: frozenset[Path]
    notes: tuple[str, ...]
    place: Callable[[str], str] = field(repr=False)

    @property
    def api_version(self) -> str:
        """`info.version`."""
        return str(self.document["info"]["version"])

    def has_method(self, method: str) -> bool:
        """Whether any operation has it."""
        return any(each.method == method for each in self.operations)

    def resolve(self, schema: JsonSchema) -> JsonSchema:
        """The schema itself where `schema` is nothing but a reference to it."""
        return resolved(schema, self.schemas)

    def renamed(self) -> Iterator[tuple[str, str]]:
        """Names of the spec that are others in Python: `operation get-x`, `get_x`."""
        for operation in self.operations:
            said = operation.operation_id
            if said != operation.id:
                yield f"operation {said or operation}", operation.id
            for each in operation.arguments:
                if each.name != each.python_name:
                    yield f"{operation.id}: parameter {each.name}", each.python_name
        for name, class_name in self.class_names.items():
            if name != class_name:
                yield f"schema {name}", class_name


def name_of(reference: str) -> str:
    """The name of the schema that a reference leads to."""
    return reference.removeprefix(REFERENCE).partition("/")[0]


def resolved(schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> JsonSchema:
    """The schema itself where `schema` is nothing but a reference to it."""
    while [*schema] == ["$ref"]:
        schema = schemas[name_of(schema["$ref"])]
    return schema
