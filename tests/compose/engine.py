"""docker compose, as a user calls it, in a copy of the repository."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from storage.client import Json
from tests.waiting import until

ROOT = Path(__file__).parents[2]
OFFLINE = "tests/compose/offline.yml"
ONE_SHOTS = ("mongodb-setup", "rabbitmq-setup")
PROCESSES = ("order-service", "user-service-v1", "user-service-v2", "user-relay", "order-consumer")
TOOLS = ("operator", "backup", "smoke-test", "forward")
OBSERVERS = ("exporter", "prometheus", "grafana")
SERVICES = ("mongodb", "rabbitmq", *PROCESSES, "kong")

STAND_INS = ("standin/python:3.13", "standin/mongo:6.0", "standin/rabbitmq:4.0")
# What the docker command itself needs; nothing else may decide what compose reads.
_INHERITED = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT")


@dataclass(frozen=True)
class Compose:
    """A project: the folder with its files, and the variables that compose is called with."""

    folder: Path
    variables: Mapping[str, str]
    files: tuple[str, ...] = ("docker-compose.yml",)
    timeout: float = field(default=300, compare=False)

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` with these arguments; what it prints is in the answer."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        done = subprocess.run(
            ["docker", "compose", "--progress", "plain", *arguments],
            cwd=self.folder,
            env=inherited | {"COMPOSE_FILE": ":".join(self.files)} | dict(self.variables),
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done

    def set(self, **variables: str) -> Self:
        """The same project with other variables."""
        return replace(self, variables={**self.variables, **variables})

    def configuration(self) -> Json:
        """What compose understands, with all profiles."""
        found: Json = json.loads(self("--profile", "*", "config", "--format", "json").stdout)
        return found

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers, those that ended included."""
        return self("ps", "--all", "--quiet", service).stdout.split()

    def inspect(self, service: str) -> list[Json]:
        """What the engine says about each container of a service."""
        return [inspect(each) for each in self.containers(service)]

    def healthy(self, service: str) -> None:
        """Wait until all containers of a service are healthy."""

        def all_are() -> bool:
            found = [
                each["State"].get("Health", {}).get("Status") for each in self.inspect(service)
            ]
            return bool(found) and set(found) == {"healthy"}

        until(all_are, f"{service} is healthy")

    def python(self, service: str, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python in a running container."""
        return self("exec", "-T", service, "python", "-c", code, check=False)


def docker(*arguments: str, check: bool = True) -> str:
    """What `docker` prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{arguments}\n{done.stderr}"
    return done.stdout


def inspect(container: str) -> Json:
    """What the engine says about a container or an image."""
    found: Json = json.loads(docker("inspect", container))[0]
    return found


def missing_engine() -> str:
    """What is missing to run containers here, or nothing."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if done.returncode:
        return "there is no docker compose"
    done = subprocess.run(["docker", "info"], capture_output=True, check=False)
    return "no Docker engine answers" if done.returncode else ""


def has_images(names: Sequence[str] = STAND_INS) -> bool:
    """Whether the engine has all of these."""
    command = ["docker", "image", "inspect", *names]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def copy_of_the_repository(folder: Path) -> Path:
    """What a fresh clone would have, were everything committed."""
    listed = subprocess.run(
        # The folder may be somebody else's, as in CI.
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
