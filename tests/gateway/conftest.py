"""The gateway's fixtures: services, and a gateway in front of them."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import GatewaySettings
from services.reading import declared
from tests.gateway.backends import Backend
from tests.gateway.running import Running, run, services_host

Start = Callable[..., Running]


@dataclass(frozen=True)
class Services:
    """What stands behind the gateway, by the process that it stands for."""

    by_process: Mapping[str, Backend]

    @property
    def v1(self) -> Backend:
        """The first version of the user service."""
        return self.by_process["user-service-v1"]

    @property
    def v2(self) -> Backend:
        """The other one."""
        return self.by_process["user-service-v2"]

    @property
    def orders(self) -> Backend:
        """The order service."""
        return self.by_process["order-service"]


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        yield Path(folder)


@pytest.fixture
def services() -> Iterator[Services]:
    """One for each process of a service that is declared."""
    builds = {"user-service-v1": "v1", "user-service-v2": "v2", "order-service": "order"}
    with ExitStack() as stack:
        yield Services(
            {
                each: stack.enter_context(Backend(builds.get(each, each), host=services_host()))
                for each in declared().http
            }
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
                **{name: (each.address,) for name, each in services.by_process.items()},
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
