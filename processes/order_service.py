"""The order service."""

from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient

from contract.bindable import load_api
from contract.service import Service
from handlers import orders as handlers
from processes.http_service import SPECS, http_service
from processes.start import exit_on_config_error
from storage.client import Json, MongoSettings
from storage.orders import Orders


@exit_on_config_error()
def create() -> Service:
    """The service as gunicorn runs it."""

    def dependencies(client: AsyncMongoClient[Json], settings: MongoSettings) -> Mapping[str, Any]:
        return {"orders": Orders(client[settings.orders])}

    return http_service(
        load_api(SPECS / "order.yaml"), handlers, "order-service", "v1", dependencies
    )
