"""An HTTP service, put together from its row of `services.yaml`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette

from contract.answers.check import ResponseCheck
from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.handlers import bind_handlers
from contract.links import Links
from contract.service import Service as Application
from handlers.answers import translate
from openapi.description import Description
from openapi.reading import load_description
from processes.metrics import HttpMetrics
from processes.modules import ModuleImportError, imported
from processes.settings import (
    SettingsError,
    drain_file,
    max_upload_bytes,
    mongo_settings,
    validate_responses,
)
from processes.start import exit_on_config_error
from processes.stored import Stored, stored
from services.declaration import Service, Version
from services.reading import declared
from storage.client import Json, connect
from storage.documents import Documents
from storage.durable import answers

if TYPE_CHECKING:
    from starlette.types import ASGIApp

log = structlog.get_logger(__name__)

_ONLY_VERSION = "v1"
"""What a service that has one version calls it in its answers and metrics."""


@exit_on_config_error()
def create(name: str, version: str = "") -> Application:
    """The service of that name, in that version where it has several, as gunicorn runs it."""
    system = declared()
    rows = {(each.name, one.name): (each, one) for each, one in system.http.values()}
    if (name, version) not in rows:
        known = ", ".join(" ".join(row).strip() for row in rows)
        raise SettingsError(f"services.yaml has no {name} {version}".strip() + f", but {known}")
    return composed(*rows[name, version], system.events)


def composed(service: Service, version: Version, events: Path | None) -> Application:
    """Build a service.

    Args:
        service: Its row.
        version: Which of its versions.
        events: The spec of the system's events.

    Raises:
        SettingsError: An environment variable is missing or wrong.
        InvalidDocumentError: A spec is not sound, or asks for what services cannot do.
        ModuleImportError: The handlers, or the composition, cannot be imported.
        HandlerMismatchError: The handlers are not those of the spec.
        MigrationError: A migration cannot be used.
    """
    structlog.contextvars.bind_contextvars(process=version.process)
    description = load_api(service.spec, version.overlay)
    kept = _kept(service, version)
    given = _dependencies(service, version, description, events, kept)
    shown = version.name or _ONLY_VERSION
    metrics = HttpMetrics(shown)
    handlers = bind_handlers(
        description, imported(service.handlers), {**given, "link": Links(description)}
    )
    bound = bind(description, handlers, max_upload_bytes=max_upload_bytes())
    api: ASGIApp = Api(bound, description, shown, translate, metrics.observe)
    if validate_responses():
        api = ResponseCheck(api, description)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        log.info("service_started", version=shown)
        if kept is None:
            yield
        else:
            async with kept.database.client, kept.presence.kept():
                yield
        log.info("service_stopped", version=shown)

    async def ready() -> bool:
        return kept is None or await answers(kept.database.client.admin)

    drain = drain_file()

    def draining() -> bool:
        return drain is not None and drain.exists()

    return Application(
        api,
        description,
        ready=ready,
        draining=draining,
        metrics=metrics.expose,
        lifespan=lifespan,
    )


def _kept(service: Service, version: Version) -> Stored | None:
    """The database of a service, unless it stores nothing."""
    if not service.database:
        return None
    settings = mongo_settings()
    client = connect(settings, timed=False)  # a request has its deadline
    return stored(client, settings, service, version.process)


def _dependencies(
    service: Service,
    version: Version,
    description: Description,
    events: Path | None,
    kept: Stored | None,
) -> Mapping[str, Any]:
    """What handlers are given: by the row's composition, or else its collections by their names."""
    if service.composition:
        composition = imported(service.composition)
        if not hasattr(composition, "dependencies"):
            file = f"{service.composition.replace('.', '/')}.py"
            raise ModuleImportError(
                f"{file}: has no `dependencies`: write it, as docs/services.md says"
            )
        found: Mapping[str, Any] = composition.dependencies(
            database=kept and kept.database,
            service=service,
            version=version,
            description=description,
            events=events and load_description(events),
        )
        return found
    return {} if kept is None else _collections(service, description, kept.database)


def _collections(
    service: Service, description: Description, database: AsyncDatabase[Json]
) -> Mapping[str, Documents]:
    return {
        each.name: Documents(database[each.name], description, each) for each in service.collections
    }
