"""What the three HTTP services have in common."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette

from contract.answers.check import ResponseCheck
from contract.application import Api
from contract.binding import bind
from contract.handlers import bind_handlers
from contract.links import Links
from contract.service import Service
from handlers.answers import translate
from openapi.description import Description
from processes.metrics import HttpMetrics
from processes.settings import drain_file, max_upload_bytes, mongo_settings, validate_responses
from processes.stored import Area, stored
from storage.client import Json, connect
from storage.durable import answers

if TYPE_CHECKING:
    from starlette.types import ASGIApp

log = structlog.get_logger(__name__)


def http_service(
    description: Description,
    module: ModuleType,
    name: str,
    version: str,
    *,
    area: Area,
    dependencies: Callable[[AsyncDatabase[Json]], Mapping[str, Any]],
) -> Service:
    """Build a service from its API, its handlers and what these ask for.

    Args:
        description: The API.
        module: Where the handlers are.
        name: What the process is called in its logs.
        version: What `X-Service-Version` and the metrics say.
        area: Its database.
        dependencies: Given that database, what handlers are given.

    Raises:
        SettingsError: An environment variable is missing or wrong.
        HandlerMismatchError: The handlers are not those of the spec.
    """
    structlog.contextvars.bind_contextvars(process=name)
    settings = mongo_settings()
    client = connect(settings, timed=False)  # a request has its deadline
    kept = stored(client, settings, area, name)
    given = {**dependencies(kept.database), "link": Links(description)}
    metrics = HttpMetrics(version)
    handlers = bind_handlers(description, module, given)
    bound = bind(description, handlers, max_upload_bytes=max_upload_bytes())
    api: ASGIApp = Api(bound, description, version, translate, metrics.observe)
    if validate_responses():
        api = ResponseCheck(api, description)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        log.info("service_started", version=version)
        async with kept.presence.kept():
            yield
        await client.close()
        log.info("service_stopped", version=version)

    async def ready() -> bool:
        return await answers(client.admin)

    drain = drain_file()

    def draining() -> bool:
        return drain is not None and drain.exists()

    return Service(
        api,
        description,
        ready=ready,
        draining=draining,
        metrics=metrics.expose,
        lifespan=lifespan,
    )
