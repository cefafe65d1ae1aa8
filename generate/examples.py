"""Do the examples of the specs fit their schemas, and do their links lead to operations?"""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.samples import request_example
from contract.schema import Schema
from generate.sources import Sources
from openapi.description import Description, JsonSchema
from openapi.errors import InvalidDocumentError
from openapi.grammar import walk
from openapi.pointers import at, from_fragment, pointer_of
from openapi.views import View


def misfits(sources: Sources) -> Iterator[str]:
    """Examples that do not fit their schemas, a line each."""
    for description in sources.descriptions:
        yield from dict.fromkeys(_misfits(description))


def missing(sources: Sources) -> Iterator[str]:
    """Requests without an example for which none can be made, a line each."""
    for description in sources.apis.values():
        for operation in description.operations:
            for content in operation.body.content.values() if operation.body else ():
                try:
                    request_example(description, content)
                except InvalidDocumentError as error:
                    yield str(error)


def broken_links(sources: Sources) -> Iterator[str]:
    """Links to operations that do not exist, a line each."""
    for description in (*sources.apis.values(), *sources.versions.values()):
        known = {each.operation_id for each in description.operations}
        for node in walk(description.document, description.version):
            if node.kind != "link" or "$ref" in node.value:
                continue
            here, link = description.place(node.pointer), node.value
            if "operationId" in link and link["operationId"] not in known:
                yield f"{here}: links to {link['operationId']}, which is no operation"
            elif "operationRef" in link and not _exists(description, link["operationRef"]):
                yield f"{here}: links to {link['operationRef']}, which is no operation"


def _exists(description: Description, reference: str) -> bool:
    try:
        at(description.document, from_fragment(reference.removeprefix("#")))
    except (KeyError, ValueError):
        return False
    return True


def _misfits(description: Description) -> Iterator[str]:
    for name, schema in description.schemas.items():
        here = pointer_of("components", "schemas", name)
        yield from _of_schema(description, schema, here)
        for key, each in schema.get("properties", {}).items():
            yield from _of_schema(description, each, f"{here}{pointer_of('properties', key)}")
    for operation in description.operations:
        for parameter in operation.parameters:
            yield from _of_schema(description, parameter.schema, f"{parameter.pointer}/schema")
            if parameter.media_type is None:
                yield from _of(description, parameter.schema, parameter.examples, parameter.pointer)
        for content in operation.body.content.values() if operation.body else ():
            yield from _of(
                description, content.schema, content.examples, content.pointer, View.REQUEST
            )
        for response in operation.responses.values():
            for content in response.content.values():
                yield from _of(
                    description, content.schema, content.examples, content.pointer, View.RESPONSE
                )


def _of_schema(description: Description, schema: JsonSchema, here: str) -> Iterator[str]:
    examples = {str(n): each for n, each in enumerate(schema.get("examples", ()))}
    yield from _of(description, schema, examples, here)


def _of(
    description: Description,
    schema: JsonSchema,
    examples: Mapping[str, Any],
    here: str,
    view: View = View.PLAIN,
) -> Iterator[str]:
    if not examples:
        return
    compiled = Schema(schema, description.schemas, view)
    for name, example in examples.items():
        for issue in compiled.issues(example):
            place = description.place(
                f"{here}/{'example' if name in ('example', '0') else 'examples'}"
            )
            yield f"{place}: an example does not fit its schema: {issue.pointer}: {issue.detail}"
