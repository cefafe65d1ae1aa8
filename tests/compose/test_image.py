"""What is in the image of the Python processes, and what is not."""

import pytest

from tests.compose.conftest import COMMIT
from tests.compose.engine import Compose, docker, inspect


@pytest.fixture
def image(system: Compose) -> str:
    """Its name."""
    return f"{system.variables['AWARE_IMAGE']}:{system.variables['AWARE_VERSION']}"


def shell(image: str, command: str) -> str:
    """What a command prints in a container of the image."""
    return docker("run", "--rm", "--network", "none", image, "sh", "-c", command)


def test_it_says_what_it_was_built_from(image: str) -> None:
    """Version and commit, as labels."""
    labels = inspect(image)["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.revision"] == COMMIT


def test_its_user_is_an_ordinary_one_that_owns_nothing_there(image: str) -> None:
    """By number, so that an orchestrator can tell."""
    assert inspect(image)["Config"]["User"] == "10001:10001"
    assert shell(image, "id -u").strip() == "10001"
    assert shell(image, "find /app /opt/aware -writable ! -type l").strip() == ""


def test_it_has_neither_compiler_nor_tests_nor_what_only_a_laptop_needs(image: str) -> None:
    """What is not there cannot be misused, and need not be kept up to date."""
    programs = "cc gcc g++ clang ld make git curl wget"
    assert shell(image, f"for each in {programs}; do command -v $each; done; true") == ""
    found = shell(image, "ls -A /app").split()
    assert {"aware", "contract", "handlers", "kong", "messaging", "processes", "specs"} <= {*found}
    assert not {"tests", "local", "bench", "docs", ".git", ".env", ".env.example"} & {*found}
    assert shell(image, "find /app -name 'test_*.py' -o -name conftest.py") == ""
    assert "pytest" not in shell(image, "ls /opt/aware/lib/python3*/site-packages")


def test_its_packages_are_those_that_are_pinned(image: str) -> None:
    """The build has checked their hashes, and nothing came in beside them."""
    code = (
        "import re, importlib.metadata as m;"
        "pinned = set(re.findall(r'^([a-z0-9.-]+)==([^ ;]+)',"
        " open('/app/requirements/runtime.txt').read(), re.M));"
        "name = lambda each: re.sub(r'[-_.]+', '-', each.metadata['Name']).lower();"
        "print(sorted({(name(each), each.version) for each in m.distributions()} - pinned))"
    )
    assert docker("run", "--rm", "--network", "none", image, "python", "-c", code).strip() == "[]"


def test_it_holds_no_secret(system: Compose, image: str) -> None:
    """Neither in its variables nor in its files nor in how it was made."""
    told = str(inspect(image)["Config"]) + docker("history", "--no-trunc", image)
    assert "laptop-" not in told
    assert shell(image, "grep -rlE 'laptop-(mongo|rabbitmq)' /app /opt/aware || true") == ""
    assert system.containers("order-service")


def test_without_a_command_it_tells_the_commands(image: str) -> None:
    """Those that are in it."""
    told = docker("run", "--rm", "--network", "none", image)
    assert "remove-smoke-test" in told
    assert "dead-letters" in told
    assert "  up " not in told
