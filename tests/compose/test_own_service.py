"""The end of docs/own-service.md: the service that the page makes, in containers."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.ports import Ports
from tests.compose.engine import OFFLINE, Compose, docker, has_images
from tests.generate.copying import ROOT, copy_repository
from tests.generate.printed import Change, Command, environment, steps
from tests.reaper import container_name
from tests.services.conftest import new_user
from tests.waiting import until

PAGE = ROOT / "docs" / "own-service.md"
PRINTED = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[-1]
WHERE = f"127.0.0.1:{Ports()['gateway']}"
"""Where the page says that the gateway answers."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """A copy in which the page was followed up to where it starts the system."""
    copy = copy_repository(tmp_path_factory.mktemp("own"))
    for step in steps(PAGE, {}):
        if isinstance(step, Command) and step.line == "make start":
            break
        done = step.apply(copy) if isinstance(step, Change) else step.run(copy, environment())
        assert done is None, done
    name = container_name("own")
    variables = {
        "COMPOSE_PROJECT_NAME": name,
        "AWARE_IMAGE": name,
        "AWARE_VERSION": "own",
        "GATEWAY_PORT": str(Ports.free().gateway),
    }
    # Where there are no stand-ins, the images are the public ones.
    files = ("docker-compose.yml", *([OFFLINE] if has_images() else []))
    compose = Compose(copy, variables, files, timeout=900)
    try:
        yield compose
    finally:
        compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        docker("image", "rm", f"{name}:own", f"{name}-gateway:own", check=False)


def test_the_service_of_the_page_comes_up_in_containers_as_printed(project: Compose) -> None:
    """With what the sample data have of it, and its subscriber beside it."""
    printed = [shlex.split(line) for line in PRINTED.splitlines()]
    assert [words[0] for words in printed] == ["cp", "docker", "curl"]
    copied, up, asked = printed
    subprocess.run(copied, cwd=project.folder, check=True)
    project(*up[2:])
    gateway = f"http://127.0.0.1:{project.variables['GATEWAY_PORT']}"
    url = asked[-1].replace(f"http://{WHERE}", gateway)
    assert [each["sku"] for each in httpx.get(url).raise_for_status().json()]
    with httpx.Client(base_url=gateway, timeout=30) as client:
        user = client.post("/users/", json=new_user()).raise_for_status().json()["userId"]
        until(lambda: client.get(f"/stock/{user}").is_success, "a parcel")
    assert (Path(project.folder) / "handlers" / "stock_events.py").is_file()
