"""The containers of the system, as the engine has them."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.commands import Commands
from deploy.compose import PROJECT
from deploy.errors import DeployError

_LOOK = 0.3
_RESTARTS = 3
_HEALTHY_WITHIN = 240


@dataclass(frozen=True)
class Container:
    """One container. `label` is the release it was made for.

    `state` is the engine's, `health` is "healthy", "starting", "unhealthy" or "none"; `restarts`
    is how often the engine has started it again, `address` where this machine reaches it.
    """

    id: str
    name: str
    service: str
    label: str
    state: str
    health: str
    restarts: int
    address: str

    @property
    def ready(self) -> bool:
        """It runs, and its health check has passed."""
        return self.state == "running" and self.health in ("healthy", "none")

    @property
    def ended(self) -> bool:
        """It does not run, and nobody starts it again."""
        return self.state in ("exited", "dead")


class Containers:
    """Looks at containers, and stops them."""

    def __init__(self, commands: Commands) -> None:
        """`commands` starts docker."""
        self._commands = commands

    def of(self, service: str) -> list[Container]:
        """All of `service`, the oldest first; those of `compose run` are none."""
        return [each for each in self.all() if each.service == service]

    def all(self) -> list[Container]:
        """All of the system, the oldest first."""
        wanted = ("--filter", f"label=com.docker.compose.project={PROJECT}")
        ids = self._commands.ask("docker", "ps", "--all", "--quiet", "--no-trunc", *wanted).split()
        if not ids:
            return []
        found = json.loads(self._commands.ask("docker", "inspect", "--type", "container", *ids))
        kept = [each for each in found if _label(each, "com.docker.compose.oneoff") != "True"]
        return [_container(each) for each in sorted(kept, key=lambda each: str(each["Created"]))]

    def wait(self, service: str, wanted: Callable[[Container], bool]) -> list[Container]:
        """Wait until all containers of `service` that are `wanted` are ready, and return them.

        Raises DeployError, with the end of the log, where one ends, ends again and again, says
        that it is ill, or takes too long.
        """
        restarts: dict[str, int] = {}
        deadline = time.monotonic() + _HEALTHY_WITHIN
        while True:
            found = [each for each in self.of(service) if wanted(each)]
            for each in found:
                again = each.restarts - restarts.setdefault(each.id, each.restarts)
                ill = each.ended or each.health == "unhealthy" or again >= _RESTARTS
                if not each.ready and (ill or time.monotonic() > deadline):
                    raise DeployError(f"{service} does not become healthy:\n{self._logs(each)}")
            if found and all(each.ready for each in found):
                return found
            if not found and time.monotonic() > deadline:
                raise DeployError(f"{service} has no container")
            time.sleep(_LOOK)

    def stop(self, container: Container) -> None:
        """Ask it to finish what it holds, wait until it has, and remove it."""
        self._commands.run("docker", "stop", container.id)
        self.remove(container)

    def remove(self, container: Container) -> None:
        """Remove it, running or not."""
        self._commands.run("docker", "rm", "--force", container.id)

    def execute(self, container: Container, *command: str) -> str:
        """What `command` prints inside it."""
        return self._commands.run("docker", "exec", container.id, *command)

    def _logs(self, container: Container) -> str:
        said = self._commands.run("sh", "-c", 'docker logs --tail 15 "$0" 2>&1', container.id)
        return "\n".join(f"    {line}" for line in said.splitlines())


def _container(found: Mapping[str, Any]) -> Container:
    state = found["State"]
    networks = found["NetworkSettings"]["Networks"]
    addresses = [each["IPAddress"] for each in networks.values() if each["IPAddress"]]
    return Container(
        id=found["Id"],
        name=found["Name"].removeprefix("/"),
        service=_label(found, "com.docker.compose.service"),
        label=_label(found, "aware.release"),
        state=state["Status"],
        health=state.get("Health", {}).get("Status", "none"),
        restarts=found["RestartCount"],
        address=addresses[0] if addresses else "",
    )


def _label(found: Mapping[str, Any], name: str) -> str:
    value: str = (found["Config"]["Labels"] or {}).get(name, "")
    return value
