"""The order service."""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from contract.bindable import load_api
from contract.service import Service
from handlers import orders as handlers
from openapi.reading import load_description
from processes.http_service import http_service
from processes.start import exit_on_config_error
from processes.stored import ORDERS, SPECS
from storage.client import Json
from storage.orders import Orders


@exit_on_config_error()
def create() -> Service:
    """The service as gunicorn runs it."""
    description, events = load_api(SPECS / "order.yaml"), load_description(SPECS / "events.yaml")

    def dependencies(database: AsyncDatabase[Json]) -> Mapping[str, Any]:
        return {"orders": Orders(database, description, events)}

    return http_service(
        description, handlers, "order-service", "v1", area=ORDERS, dependencies=dependencies
    )
