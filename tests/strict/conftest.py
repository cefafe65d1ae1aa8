"""The running services as targets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial

import psutil
import pytest

from contract.samples import request_example
from local.parts import http_processes
from local.stack import Stack
from openapi.reading import load_description
from services.reading import declared
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


def _creations() -> Mapping[str, tuple[str, str, Callable[[], Json]]]:
    """Where each process creates something, a path that answers 200, and what can be created.

    Of a service that the paper does not know, that is the first operation that creates anything;
    one without any is left out.
    """
    found = {**_NEW}
    for service in (each for each in declared() if not {*each.processes} <= _NEW.keys()):
        description = load_description(service.spec)
        for operation in description.operations:
            body = operation.body and operation.body.content.get("application/json")
            if operation.method == "POST" and body and not operation.parameters:
                new = partial(request_example, description, body)
                for process in service.processes:
                    found.setdefault(process, (operation.path, "/openapi.json", new))
    return found


@pytest.fixture(scope="session")
def targets(stack: Stack) -> Mapping[str, Target]:
    """Every service, by its process."""
    pids = {each.name: each.pid for each in stack.status()}
    return {
        name: Target(
            stack.ports.address(name), *parts, tuple(psutil.Process(pids[name]).children())
        )
        for name, parts in _creations().items()
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


@pytest.fixture(params=_creations())
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
