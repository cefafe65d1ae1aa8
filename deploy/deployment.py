"""A deployment: in with the new version, or back to the one before."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from deploy.availability import AvailabilityProbe
from deploy.backups import Backups
from deploy.certificate import certificate
from deploy.check import Made, smoke_test
from deploy.commands import Commands
from deploy.compose import Compose, pulling
from deploy.containers import Containers
from deploy.databases import DATABASES, Databases
from deploy.errors import DeployError, RollbackFailedError, RolledBackError
from deploy.interruption import Interrupted, uninterrupted
from deploy.layout import Layout
from deploy.processes import EVENTS, HTTP
from deploy.release import Release, folder_of, release, take_settings
from deploy.report import Report
from deploy.requests import Address
from deploy.rolling_update import ORDER, RollingUpdate
from deploy.settings import parse, settings
from deploy.state import Place, State
from deploy.tidying import Tidying

_PORT = 5000
_NEEDED = 2 * 1024**3  # bytes for images and what they are built from


class Deployment:
    """Everything that is done to the server. One at a time: see State.lock."""

    def __init__(self, layout: Layout, state: State, report: Report) -> None:
        """Where everything is, what is known, and whom it is told."""
        self._layout = layout
        self._state = state
        self._report = report
        self._commands = Commands(report)
        self._containers = Containers(self._commands)
        self._tidying = Tidying(layout, state, self._commands)

    def deploy(self, version: str) -> None:
        """Bring `version` in, with the settings as they are now.

        Raises:
            RolledBackError: It is no good; what ran before runs again.
            RollbackFailedError: Neither runs as it should.
            DeployError: It could not be begun; nothing was changed.
        """
        try:
            self._deploy(version)
        finally:
            with suppress(DeployError, OSError):
                self._tidying.settings()

    def _deploy(self, version: str) -> None:
        wanted = self._prepare(version)
        good = self._state.running
        if good == wanted.place and self._state.unfinished is None and self._runs(wanted):
            self._report.say(f"{version} is in already")
            return
        self._images(wanted)
        self._state.begin(wanted.place)
        try:
            self._bring_in(wanted)
            with uninterrupted():
                self._point_to(wanted)
                self._state.commit(wanted.place)
        except (DeployError, OSError, Interrupted) as error:
            with uninterrupted():
                self._go_back(wanted, good, error)
        self._databases(wanted).contract()
        with suppress(DeployError, OSError):
            self._tidying.releases()

    def start(self) -> None:
        """Make what was good last run: after a reboot, after an interrupted deployment."""
        good = self._good()
        unfinished = self._state.unfinished
        if unfinished is not None:
            self._report.say(f"the deployment of {unfinished.version} was cut off: it is undone")
        wanted = release(self._layout, good)
        Compose(wanted, self._report).pull_missing(*DATABASES)
        self._bring_in(wanted, back=True)
        self._state.undone()
        self._report.say(f"{good.version} runs")
        self._databases(wanted).contract()

    @property
    def version(self) -> str:
        """What was good last; raises DeployError where nothing was."""
        return self._good().version

    def status(self) -> str:
        """What runs, a line for each container."""
        unfinished = self._state.unfinished
        lines = [f"version {self._good().version}"]
        if unfinished is not None:
            lines.append(f"the deployment of {unfinished.version} is under way, or was cut off")
        lines += (
            f"  {each.service:16} {each.state} {each.health:10} {each.label}"
            for each in self._containers.all()
        )
        return "\n".join(lines)

    def stop(self) -> None:
        """End everything, what is in front first; the data stays."""
        good = self._good()
        compose = Compose(release(self._layout, good), self._report)
        for services in (("kong",), HTTP, EVENTS[::-1], ()):
            compose.run("stop", *services)

    def backup(self) -> None:
        """Write both databases, as they are at one moment, into a file."""
        self._backups().backup()

    def restore(self, file: Path, key: Path | None = None) -> None:
        """Bring both databases back to what `file` holds; then everything runs again.

        `key` is the file of the private key that opens an encrypted one.
        """
        backups = self._backups()
        try:
            backups.restore(file, key)
        finally:
            with uninterrupted():
                self.start()

    def update_databases(self) -> None:
        """Replace MongoDB and RabbitMQ where there is a newer image or the files say otherwise.

        The tags of their images stay, so that is a newer one of the same version. A backup is made
        before; clients get 503 for some seconds of each.

        Raises:
            RollbackFailedError: One does not come back. The data is as it was.
            DeployError: It could not be begun; nothing was changed.
        """
        wanted = release(self._layout, self._good())
        self._enough_room()
        databases = self._databases(wanted)
        outdated = databases.outdated()
        if not outdated:
            self._report.say("mongodb and rabbitmq have the newest images of their versions")
            return
        self._backups().backup()
        with uninterrupted():
            try:
                with self._watched(wanted):
                    for service in outdated:
                        databases.replace(service)
                self._check(wanted)
            except (DeployError, OSError) as error:
                raise RollbackFailedError(
                    f"not all of {' and '.join(outdated)} came back: {error}\nThe data is as it "
                    "was. See the container's log, fix that, then: deploy.sh start"
                ) from error
        self._report.say(f"{' and '.join(outdated)}: replaced, on the same data")

    def operate(self, arguments: Sequence[str]) -> NoReturn:
        """Become the operator's command of the version that runs."""
        compose = Compose(release(self._layout, self._good()), self._report)
        compose.become("run", "--rm", "--no-deps", "operator", *arguments)

    def _backups(self) -> Backups:
        return Backups(self._layout, release(self._layout, self._good()), self._report)

    def _good(self) -> Place:
        good = self._state.running
        if good is None:
            raise DeployError("nothing was ever deployed here")
        return good

    def _prepare(self, version: str) -> Release:
        """Look at everything that can be wrong before anything is changed."""
        folder = folder_of(self._layout, version)
        settings(self._layout.settings, folder / ".env.example")
        _, warning = certificate(self._layout, self._commands)
        if warning:
            self._report.say(f"warning: {warning}")
        self._enough_room()
        return release(self._layout, Place(version, take_settings(self._layout)))

    def _enough_room(self) -> None:
        root = self._commands.ask("docker", "info", "--format", "{{.DockerRootDir}}").strip()
        for folder, needed in ((Path(root), _NEEDED), (self._layout.state, _NEEDED // 200)):
            free = shutil.disk_usage(folder).free
            if free < needed:
                raise DeployError(
                    f"the disk of {folder} has {free >> 20} MiB left, {needed >> 20} are needed"
                )

    def _images(self, wanted: Release) -> None:
        compose = Compose(wanted, self._report)
        compose.pull_missing(*DATABASES)
        self._report.say(f"{'pulling' if wanted.pulled else 'building'} {wanted.place.version}")
        if wanted.pulled:
            for image in wanted.images:
                with pulling(image):
                    self._commands.run("docker", "pull", "--quiet", image)
        else:
            compose.build("mongodb-setup", "kong")

    def _runs(self, wanted: Release) -> bool:
        found = self._containers.all()
        ready = {each.service for each in found if each.ready and each.label == wanted.label}
        return ready >= set(ORDER) and any(c.service == "kong" and c.ready for c in found)

    def _bring_in(self, wanted: Release, *, back: bool = False) -> None:
        compose, databases = self._compose(wanted), self._databases(wanted)
        update = RollingUpdate(wanted, compose, self._containers, self._report)
        databases.start()
        with self._watched(wanted) as called:
            databases.set_up(back=back)
            # What understands more comes first, and goes last.
            known = compose.services()
            for service in reversed(ORDER) if back else ORDER:
                if service in known:
                    update.replace(service, called=called)
                else:  # this release is from before there was one
                    for each in self._containers.of(service):
                        self._containers.stop(each)
        self._gateway(compose)
        self._check(wanted)

    def _databases(self, wanted: Release) -> Databases:
        return Databases(self._compose(wanted), self._containers, self._report)

    def _compose(self, wanted: Release) -> Compose:
        """The gateway's image by its content, so that the same one is not replaced."""
        content = ("image", "inspect", "--format", "{{.Id}}", wanted.images[1])
        id_ = self._commands.ask("docker", *content).strip()
        return Compose(wanted, self._report, AWARE_GATEWAY_IMAGE=id_)

    @contextmanager
    def _watched(self, wanted: Release) -> Iterator[bool]:
        """Count what fails meanwhile; yields whether there is a gateway that calls anything."""
        if not any(each.ready for each in self._containers.of("kong")):
            yield False
            return
        running = self._state.running
        shown = release(self._layout, running) if running else wanted
        with AvailabilityProbe(self._address(shown, any_certificate=True)) as probe:
            yield True
        self._report.say(str(probe))

    def _gateway(self, compose: Compose) -> None:
        """Replace it where image or settings are others; only then is it away for a moment."""
        if compose.would_replace("kong"):
            self._report.say("kong: another image or other settings: it is away for some seconds")
        compose.up("kong")
        self._containers.wait("kong", lambda _: True)

    def _check(self, wanted: Release) -> None:
        services = {name: Address(self._containers.of(name)[0].address, _PORT) for name in HTTP}
        remove = partial(self._remove, wanted)
        for done in smoke_test(self._address(wanted), services, remove):
            self._report.say(done)

    def _remove(self, wanted: Release, made: Made) -> None:
        """Remove what the smoke test made, with a login that can do only that."""
        emails = (f"--email={each}" for each in made.emails)
        order = (f"--order={made.order}",) if made.order else ()
        try:
            self._compose(wanted).once("smoke-test", f"--user={made.user}", *order, *emails)
        except DeployError as error:
            self._report.say(f"warning: the user and order of the smoke test are left: {error}")

    def _address(self, wanted: Release, *, any_certificate: bool = False) -> Address:
        """The gateway, as the world reaches it."""
        given = parse(wanted.settings.read_text())
        host = given.get("GATEWAY_BIND") or "0.0.0.0"  # noqa: S104 - compared
        return Address(
            "127.0.0.1" if host == "0.0.0.0" else host,  # noqa: S104
            int(given.get("GATEWAY_PORT") or 443),
            tls=True,
            certificate=None if any_certificate else wanted.certificate.first,
            headers={"apikey": given["API_KEYS"].split(",")[0].rpartition(":")[2]},
        )

    def _go_back(self, wanted: Release, good: Place | None, error: BaseException) -> None:
        self._report.say(f"{wanted.place.version} is no good: {error}")
        if good is None:
            self._discard(wanted)
            raise RolledBackError(
                f"{wanted.place.version} is no good, and nothing ran before: its containers are "
                "gone, the data is kept"
            ) from error
        try:
            before = release(self._layout, good)
            self._bring_in(before, back=True)
            self._point_to(before)
            self._databases(before).contract()
        except (DeployError, OSError) as second:
            raise RollbackFailedError(
                f"{good.version} could not be brought back: {second}\n"
                "Fix that, then: deploy.sh start"
            ) from error
        self._state.undone()
        raise RolledBackError(
            f"{wanted.place.version} is no good: {good.version} runs again"
        ) from error

    def _discard(self, wanted: Release) -> None:
        update = RollingUpdate(
            wanted, Compose(wanted, self._report), self._containers, self._report
        )
        for each in self._containers.of("kong"):
            self._containers.stop(each)
        for service in ORDER:
            update.discard(service)
        self._state.undone()

    def _point_to(self, wanted: Release) -> None:
        new = self._layout.current.with_name("current.new")
        new.unlink(missing_ok=True)
        new.symlink_to(wanted.folder)
        new.replace(self._layout.current)
