"""New processes beside the old, and the old ones' end."""

import time
from collections.abc import Callable

from deploy.compose import Compose
from deploy.containers import Container, Containers
from deploy.errors import DeployError
from deploy.processes import EVENTS, HTTP
from deploy.release import Release
from deploy.report import Report
from deploy.requests import Address, Client

ORDER = (*EVENTS, *HTTP)

_PORT = 5000
_LOOK = 0.25
_REACHED_WITHIN = 20
_QUIET = 3
_QUIET_WITHIN = 60
_DRAIN = ("python", "-c", "import os; open(os.environ['DRAIN_FILE'], 'w').close()")


class RollingUpdate:
    """Brings the containers of a release in, one service after the other."""

    def __init__(
        self, release: Release, compose: Compose, containers: Containers, report: Report
    ) -> None:
        """The release, and what it is brought in with."""
        self._release = release
        self._compose = compose
        self._containers = containers
        self._report = report

    def replace(self, service: str, *, called: bool) -> None:
        """Leave containers of this release alone for `service`, as many as there were.

        May be repeated, and goes on where it was cut off. Where the gateway has `called` the old
        ones, it does so no more before they end.

        Raises:
            DeployError: The new ones do not become healthy. Then the old ones run as before.
        """
        new, old = self._sorted(service)
        for each in new:
            if each.ended:
                self._containers.remove(each)
        count = max(1, len(old), len(new))
        if len([each for each in new if each.ready]) < count:
            self._compose.beside(service, count + len(old))
        ready = self._containers.wait(service, self._is_new)
        if called and old and service in HTTP:
            self._reached(service, ready)
        for each in old:
            self._end(each, called=called)
        ended = f", {len(old)} of the old ended" if old else ""
        self._report.say(f"{service}: {len(ready)} ready{ended}")

    def discard(self, service: str) -> None:
        """Remove the containers of this release."""
        for each in self._sorted(service)[0]:
            self._containers.stop(each)

    def _sorted(self, service: str) -> tuple[list[Container], list[Container]]:
        found = self._containers.of(service)
        return [c for c in found if self._is_new(c)], [c for c in found if not self._is_new(c)]

    def _is_new(self, container: Container) -> bool:
        return container.label == self._release.label

    def _reached(self, service: str, containers: list[Container]) -> None:
        """Wait until the gateway sends requests to all of them."""
        before = [answered(each) for each in containers]

        def reached() -> bool:
            return all(answered(c) > n for c, n in zip(containers, before, strict=True))

        if not _within(_REACHED_WITHIN, reached):
            self._report.say(f"{service}: healthy, but the gateway sends it nothing (P?)")

    def _end(self, container: Container, *, called: bool) -> None:
        """Let it finish what it has; nothing new reaches it."""
        if called and container.service in HTTP and container.ready:
            self._containers.execute(container, *_DRAIN)
            if not _within(_QUIET_WITHIN, Quiet(lambda: answered(container))):
                raise DeployError(f"the gateway goes on calling {container.name}, which drains")
        self._containers.stop(container)


class Quiet:
    """Whether a figure has not moved for some seconds; asked again and again."""

    def __init__(self, figure: Callable[[], float]) -> None:
        """`figure` only ever grows."""
        self._figure = figure
        self._last = figure()
        self._since = time.monotonic()

    def __call__(self) -> bool:
        """Look."""
        now = self._figure()
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since >= _QUIET


def answered(container: Container) -> float:
    """How many requests an HTTP service has answered; by its metrics."""
    client = Client(Address(container.address, _PORT))
    try:
        text = client.text("/metrics")
    finally:
        client.close()
    name = "http_request_duration_seconds_count"
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True
