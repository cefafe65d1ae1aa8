"""Can everything be made from a spec? If not, the first reason why, with its file and line."""

import keyword
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match
from openapi_spec_validator import OpenAPIV30SpecValidator
from openapi_spec_validator.schemas import schema_v30
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from contract.arguments import Arguments
from contract.document import METHODS, Document, InvalidDocumentError, at, operations
from contract.schema import Schema
from contract.yaml_files import escaped, holds, place

_MOST = 160
"""A reason is cut after so many characters: some libraries put the whole spec into theirs."""

Fault = tuple[str, str]
"""A JSON pointer into the document, and what is wrong there."""


def require_sound(document: Document, spec: Path, overlay: Path | None = None) -> None:
    """Raise for the first thing for which nothing could be made from `document`.

    Args:
        document: A whole API.
        spec: The file it was read from; without an overlay it is sound.
        overlay: The file laid over it, where there is one.

    Raises:
        InvalidDocumentError: There is one.
    """
    for faults in _CHECKS:  # each may rely on what those before it have found to be so
        for pointer, reason in faults(document):
            where = f"{place(overlay)}: {pointer}" if overlay else _place(spec, pointer)
            raise InvalidDocumentError(f"{where}: {reason}")


def _place(spec: Path, pointer: str) -> str:
    """Where it stands: in the spec, or in the file beside it from which it was taken."""
    others = sorted(spec.parent.glob("*.yaml"))
    return next(
        (place(file, pointer) for file in (spec, *others) if holds(file, pointer)), None
    ) or (place(spec, pointer))


def _version(document: Document) -> Iterator[Fault]:
    if "openapi" not in document:
        yield "", "is no OpenAPI document: it has no `openapi`"
    elif not str(document["openapi"]).startswith("3.0."):
        yield "/openapi", f"is OpenAPI {document['openapi']}; only 3.0 can be bound: write 3.0.3"


def _operation_ids(document: Document) -> Iterator[Fault]:
    """The stubs and connexion go by them; the validator's own message names no place."""
    seen: dict[str, str] = {}
    for path, item in document["paths"].items():
        for method in (each for each in METHODS if each in item):
            here, what = f"/paths/{escaped(path)}/{method}", f"{method.upper()} {path}"
            name = item[method].get("operationId")
            if name is None:
                yield here, f"{what} has no operationId"
            elif name in seen:
                yield f"{here}/operationId", f"operationId {name} is also that of {seen[name]}"
            seen[name] = what


def _structure(document: Document) -> Iterator[Fault]:
    """The official schema of OpenAPI 3.0."""
    error = best_match(Draft4Validator(dict(schema_v30)).iter_errors(document))
    if error is not None:
        yield "".join(f"/{escaped(part)}" for part in error.absolute_path), _short(error.message)


def _cycles(document: Document) -> Iterator[Fault]:
    """A component within itself: MongoDB's validators cannot say that."""
    for kind, named in document.get("components", {}).items():
        for name in named:
            here = f"/components/{kind}/{escaped(name)}"
            if f"#{here}" in _reached(document, named[name]):
                yield here, f"{name} refers to itself"


def _reached(document: Document, node: Any, found: set[str] | None = None) -> set[str]:  # noqa: ANN401
    """Every reference within the node, and within what they lead to."""
    found = set() if found is None else found
    if isinstance(node, list):
        for each in node:
            _reached(document, each, found)
    elif isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in found:
            found.add(reference)
            _reached(document, at(document, reference.removeprefix("#")), found)
        for each in node.values():
            _reached(document, each, found)
    return found


def _path_parameters(document: Document) -> Iterator[Fault]:
    """Those in the braces of a path are those that are `in: path`."""
    for operation in operations(document):
        here = f"/paths/{escaped(operation.path)}"
        named = set(re.findall(r"\{(.*?)\}", operation.path))
        declared = {each["name"] for each in operation.parameters if each["in"] == "path"}
        for name in sorted(named ^ declared):
            lacks = "does not declare" if name in named else "declares, and its path has not,"
            yield here, f"{operation.id} {lacks} the path parameter {name}"


def _rest(document: Document) -> Iterator[Fault]:
    """What else the validator finds: defaults of another type, unknown references, ..."""
    try:
        for error in OpenAPIV30SpecValidator(document).iter_errors():
            yield (
                "".join(f"/{escaped(part)}" for part in error.absolute_path),
                _short(error.message),
            )
    except OpenAPIValidationError as error:
        yield "", _short(str(error))


def _names(document: Document) -> Iterator[Fault]:
    """Names that become names of Python: of functions, parameters, classes and their fields."""
    for path, item in document["paths"].items():
        for method in (each for each in METHODS if each in item):
            here = f"/paths/{escaped(path)}/{method}/operationId"
            yield from _name(here, "operationId", item[method]["operationId"])
        for owner, pointer in _with_parameters(path, item):
            for number, parameter in enumerate(owner.get("parameters", [])):
                if "name" in parameter:
                    here = f"{pointer}/parameters/{number}/name"
                    yield from _name(here, "parameter", parameter["name"])
    for key, parameter in document.get("components", {}).get("parameters", {}).items():
        here = f"/components/parameters/{escaped(key)}/name"
        yield from _name(here, "parameter", parameter["name"])
    for key, schema in document.get("components", {}).get("schemas", {}).items():
        here = f"/components/schemas/{escaped(key)}"
        yield from _name(here, "schema", key)
        yield from _property_names(here, schema)


def _with_parameters(path: str, item: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    here = f"/paths/{escaped(path)}"
    yield item, here
    for method in METHODS:
        if method in item:
            yield item[method], f"{here}/{method}"


def _property_names(here: str, schema: dict[str, Any]) -> Iterator[Fault]:
    for name, each in schema.get("properties", {}).items():
        yield from _name(f"{here}/properties/{escaped(name)}", "property", name)
        yield from _property_names(f"{here}/properties/{escaped(name)}", each)
    if "items" in schema:
        yield from _property_names(f"{here}/items", schema["items"])


def _name(here: str, kind: str, name: str) -> Iterator[Fault]:
    if not name.isascii() or not name.isidentifier() or keyword.iskeyword(name):
        yield here, f"{kind} {name} is no Python name"


def _bodies(document: Document) -> Iterator[Fault]:
    """A handler's `body` has the type of its schema, so that must have a name."""
    for operation in operations(document):
        body = operation.definition.get("requestBody")
        if body is None:
            continue
        here = f"/paths/{escaped(operation.path)}/{operation.method.lower()}/requestBody"
        content = body.get("content", {})
        if [*content] != ["application/json"]:
            yield here, f"{operation.id} takes something else than application/json"
        elif "$ref" not in content["application/json"].get("schema", {}):
            yield here, f"the body of {operation.id} needs a named schema: move it to components"


def _bindable(document: Document) -> Iterator[Fault]:
    """What OpenAPI knows and the services do not: formats, keywords, kinds of parameters."""
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        try:
            Schema(document, schema)
        except ValueError as error:
            yield f"/components/schemas/{escaped(name)}", _short(str(error))
    try:
        Arguments(_nobody, document)
    except InvalidDocumentError as error:
        yield "/paths", str(error)


async def _nobody(*_: object) -> None:
    """The application of a middleware that is made and never called."""


def _short(message: str) -> str:
    """A library's message in one line of a readable length."""
    line = " ".join(message.split()).partition(" Failed validating ")[0]
    return line if len(line) <= _MOST else f"{line[:_MOST]}..."


_CHECKS: tuple[Callable[[Document], Iterator[Fault]], ...] = (
    _version,
    _structure,
    _cycles,
    _operation_ids,
    _names,
    _path_parameters,
    _rest,
    _bodies,
    _bindable,
)
