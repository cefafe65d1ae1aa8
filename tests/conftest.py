"""Real systems for the tests, each made once a session, on free ports, in a temporary folder."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence

import pytest

from local.parts import DATABASES
from local.ports import Ports
from local.stack import Stack
from tests.logs import logs_since
from tests.needs import MARKERS, missing

pytest_plugins = ["tests.personal_data"]

_EXTRA = {"VALIDATE_RESPONSES": "true"}
_began = pytest.StashKey[float]()
_folder = pytest.StashKey[pytest.TempPathFactory]()
_missing = pytest.StashKey[str]()
_unselected = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Let what the tests start find the repository's packages, wherever it is started."""
    os.environ["PYTHONPATH"] = str(config.rootpath)
    config.stash[_unselected] = Counter()


@pytest.fixture
def anyio_backend() -> str:
    """What the product runs on."""
    return "asyncio"


@pytest.hookimpl(trylast=True)  # when it is known which ones are to run
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Say once what is missing for tests that need more than Python; in CI that is an error."""
    for reason, those in missing(items).items():
        if os.environ.get("CI"):
            raise pytest.UsageError(f"in CI nothing may be missing, but {reason}")
        for item in those:
            item.stash[_missing] = reason


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count what `-m` left out, by marker."""
    for item in items:
        if marker := next(filter(item.get_closest_marker, MARKERS), None):
            item.config.stash[_unselected][marker] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print those numbers, for tests/results.py."""
    if unselected := terminalreporter.config.stash[_unselected]:
        words = ", ".join(f"{number} {marker}" for marker, number in unselected.items())
        terminalreporter.write_line(f"not selected: {words}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Take it for a success where `-m` left out all tests."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.stash[_unselected]:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when the test began; skip it where what it needs is missing.

    All of these are skipped from here, so that pytest's summary has one line for each reason.
    """
    item.stash[_began] = time.time()
    if reason := item.stash.get(_missing, ""):
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure the last lines of the logs that were written meanwhile."""
    made = yield
    if made.failed:
        folder = item.config.stash[_folder].getbasetemp()
        made.sections += logs_since(item, item.stash[_began], folder)
    return made


@pytest.fixture(scope="session", autouse=True)
def _known_folder(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the logs of this session are."""
    pytestconfig.stash[_folder] = tmp_path_factory


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """MongoDB and RabbitMQ as they are before the set-ups: with the highest logins alone."""
    system = Stack(tmp_path_factory.mktemp("servers"), Ports.free(), 50, DATABASES, _EXTRA)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="session")
def databases(servers: Stack) -> Stack:
    """MongoDB and RabbitMQ with collections, seed and logins; no process of our own runs."""
    for arguments in (["mongodb", "--seed"], ["rabbitmq"]):
        command = [sys.executable, "-m", "aware", "setup", *arguments]
        environment = servers.environment(f"{arguments[0]}-setup")
        subprocess.run(command, check=True, env=environment)
    return servers


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system, with the responses of its services checked against the specs."""
    system = Stack(tmp_path_factory.mktemp("stack"), Ports.free(), 50, extra=_EXTRA)
    system.start()
    yield system
    system.stop()
