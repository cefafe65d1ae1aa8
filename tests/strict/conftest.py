"""The running services as targets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import psutil
import pytest

from local.parts import http_processes
from local.stack import Stack
from storage.client import Json
from tests.services.conftest import new_order, new_user
from tests.strict.target import Target
from tests.strict.wire import JSON, Connection, request

USERS = ("user-service-v1", "user-service-v2")
_NEW: Mapping[str, tuple[str, str, Callable[[], Json]]] = {
    "user-service-v1": ("/users/", "/users/u1", new_user),
    "user-service-v2": ("/users/", "/users/u1", new_user),
    "order-service": ("/orders/", "/orders/o1", new_order),
}


@pytest.fixture(scope="session")
def targets(stack: Stack) -> Mapping[str, Target]:
    """Every service, by its process."""
    pids = {each.name: each.pid for each in stack.status()}
    return {
        name: Target(
            stack.ports.address(name), *parts, tuple(psutil.Process(pids[name]).children())
        )
        for name, parts in _NEW.items()
    }


@pytest.fixture(scope="session", autouse=True)
def unfinished(targets: Mapping[str, Target]) -> Iterator[Mapping[tuple[str, str], Connection]]:
    """Connections on which a body was promised that never comes, by address and what is missing.

    Made before all other tests, because what becomes of them takes half a minute.
    """
    with ExitStack() as open_ones:
        connections = {}
        for target in targets.values():
            body = target.body()
            for missing, end in (("all of it", body), ("its end", b"}")):
                connection = open_ones.enter_context(Connection(target.address, deadline=60))
                connection.send(request("POST", target.path, body, JSON).removesuffix(end))
                connections[target.address, missing] = connection
        yield connections


@pytest.fixture(scope="session", autouse=True)
def idle(targets: Mapping[str, Target]) -> Iterator[Mapping[str, Connection]]:
    """Connections on which nothing was ever sent, by address; open since before all tests."""
    with ExitStack() as open_ones:
        yield {
            target.address: open_ones.enter_context(Connection(target.address, deadline=180))
            for target in targets.values()
        }


@pytest.fixture(scope="session", autouse=True)
def log_sizes(stack: Stack) -> Mapping[str, int]:
    """How long the log of each service was before these tests, by the part's name."""
    return {part: len(stack.log(part).read_text()) for part in http_processes()}


@pytest.fixture(params=_NEW)
def service(request: pytest.FixtureRequest, targets: Mapping[str, Target]) -> Target:
    """Each service in turn."""
    return targets[request.param]


@pytest.fixture(params=USERS)
def users(request: pytest.FixtureRequest, targets: Mapping[str, Target]) -> Target:
    """Each build of the user service in turn."""
    return targets[request.param]


@pytest.fixture
def orders(targets: Mapping[str, Target]) -> Target:
    """The order service."""
    return targets["order-service"]
