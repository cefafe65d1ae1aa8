"""The gateway's fixtures: three services, and a gateway in front of them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kong.settings import GatewaySettings
from tests.gateway.backends import Backend
from tests.gateway.running import Running, run, services_host

Start = Callable[..., Running]


@dataclass(frozen=True)
class Services:
    """What stands behind the gateway."""

    v1: Backend
    v2: Backend
    orders: Backend


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        yield Path(folder)


@pytest.fixture
def services() -> Iterator[Services]:
    """Both builds of the user service, and the order service."""
    with ExitStack() as stack:
        yield Services(
            *(
                stack.enter_context(Backend(build, host=services_host()))
                for build in ("v1", "v2", "order")
            )
        )


@pytest.fixture
def start(services: Services, state: Path) -> Iterator[Start]:
    """Start a gateway in front of `services`, with the given fields, or targets, changed.

    The limit of requests is one that no test reaches unless it says so.
    """
    running: list[Running] = []

    def start(**changes: Any) -> Running:  # noqa: ANN401 - fields of the settings
        fields: dict[str, Any] = {
            "p_value": 50,
            "targets": {
                "user-service-v1": (services.v1.address,),
                "user-service-v2": (services.v2.address,),
                "order-service": (services.orders.address,),
                **changes.pop("targets", {}),
            },
            "state": state,
            "rate_limit_per_minute": 600_000,
        }
        running.append(run(GatewaySettings(**(fields | changes))))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def gateway(start: Start) -> Running:
    """A gateway without keys."""
    return start()


@pytest.fixture
def client(gateway: Running) -> Iterator[httpx.Client]:
    """An HTTP client of `gateway`."""
    with httpx.Client(base_url=gateway.url, timeout=30) as client:
        yield client
