"""What handlers are given: by the composition of their service, or else its collections."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from openapi.description import Description
from processes.modules import ModuleImportError, imported
from services.declaration import Service, System, Version
from services.payload import events_of, payloads
from storage.client import Json
from storage.documents import Documents
from storage.publications import Publications


def dependencies(
    system: System,
    service: Service,
    version: Version,
    description: Description,
    database: AsyncDatabase[Json] | None,
) -> Mapping[str, Any]:
    """What the handlers of a version of a service are given, by the names that they ask by.

    Args:
        system: All services.
        service: Whose handlers.
        version: Which of its versions.
        description: Its spec, the version's overlay laid over it.
        database: Where it stores, None where it stores nothing.

    Raises:
        ModuleImportError: The composition cannot be imported, or has no such function.
    """
    events = events_of(system)
    followed = {each.name for each in _published(service) if system.followers(each.name)}
    publications = Publications(payloads(service, events), followed, version.name or ONLY_VERSION)
    if service.composition:
        found: Mapping[str, Any] = composition(service, "dependencies")(
            database=database,
            service=service,
            version=version,
            description=description,
            events=events,
            publications=publications,
        )
        return found
    return {
        each.name: Documents(
            database[each.name],
            description,
            each,
            publications if service.events_of(each.name) else None,
        )
        for each in service.collections
        if database is not None
    }


ONLY_VERSION = "v1"
"""What a service that has one version calls it in its answers, metrics and events."""


def composition(service: Service, function: str) -> Callable[..., Any]:
    """A function of a service's composition; raises ModuleImportError where there is none."""
    file = f"{service.composition.replace('.', '/')}.py"
    if not service.composition:
        why = f"it has no `composition`, whose `{function}` is needed"
        raise ModuleImportError(f"{service.name}: {why}: docs/services.md says how to write one")
    found = getattr(imported(service.composition), function, None)
    if found is None:
        why = f"has no `{function}`: write it, as docs/services.md says"
        raise ModuleImportError(f"{file}: {why}")
    made: Callable[..., Any] = found
    return made


def _published(service: Service) -> tuple[Any, ...]:
    return () if service.publishes is None else service.publishes.events
