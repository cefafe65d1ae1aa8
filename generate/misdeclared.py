"""What rows of `services.yaml` say, and the specs they name do not have."""

import re
from collections.abc import Iterator, Mapping

from openapi.description import Description, JsonSchema, Operation
from openapi.errors import Violation
from openapi.pointers import pointer_of
from openapi.views import composed
from services.declaration import Collection, Service, System

_PARAMETER = re.compile(r"\{[^{}]*\}")


def misdeclared(
    system: System, apis: Mapping[str, Description], events: Description | None
) -> Iterator[Violation]:
    """With pointers into `services.yaml`, and what to do.

    Args:
        system: The rows.
        apis: The descriptions of their specs, by what they are called in the code.
        events: That of their events.
    """
    for service in system:
        for collection in service.collections:
            yield from _of_collection(service, collection, apis[service.api])
        known = {} if events is None else events.schemas
        for kind in ("publishes", "follows"):
            for each in getattr(service, kind):
                if each.event not in known:
                    pointer = pointer_of("services", service.name, kind, each.event)
                    yield pointer, f"{each.event} is no schema of {_file(system)}: write it there"
    yield from _of_two(system, apis)


def _file(system: System) -> str:
    return (
        "the events"
        if system.events is None
        else f"{system.events.parent.name}/{system.events.name}"
    )


def _of_collection(
    service: Service, collection: Collection, api: Description
) -> Iterator[Violation]:
    here = pointer_of("services", service.name, "collections", collection.name)
    spec = f"specs/{service.spec.name}"
    if collection.schema not in api.schemas:
        known = ", ".join(api.schemas) or "none"
        yield (
            f"{here}/schema",
            f"{spec} has no schema {collection.schema}: write it there, or name another of {known}",
        )
        return
    properties = properties_of(api, collection.schema)
    for word in ("unique", "order", "filters"):
        for name in getattr(collection, word):
            if name not in properties and name != collection.key:
                yield f"{here}/{word}", _lacks(spec, collection, name, properties)
    if collection.key not in properties:
        yield f"{here}/key", _lacks(spec, collection, collection.key, properties)
    elif "string" not in [*composed(properties[collection.key], "type", api.schemas)]:
        yield f"{here}/key", f"{collection.key} is the id of documents: make it a string in {spec}"


def properties_of(api: Description, schema: str) -> Mapping[str, JsonSchema]:
    """The properties of a schema by their names, those of its parts included."""
    found: dict[str, JsonSchema] = {}
    for each in composed(api.schemas[schema], "properties", api.schemas):
        found |= each
    return found


def _lacks(spec: str, collection: Collection, name: str, known: Mapping[str, JsonSchema]) -> str:
    return (
        f"{collection.schema} in {spec} has no property {name}: write it there, or name another "
        f"of {', '.join(known) or 'none'}"
    )


def _of_two(system: System, apis: Mapping[str, Description]) -> Iterator[Violation]:
    """Public operations of two services at one path: behind one gateway only one is reached."""
    first: dict[tuple[str, str], tuple[Service, Operation]] = {}
    for service in system:
        for each in (one for one in apis[service.api].operations if not one.internal):
            path = _PARAMETER.sub("{}", each.path.rstrip("/"))
            owner, other = first.setdefault((each.method, path), (service, each))
            if owner is not service:
                here, there = (
                    apis[one.api].place(operation.pointer)
                    for one, operation in ((service, each), (owner, other))
                )
                why = f"{each} ({here}) is an operation of {owner.name} too ({there})"
                what = "give one of them another path, or make it `x-internal`"
                yield pointer_of("services", service.name, "spec"), f"{why}: {what}"
