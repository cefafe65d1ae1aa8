"""The user service, in its two builds."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from contract.bindable import load_api
from contract.service import Service
from handlers import users as handlers
from handlers.times import ClientTimes, ServerTimes, Times
from processes.http_service import http_service
from processes.start import exit_on_config_error
from processes.stored import SPECS, USERS
from storage.client import Json, now
from storage.users import Users

_BUILDS: Mapping[str, tuple[str | None, Callable[[], Times]]] = {
    "v1": (None, ClientTimes),
    "v2": ("user-v2.yaml", lambda: ServerTimes(now)),
}
"""What each build adds to the published spec, and who says when something happened."""


@exit_on_config_error()
def create(build: str) -> Service:
    """The service as gunicorn runs it; `build` is `v1` or `v2`."""
    overlay, times = _BUILDS[build]

    description = load_api(SPECS / "user.yaml", SPECS / overlay if overlay else None)

    def dependencies(database: AsyncDatabase[Json]) -> Mapping[str, Any]:
        return {"users": Users(database["users"], build, description), "times": times()}

    name = f"user-service-{build}"
    return http_service(description, handlers, name, build, area=USERS, dependencies=dependencies)
