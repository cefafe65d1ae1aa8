"""What rows of `services.yaml` say, and the specs they name do not have."""

import re
from collections.abc import Iterable, Iterator, Mapping

from openapi.description import Description, Operation
from openapi.errors import Violation
from openapi.pointers import pointer_of
from openapi.schemas import value_type
from openapi.views import composed, properties_of
from services.declaration import Collection, Event, Kind, Service, System
from services.payload import VERSION, payload

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
        if events is not None:
            yield from _of_events(system, service, apis[service.api], events)
    yield from _of_two(system, apis)


def _of_events(
    system: System, service: Service, api: Description, events: Description
) -> Iterator[Violation]:
    here, file = pointer_of("services", service.name), "the spec of the events"
    spec = f"specs/{service.spec.name}"
    if system.events is not None:
        file = f"{system.events.parent.name}/{system.events.name}"
    for event in () if service.publishes is None else service.publishes.events:
        place = f"{here}/publishes/events{pointer_of(event.name)}"
        if event.name not in events.schemas:
            yield place, f"{event.name} is no schema of {file}: write it there"
        else:
            yield from _of_event(service, event, api, events, place)
    for collection in service.collections:
        told = service.events_of(collection.name)
        place = f"{here}/collections{pointer_of(collection.name)}"
        if told and any(each.method == "DELETE" for each in api.operations):
            why = (
                "what is not published yet would go with the document, and its versions begin anew"
            )
            what = "take one out, or mark documents as ended"
            yield place, f"it publishes events, and its spec has a DELETE: {why}: {what}"
        if len(states := [each.name for each in told if each.kind is Kind.STATE]) > 1:
            yield place, f"{', '.join(states)} are all its state: make one event of them"
    if service.follows is not None and service.follows.copies is not None:
        name, key = service.follows.copies
        collection = service.collection(name)
        known = properties_of(api, collection.schema) if collection.schema in api.schemas else {key}
        if key not in known:
            yield f"{here}/follows/copies", _lacks(spec, collection, key, known)


def _of_event(
    service: Service, event: Event, api: Description, events: Description, place: str
) -> Iterator[Violation]:
    collection = service.collection(event.collection)
    if collection.schema not in api.schemas:
        return
    has, stored = properties_of(events, event.name), properties_of(api, collection.schema)
    said = payload(service, event, events)
    for name, why in ((said.key, "the id of what it tells of"), (VERSION, "what orders events")):
        if name not in has:
            yield place, f"{event.name} has no property {name}, {why}: add it to the schema"
    if VERSION in has and "integer" not in composed(has[VERSION], "type", events.schemas):
        yield place, f"{event.name}.{VERSION} orders events: make it an integer of format int64"
    kind = value_type(stored.get(said.key, {}), api.schemas)
    if said.key in has and value_type(has[said.key], events.schemas) != kind:
        what = f"of type {kind} in {collection.schema}: make it the same"
        yield place, f"{event.name}.{said.key} is the id of what it tells of, {what}"
    for name in event.fields.keys() - has.keys():
        yield f"{place}/fields{pointer_of(name)}", f"{event.name} has no property {name}: leave out"
    for name, source in said.properties.items():
        if source not in stored:
            what = f"add `fields: {{{name}: …}}` with one of {', '.join(stored)}"
            yield place, f"{event.name} has {name}, and {collection.schema} no {source}: {what}"


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
    elif value_type(properties[collection.key], api.schemas) not in ("string", "integer"):
        what = f"make it a string or an integer in {spec}"
        yield f"{here}/key", f"{collection.key} is the id of documents: {what}"


def _lacks(spec: str, collection: Collection, name: str, known: Iterable[str]) -> str:
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
