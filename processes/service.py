"""An HTTP service, put together from its row of `services.yaml`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette

from contract.answers.check import ResponseCheck
from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.handlers import bind_handlers
from contract.links import Links
from contract.service import Service as Application
from handlers.answers import translate
from processes.composing import ONLY_VERSION, dependencies
from processes.database import Stored, stored
from processes.metrics import HttpMetrics
from processes.modules import imported
from processes.settings import max_upload_bytes, mongo_settings, validate_responses
from processes.start import exit_on_config_error
from processes.tracing import configure_tracing
from services.declaration import Service, System, Version
from services.reading import declared
from settings.environment import SettingError
from storage.client import connect
from storage.mongo_io import silence

if TYPE_CHECKING:
    from starlette.types import ASGIApp

log = structlog.get_logger(__name__)


@exit_on_config_error()
def create(name: str, version: str = "") -> Application:
    """The service of that name, in that version where it has several, as gunicorn runs it."""
    system = declared()
    rows = {(each.name, one.name): (each, one) for each, one in system.http.values()}
    if (name, version) not in rows:
        known = ", ".join(" ".join(row).strip() for row in rows)
        raise SettingError(f"services.yaml has no {name} {version}".strip() + f", but {known}")
    service, one = rows[name, version]
    configure_tracing(one.process)
    return composed(system, service, one)


def composed(system: System, service: Service, version: Version) -> Application:
    """Build a service.

    Args:
        system: All services.
        service: Its row.
        version: Which of its versions.

    Raises:
        SettingError: An environment variable is missing or wrong.
        InvalidDocumentError: A spec is not sound, or asks for what services cannot do.
        ModuleImportError: The handlers, or the composition, cannot be imported.
        HandlerMismatchError: The handlers are not those of the spec.
        MigrationError: A migration cannot be used.
    """
    structlog.contextvars.bind_contextvars(process=version.process)
    description = load_api(service.spec, version.overlay)
    kept = _kept(service, version)
    database = None if kept is None else kept.database
    given = dependencies(system, service, version, description, database)
    shown = version.name or ONLY_VERSION
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
        return kept is None or await silence(kept.database.client.admin) is None

    return Application(
        api,
        description,
        ready=ready,
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
