"""The two specs, each served as our services are."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from local.ports import free_port
from tests.openapi.served.answering import LARGE_MIB, MIB
from tests.waiting import until

ROOT = Path(__file__).parents[3]
GOOD = ROOT / "tests" / "openapi" / "good"

PROBLEM = "application/problem+json"
DIGITS = b"0123456789"


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").is_success
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Served:
    """A service: how it is asked, its arbiter's process, and where it keeps temporary files."""

    client: httpx.Client
    process: psutil.Process
    temporary: Path

    @property
    def worker(self) -> psutil.Process:
        """The process that answers."""
        (worker,) = self.process.children()
        return worker

    def left_behind(self) -> list[str]:
        """Temporary files that are there or open in the worker."""
        found = [each.name for each in self.temporary.iterdir()]
        folder = Path(f"/proc/{self.worker.pid}/fd")
        for each in folder.iterdir():
            with suppress(FileNotFoundError):
                target = str(each.readlink())
                if target.startswith(str(self.temporary)):
                    found.append(target)
        return found


def serve(spec: Path, folder: Path, **more: str) -> Iterator[httpx.Client]:
    """A service of a spec, with its log and the files that it answers in a folder."""
    for each in run(spec, folder, **more):
        yield each.client


def run(spec: Path, folder: Path, **more: str) -> Iterator[Served]:
    """The same, to be looked into."""
    log, temporary = folder / "log", folder / "temporary"
    temporary.mkdir()
    address = f"127.0.0.1:{free_port()}"
    application = "tests.openapi.served.echo:application()"
    command = [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py", application]
    environment = {**os.environ, "BIND": address, "ECHO_SPEC": str(spec), "PYTHONPATH": str(ROOT)}
    environment |= {"ECHO_FOLDER": str(folder), "TMPDIR": str(temporary), **more}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or _answers(f"http://{address}"), "it is up")
        assert process.poll() is None, log.read_text()
        with httpx.Client(base_url=f"http://{address}/api", timeout=30) as client:
            yield Served(client, psutil.Process(process.pid), temporary)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service of the API in OpenAPI 3.0, to be looked into."""
    yield from run(GOOD / "v30" / "api.yaml", tmp_path_factory.mktemp("v30"))


@pytest.fixture(scope="session")
def v30(served: Served) -> httpx.Client:
    """The API in OpenAPI 3.0."""
    return served.client


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


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that are answered."""
    made = tmp_path_factory.mktemp("files")
    (made / "digits.bin").write_bytes(DIGITS)
    (made / "picture.png").write_bytes(b"\x89PNG")
    with (made / "large.bin").open("wb") as file:
        file.truncate(LARGE_MIB * MIB)
    return made


@pytest.fixture(scope="session")
def plain(folder: Path) -> Iterator[httpx.Client]:
    """The service with such files; its answers are not checked."""
    yield from serve(GOOD / "v30" / "api.yaml", folder)


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[httpx.Client]:
    """The same in OpenAPI 3.1, and whatever breaks the contract is a 500."""
    made = tmp_path_factory.mktemp("checked")
    for each in folder.glob("*.*"):
        (made / each.name).hardlink_to(each)
    yield from serve(GOOD / "v31" / "api.yaml", made, ECHO_CHECK="1")


@pytest.fixture(params=["plain", "checked"])
def service(request: pytest.FixtureRequest) -> httpx.Client:
    """Each in turn: what is right passes the check too."""
    client: httpx.Client = request.getfixturevalue(request.param)
    return client


def ask(
    service: httpx.Client,
    path: str,
    case: str | None = None,
    method: str = "GET",
    **headers: str,
) -> httpx.Response:
    """The answer that a case makes; in the names of `headers`, `_` stands for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("Accept", "*/*")
    if case is not None:
        given["X-Case"] = case
    return service.request(method, f"/answers/of/{path}", headers=given)
