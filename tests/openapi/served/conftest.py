"""The two specs, each served as our services are."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from local.ports import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[3]
GOOD = ROOT / "tests" / "openapi" / "good"


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").is_success
    except httpx.TransportError:
        return False


def serve(spec: Path, folder: Path, **more: str) -> Iterator[httpx.Client]:
    """A service of a spec, with its log and the files that it answers in a folder."""
    log = folder / "log"
    address = f"127.0.0.1:{free_port()}"
    application = "tests.openapi.served.echo:application()"
    command = [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py", application]
    environment = {**os.environ, "BIND": address, "ECHO_SPEC": str(spec), "PYTHONPATH": str(ROOT)}
    environment |= {"ECHO_FOLDER": str(folder), **more}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or _answers(f"http://{address}"), "it is up")
        assert process.poll() is None, log.read_text()
        with httpx.Client(base_url=f"http://{address}/api", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def v30(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The API in OpenAPI 3.0."""
    yield from serve(GOOD / "v30" / "api.yaml", tmp_path_factory.mktemp("v30"))


@pytest.fixture(scope="session")
def v31(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The API in OpenAPI 3.1."""
    yield from serve(GOOD / "v31" / "api.yaml", tmp_path_factory.mktemp("v31"))


@pytest.fixture(params=["v30", "v31"])
def api(request: pytest.FixtureRequest) -> httpx.Client:
    """Each in turn."""
    client: httpx.Client = request.getfixturevalue(request.param)
    return client


@pytest.fixture(scope="session")
def versions(v30: httpx.Client, v31: httpx.Client) -> Mapping[str, httpx.Client]:
    """Both, by name."""
    return {"3.0": v30, "3.1": v31}
