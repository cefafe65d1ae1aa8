"""The server: what runs on it becomes what a release says."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from deploy.availability import AvailabilityProbe
from deploy.check import Made, smoke_test
from deploy.commands import Commands
from deploy.compose import Compose, pulling
from deploy.databases import Databases
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.processes import EVENTS, HTTP
from deploy.release import Release, release
from deploy.report import Report
from deploy.requests import Address
from deploy.services import DATABASES, GATEWAY, Services
from deploy.settings import parse
from deploy.stack import Stack
from deploy.state import State
from deploy.swarm import Swarm
from deploy.tasks import Task, Tasks

_DOCUMENT = (
    "import urllib.request as r; "
    "print(r.urlopen('http://127.0.0.1:5000/openapi.json', timeout=30).read().decode())"
)
_NEEDED = 2 * 1024**3  # bytes for images and what they are built from


class Server:
    """By Docker Swarm. Each step may be repeated, and goes on where it was cut off."""

    def __init__(self, layout: Layout, state: State, report: Report) -> None:
        """Where everything is, what is known, and who is told."""
        self._layout = layout
        self._state = state
        self._report = report
        self._commands = Commands(report)
        self._swarm = Swarm(self._commands, report)
        self._tasks = Tasks(self._commands)

    def check(self) -> None:
        """Raises DeployError where the engine is none that can run a release; changes nothing."""
        self._swarm.check()

    def enough_room(self) -> None:
        """Raises DeployError where a disk is too full for another release."""
        root = self._commands.ask("docker", "info", "--format", "{{.DockerRootDir}}").strip()
        for folder, needed in ((Path(root), _NEEDED), (self._layout.state, _NEEDED // 200)):
            free = shutil.disk_usage(folder).free
            if free < needed:
                raise DeployError(
                    f"the disk of {folder} has {free >> 20} MiB left, {needed >> 20} are needed"
                )

    def fetch(self, wanted: Release) -> None:
        """Pull or build the images of a release; raises DeployError where one cannot be had."""
        stack = Stack(wanted, self._report)
        stack.pull_missing()
        self._report.say(f"{'pulling' if wanted.pulled else 'building'} {wanted.place.version}")
        if wanted.pulled:
            for image in wanted.images:
                with pulling(image):
                    self._commands.run("docker", "pull", "--quiet", image)
        else:
            Compose(wanted, self._report).build("mongodb-setup", "kong")
        stack.check()

    def bring_in(self, wanted: Release, *, back: bool = False) -> None:
        """Have it run, and pass the smoke test; `back` where it is the one before.

        Raises DeployError.
        """
        self._enter(wanted)
        services = self.services(wanted)
        databases = Databases(wanted, services, self._report)
        services.begin()
        databases.start()
        with self.watched(wanted):
            databases.set_up(back=back)
            # What understands more comes first, and goes last.
            for group in services.in_order(back=back):
                services.replace(group)
            services.end_others()
        services.interrupt(GATEWAY)
        self.smoke_test(wanted, services)

    def _enter(self, wanted: Release) -> None:
        """Into Swarm: where it is so already, nothing is done."""
        good = self._state.running
        self._swarm.enter()
        if good is not None and not release(self._layout, good).has_stack:
            # Should the power go now, the next boot is this version's to understand.
            self.point_to(wanted)
            self._swarm.take_over(f"/opt/aware/current/deploy/deploy.sh leave {good.version}")

    def leave(self) -> None:
        """Take the stack out of Swarm; the data stays."""
        if self._swarm.active:
            self.stop()
            self._swarm.remove()

    def become(self, before: Release, status: int = 0) -> NoReturn:
        """Have a version from before Swarm bring itself back, and end with `status` where it can.

        This process becomes that: the lock is free from then on.
        """
        self.point_to(before)
        command = f'"$0" start || exit 4; exit {status}'
        self._commands.become("sh", "-c", command, str(before.folder / "deploy/deploy.sh"))

    def runs(self, wanted: Release) -> bool:
        """Whether all of it runs already."""
        with suppress(DeployError):  # an image is gone, or it is no Swarm yet
            return self.services(wanted).all_run()
        return False

    def services(self, wanted: Release) -> Services:
        """Those of a release, whose images are there."""
        return Services(Stack(wanted, self._report), self._tasks, self._report)

    def databases(self, wanted: Release) -> Databases:
        """Those of a release, whose images are there."""
        return Databases(wanted, self.services(wanted), self._report)

    @contextmanager
    def watched(self, wanted: Release) -> Iterator[None]:
        """Count what fails meanwhile, where there is a gateway."""
        if not any(each.ready for each in self._tasks.of(GATEWAY)):
            yield
            return
        running = self._state.running
        shown = release(self._layout, running) if running else wanted
        with AvailabilityProbe(self._address(shown, any_certificate=True)) as probe:
            yield
        self._report.say(str(probe))

    def smoke_test(self, wanted: Release, services: Services) -> None:
        """Raises DeployError where the paper's requests, or others, do not do."""
        documents = {
            name: json.loads(services.execute(name, "python", "-c", _DOCUMENT)) for name in HTTP
        }
        remove = partial(self._remove, wanted)
        for done in smoke_test(self._address(wanted), documents, remove):
            self._report.say(done)

    def _remove(self, wanted: Release, made: Made) -> None:
        """Remove what the smoke test made, with a login that can do only that."""
        emails = (f"--email={each}" for each in made.emails)
        order = (f"--order={made.order}",) if made.order else ()
        try:
            Compose(wanted, self._report).once("smoke-test", f"--user={made.user}", *order, *emails)
        except DeployError as error:
            self._report.say(f"warning: the user and order of the smoke test are left: {error}")

    def _address(self, wanted: Release, *, any_certificate: bool = False) -> Address:
        """The gateway, as the world reaches it."""
        given = parse(wanted.settings.read_text())
        return Address(
            "127.0.0.1",
            int(given.get("GATEWAY_PORT") or 443),
            tls=True,
            certificate=None if any_certificate else wanted.certificate.first,
            headers={"apikey": given["API_KEYS"].split(",")[0].rpartition(":")[2]},
        )

    def tasks(self) -> list[Task]:
        """Those that have not ended, by service."""
        found = (each for each in self._tasks.all() if not each.ended)
        return sorted(found, key=lambda each: each.service)

    def stop(self) -> None:
        """End everything, what is in front first; the data stays."""
        for services in ((GATEWAY,), HTTP, EVENTS[::-1], self._tasks.services()):
            self._tasks.end(*services)

    def stop_writing(self) -> None:
        """End what may write into the databases; clients get 503."""
        self._tasks.end(*self._tasks.services().keys() - {*DATABASES, GATEWAY})

    def discard(self) -> None:
        """End all but the databases."""
        self._tasks.end(*self._tasks.services().keys() - {*DATABASES})

    def point_to(self, wanted: Release) -> None:
        """Have the link `current` lead to it."""
        new = self._layout.current.with_name("current.new")
        new.unlink(missing_ok=True)
        new.symlink_to(wanted.folder)
        new.replace(self._layout.current)
