"""Which of what a spec may say the services can do: whatever else it says is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

from contract.answers.bindable import unanswerable
from contract.bodies.refusals import body_violations
from contract.completion import NONE, default_of
from contract.parameters.ambiguities import parameter_violations
from contract.paths import MANAGEMENT_PATHS, is_ambiguous_path, pattern_of
from contract.schema import Schema
from openapi.description import REFERENCE, Description, JsonSchema, Operation
from openapi.errors import Violation, refuse
from openapi.grammar import Node, walk
from openapi.reading import load_description


def load_api(path: Path, overlay: Path | None = None) -> Description:
    """Read a spec that a service is to be made from.

    Raises:
        InvalidDocumentError: It is not sound, or says what the services cannot do; the message has
            a line for each reason.
    """
    description = load_description(path, overlay)
    require_bindable(description)
    return description


def require_bindable(description: Description) -> None:
    """Raise for what the services cannot do.

    Raises:
        InvalidDocumentError: There is something.
    """
    for check in _CHECKS:
        refuse(check(description), description.place)


def _schemas(description: Description) -> Iterator[Violation]:
    """Schemas that cannot be compiled."""
    everything = {"allOf": [{"$ref": f"{REFERENCE}{name}"} for name in description.schemas]}
    if _reason(everything, description) is None:
        return
    for name, schema in description.schemas.items():
        if reason := _reason(schema, description):
            yield description.schema_pointers[name], reason


def _reason(schema: JsonSchema, description: Description) -> str | None:
    """Why a schema cannot be compiled."""
    try:
        Schema(schema, description.schemas)
    except ValueError as error:
        return str(error).partition("\n\nFailed validating")[0][:200]
    return None


def _bodies(description: Description) -> Iterator[Violation]:
    for operation in description.operations:
        yield from body_violations(operation, description)


def _paths(description: Description) -> Iterator[Violation]:
    """Paths that what is beside the API would swallow, and paths that no request can have."""
    for operation in description.operations:
        if is_ambiguous_path(operation.path.encode()):
            pointer = operation.pointer.rpartition("/")[0]
            why = "an empty segment, or an encoded slash or control character"
            yield pointer, f"{operation.path} has {why}, and is answered to nobody: rename it"
        if met := _management_path(operation):
            pointer = operation.pointer.rpartition("/")[0]
            advice = "rename it, or give `servers` a URL with a path"
            yield pointer, f"{operation.path} meets {met}, which every service has: {advice}"


def _management_path(operation: Operation) -> str | None:
    pattern = pattern_of(operation.path.rstrip("/"))
    first = operation.path.split("/")[1]
    if operation.path.count("/") > 1 and pattern_of(first).fullmatch("ui"):
        return "/ui/"
    return next((each for each in MANAGEMENT_PATHS if pattern.fullmatch(each)), None)


def _defaults(description: Description) -> Iterator[Violation]:
    """Defaults that do not fit the schema that they are the default of."""
    schemas = [
        (description.schema_pointers[name], each) for name, each in description.schemas.items()
    ]
    for operation in description.operations:
        for each in operation.parameters:
            schemas.append((f"{each.pointer}/schema", each.schema))
            if "default" not in each.schema:  # behind `$ref` and `allOf` it may not fit the whole
                yield from _misfit(description, each.schema, each.pointer)
    for pointer, schema in schemas:
        for node in walk(schema, "3.1", "schema", pointer):
            if node.kind == "schema" and isinstance(node.value, dict) and "default" in node.value:
                yield from _default(description, node)


def _default(description: Description, node: Node) -> Iterator[Violation]:
    return _misfit(description, node.value, f"{node.pointer}/default")


def _misfit(description: Description, schema: JsonSchema, pointer: str) -> Iterator[Violation]:
    default = default_of(schema, description.schemas)
    if default is not NONE:
        for issue in Schema(schema, description.schemas).issues(default):
            yield pointer, f"the default does not fit its schema: {issue.detail}"


_CHECKS: tuple[Callable[[Description], Iterator[Violation]], ...] = (
    _paths,
    _schemas,
    parameter_violations,
    _bodies,
    unanswerable,
    _defaults,
)
