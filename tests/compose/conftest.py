"""One system of docker-compose.yml for all tests, from a copy of the repository."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from local.ports import Ports
from storage.client import Json
from tests.compose.engine import (
    OFFLINE,
    Compose,
    copy_of_the_repository,
    docker,
    has_images,
)
from tests.personal_data import personal_data
from tests.reaper import container_name

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Every test here needs an engine."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, with the `.env` that the README asks for."""
    folder = copy_of_the_repository(tmp_path_factory.mktemp("clone"))
    shutil.copy(folder / ".env.example", folder / ".env")
    return folder


@pytest.fixture(scope="session")
def configuration(clone: Path) -> Json:
    """What compose reads from the files as they are in a clone."""
    return Compose(clone, {}).configuration()


@pytest.fixture(scope="session")
def project(clone: Path) -> Compose:
    """The project as a user has it, with a name, a port and images of its own."""
    name = container_name("system")
    variables = {
        "COMPOSE_PROJECT_NAME": name,
        "AWARE_IMAGE": name,
        "AWARE_VERSION": "1.2.3",
        "AWARE_COMMIT": COMMIT,
        "GATEWAY_PORT": str(Ports.free().gateway),
        # The load of these tests comes from one address, and is more than it may send.
        "RATE_LIMIT_PER_MINUTE": "600000",
    }
    # Where there are no stand-ins, the images are the public ones.
    files = ("docker-compose.yml", *([OFFLINE] if has_images() else []))
    return Compose(clone, variables, files)


@pytest.fixture(scope="session")
def system(project: Compose) -> Iterator[Compose]:
    """The whole system, up."""
    try:
        project("up", "--build", "--wait")
        yield project
        logs = project("--profile", "*", "logs", "--no-log-prefix").stdout
        assert personal_data(logs) == []
    finally:
        project("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        name = project.variables["AWARE_IMAGE"]
        docker("image", "rm", f"{name}:1.2.3", f"{name}-gateway:1.2.3", check=False)


@pytest.fixture(scope="session")
def gateway(system: Compose) -> Iterator[httpx.Client]:
    """A client of the gateway."""
    url = f"http://127.0.0.1:{system.variables['GATEWAY_PORT']}"
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client
