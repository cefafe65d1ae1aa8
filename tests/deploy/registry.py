"""An image registry on loopback, which holds what stands in for the public images."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.compose.engine import docker
from tests.deploy.tools import program
from tests.waiting import until

PORT = 5000
"""Where the machine of the tests finds it; Docker takes plain HTTP from loopback alone."""

_CONFIGURATION = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: "{folder}/images"}}, delete: {{enabled: false}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def name(image: str) -> str:
    """What `image` is called on a machine that has the registry on its loopback."""
    return f"localhost:{PORT}/{image}"


def serve(folder: Path, port: int = PORT) -> list[str]:
    """The command that serves what `folder` holds."""
    folder.mkdir(exist_ok=True)
    configuration = folder / f"{port}.yml"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
    return [program("docker-registry"), "serve", str(configuration)]


def fill(folder: Path, images: Mapping[str, str], port: int) -> None:
    """Push images of this machine's engine into `folder`, through the free port `port`.

    Each by its name there: what it is called here.
    """
    with (folder.with_suffix(".log")).open("wb") as log:
        registry = subprocess.Popen(serve(folder, port), stdout=log, stderr=log)
    try:
        until(lambda: _answers(port), "the registry answers")
        for image, here in images.items():
            there = f"localhost:{port}/{image}"
            docker("tag", here, there)
            docker("push", "--quiet", there)
            docker("rmi", there)
    finally:
        registry.terminate()
        registry.wait()


def _answers(port: int) -> bool:
    command = ["curl", "--silent", "--fail", "--noproxy", "*", f"http://127.0.0.1:{port}/v2/"]
    return not subprocess.run(command, capture_output=True, check=False).returncode
