"""The services of a release, brought in one after the other."""

import time
from collections.abc import Sequence

from deploy.errors import DeployError
from deploy.processes import EVENTS, HTTP
from deploy.report import Report
from deploy.stack import Stack
from deploy.tasks import Tasks

DATABASES = ("mongodb", "rabbitmq")
"""What keeps the data, in images of others."""
GATEWAY = "kong"
ORDER = (*EVENTS, *HTTP)
"""What a deployment replaces, and in which order."""


class Services:
    """By the release's stack. Swarm starts the new beside the old, and waits for its health."""

    def __init__(self, stack: Stack, tasks: Tasks, report: Report) -> None:
        """What there is to be, what there is, and who is told."""
        self._stack = stack
        self._tasks = tasks
        self._report = report

    def begin(self) -> None:
        """Have what all need: the networks."""
        self._stack.create_networks()

    def in_order(self, *, back: bool = False) -> list[list[str]]:
        """All but databases and gateway, in the order of a deployment; `back` is the other one.

        Those that stand together are replaced at one time.
        """
        known = self._stack.services
        others = sorted(known - {*ORDER, *DATABASES, GATEWAY})
        groups = [others, *([each] for each in EVENTS), [*HTTP]]
        order = [[each for each in group if each in known] for group in groups]
        return order[::-1] if back else order

    def replace(self, services: Sequence[str]) -> None:
        """Leave tasks of this release alone for each of `services`.

        May be repeated, and goes on where it was cut off. Raises DeployError where the new ones of
        a service do not become healthy; then its old ones run as before.
        """
        tasks = self._tasks.all()
        for service in services:
            self._stack.deploy(service)
        for service in services:
            ready, content = self._wait(service), self._stack.content(service)
            known = [each for each in tasks if each.service == service and not each.ended]
            old = sum(each.content != content for each in known)
            ended = f", {old} of the old ended" if old else ""
            self._report.say(f"{service}: {ready} ready{ended}")

    def keep(self, service: str) -> None:
        """Have `service`; what is there stays, whatever it is. Returns when it is healthy."""
        told = self._tasks.services().get(service)
        if told is None:
            self._tasks.end(service)  # a container of it may be ending yet
            self._deploy(service)
            return
        try:
            self._tasks.wait(service, told, updating=False)
        except DeployError as error:
            if told == self._stack.content(service):
                raise
            self._report.say(f"{error}\nIt is to be another, and is replaced")
            self._deploy(service)

    def would_replace(self, service: str) -> bool:
        """Whether `service` is there, and is to be another."""
        told = self._tasks.services().get(service)
        return told is not None and told != self._stack.content(service)

    def interrupt(self, service: str) -> None:
        """Replace one that is alone, if it is to be another: it is away meanwhile."""
        if not self.would_replace(service):
            self._deploy(service)
            return
        self._report.say(f"{service}: another image or other settings: it is away for some seconds")
        began = time.monotonic()
        self._deploy(service)
        self._report.say(f"{service}: healthy again after {time.monotonic() - began:.0f} s")

    def end_others(self) -> None:
        """End what this release has not."""
        self._tasks.end(*self._tasks.services().keys() - self._stack.services)

    def all_run(self) -> bool:
        """Whether all but the databases run, as this release has them."""
        found = self._tasks.all()
        ready = {(each.service, each.content) for each in found if each.ready}
        return ready >= {(each, self._stack.content(each)) for each in (*ORDER, GATEWAY)}

    def execute(self, service: str, *command: str) -> str:
        """What `command` prints inside one of `service`."""
        return self._tasks.execute(service, *command)

    def _deploy(self, service: str) -> None:
        self._stack.deploy(service)
        self._wait(service)

    def _wait(self, service: str) -> int:
        content, replicas = self._stack.content(service), self._stack.replicas(service)
        return self._tasks.wait(service, content, replicas)
