"""Random descriptions over real sockets: gunicorn reads and writes what goes over the wire."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from local.ports import free_port
from tests.openapi.random.cases import Case, cases
from tests.openapi.random.client import Request
from tests.openapi.random.judging import came_back
from tests.openapi.random.served import VERSION, write
from tests.openapi.random.service import Reply
from tests.waiting import until

ROOT = Path(__file__).parents[3]
MANY = 150


def of_one_version(count: int) -> list[Case]:
    """So many random cases of the version that their one document has."""
    found: list[Case] = []

    @settings(
        max_examples=5 * count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(cases())
    def collect(case: Case) -> None:
        if case.plain["openapi"] == VERSION:
            found.append(case)

    collect()
    return found[-count:]  # the first ones are the simplest


def ask(address: tuple[str, int], request: Request) -> Reply:
    """Send a request as it is."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, headers, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Case]]:
    """Random cases, and the folder with what a service needs of them."""
    folder = tmp_path_factory.mktemp("random")
    return folder, write(of_one_version(MANY), folder)


@pytest.fixture(scope="module")
def address(placed: tuple[Path, list[Case]]) -> Iterator[tuple[str, int]]:
    """Where the service listens."""
    folder, _ = placed
    port = free_port()
    application = "tests.openapi.random.served:application()"
    command = [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py", application]
    environment = {
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "RANDOM_CASES": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or _answers(port), "it is up")
        assert process.poll() is None, log.read_text()
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return ask(("127.0.0.1", port), Request("GET", "/health/live")).status == 200
    except OSError:
        return False


def test_what_goes_over_a_socket_arrives_and_comes_back(
    address: tuple[str, int], placed: tuple[Path, list[Case]]
) -> None:
    """As in one process; whatever gunicorn makes of requests and answers."""
    _, found = placed
    failed = []
    for case in found:
        [trial] = case.trials
        if wrong := came_back(trial, ask(address, trial.request)):
            spec = yaml.safe_dump(case.plain, sort_keys=False, allow_unicode=True)
            failed.append(f"{spec}\n{trial.request.as_curl()}\n{wrong}")
    assert not failed, f"{len(failed)} failed; the smallest:\n{min(failed, key=len)}"
