"""The user service, in its two builds."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import AsyncMongoClient

from contract.bindable import load_api
from contract.service import Service
from handlers import users as handlers
from handlers.times import ClientTimes, ServerTimes, Times
from processes.http_service import SPECS, http_service
from processes.start import exit_on_config_error
from storage.client import Json, MongoSettings, now
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

    def dependencies(client: AsyncMongoClient[Json], settings: MongoSettings) -> Mapping[str, Any]:
        users = Users(client[settings.users]["users"], build, description)
        return {"users": users, "times": times()}

    return http_service(description, handlers, f"user-service-{build}", build, dependencies)
