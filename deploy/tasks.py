"""The tasks of the system, as Docker Swarm has them: each is a container, or is to be one."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deploy.commands import Commands
from deploy.compose import PROJECT
from deploy.errors import DeployError

SERVICE = "aware.service"
CONTENT = "aware.content"
"""Labels of a container: the service it is of, and what that was told to be."""

OF_STACK = f"com.docker.stack.namespace={PROJECT}"
"""Swarm's own, of everything that belongs to the stack."""

_SERVICE = "com.docker.swarm.service.name"
_RELEASE = "aware.release"
_ENDED = ("complete", "shutdown", "failed", "rejected", "remove", "orphaned")
_FAILED = ("failed", "rejected")
_LOOK = 0.3
_FAILURES = 3
_READY_WITHIN = 300


@dataclass(frozen=True)
class Task:
    """One task. `content` is what its service was told to be then, `release` its version.

    `state` is Swarm's, or "stopping": it is "running" when its health check has passed.
    `container` is the id of its container, or empty; `error` is why it ended.
    """

    id: str
    service: str
    content: str
    release: str
    state: str
    container: str
    error: str

    @property
    def ready(self) -> bool:
        """It runs, and is healthy."""
        return self.state == "running"

    @property
    def ended(self) -> bool:
        """It does not run, and will not again: Swarm makes another in its place."""
        return self.state in _ENDED


class Tasks:
    """Looks at tasks, and ends services."""

    def __init__(self, commands: Commands) -> None:
        """`commands` starts docker."""
        self._commands = commands

    def all(self) -> list[Task]:
        """All of the system, those that have ended lately included."""
        services = self._services()
        if not services:
            return []
        ids = self._commands.ask("docker", "service", "ps", "--quiet", "--no-trunc", *services)
        if not ids:
            return []
        # Swarm forgets old ones at any time: those that are left are printed all the same.
        inspect = ("docker", "inspect", "--type", "task", *ids.split())
        return [_task(each) for each in json.loads(self._commands.ask(*inspect, whatever=True))]

    def of(self, service: str) -> list[Task]:
        """Those of `service` that have not ended."""
        return [each for each in self.all() if each.service == service and not each.ended]

    def services(self) -> dict[str, str]:
        """What Swarm was last told each service to be, by name."""
        services = self._services()
        if not services:
            return {}
        found = json.loads(self._commands.ask("docker", "service", "inspect", *services))
        labels = [e["Spec"]["TaskTemplate"]["ContainerSpec"].get("Labels", {}) for e in found]
        return {each.get(SERVICE, ""): each.get(CONTENT, "") for each in labels}

    def wait(self, service: str, content: str, replicas: int = 1, *, updating: bool = True) -> int:
        """Wait until so many of `service` are as they were told to be, and no other runs.

        Returns how many there are. Where nobody is `updating` it, it matters no more whether Swarm
        gave up at the last update.

        Raises DeployError, with the end of a log, where they fail again and again, Swarm gives
        up, or it takes too long.
        """
        known = {each.id for each in self.all()}
        failed = dict[str, Task]()  # Swarm soon forgets them
        deadline = time.monotonic() + _READY_WITHIN * replicas
        while True:
            own = [each for each in self.all() if each.service == service]
            new = [each for each in own if each.content == content]
            # The newest is the first that Swarm tells.
            failed |= {each.id: each for each in new[::-1] if each.state in _FAILED}
            late = time.monotonic() > deadline
            if (
                len(failed.keys() - known) >= _FAILURES
                or (updating and self._paused(service))
                or late
            ):
                ill = [*failed.values()][-1:] or new[:1]
                raise DeployError(f"{service} does not become healthy:\n{self._reason(ill)}")
            ready = [each for each in new if each.ready]
            under_way = [each for each in own if not each.ended and each not in ready]
            if len(ready) >= replicas and not under_way:
                return len(ready)
            time.sleep(_LOOK)

    def end(self, *services: str) -> None:
        """Have them finish what they hold, all at once; wait until they have, and forget them."""
        there = self._services()
        if ending := [_name(each) for each in services if _name(each) in there]:
            self._commands.run("docker", "service", "rm", *ending)
        # Those too of which the service was removed by one who did not wait.
        for each in services:
            running = ("docker", "ps", "--quiet", "--filter", f"label={_SERVICE}={_name(each)}")
            while self._commands.ask(*running):
                time.sleep(_LOOK)

    def execute(self, service: str, *command: str) -> str:
        """What `command` prints inside one of `service`, on this machine."""
        for each in self.of(service):
            if each.ready:
                return self._commands.ask("docker", "exec", each.container, *command)
        raise DeployError(f"no {service} runs")

    def _services(self) -> list[str]:
        stack = ("--filter", f"label={OF_STACK}")
        command = ("docker", "service", "ls", "--format", "{{.Name}}", *stack)
        return self._commands.ask(*command).split()

    def _paused(self, service: str) -> bool:
        status = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
        command = ("docker", "service", "inspect", "--format", status, _name(service))
        return self._commands.ask(*command).strip() == "paused"

    def _reason(self, tasks: list[Task]) -> str:
        lines = [line for each in tasks for line in (each.error, *self._logs(each)) if line]
        return "\n".join(f"    {line}" for line in lines or ["it says nothing"])

    def _logs(self, task: Task) -> list[str]:
        command = 'docker service logs --raw --tail 15 "$0" 2>&1'
        with suppress(DeployError):  # forgotten meanwhile
            return self._commands.run("sh", "-c", command, task.id).splitlines()
        return []


def _name(service: str) -> str:
    return f"{PROJECT}_{service}"


def _task(found: Mapping[str, Any]) -> Task:
    labels: Mapping[str, str] = found["Spec"]["ContainerSpec"].get("Labels") or {}
    status = found["Status"]
    state = status["State"]
    if state == "running" and found["DesiredState"] != "running":
        state = "stopping"
    return Task(
        id=found["ID"],
        service=labels.get(SERVICE, ""),
        content=labels.get(CONTENT, ""),
        release=labels.get(_RELEASE, ""),
        state=state,
        container=status.get("ContainerStatus", {}).get("ContainerID", ""),
        error=status.get("Err", ""),
    )
