"""A deployment: in with the new version, or back to the one before."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from deploy.backups import Backups
from deploy.certificate import certificate
from deploy.commands import Commands
from deploy.compose import Compose
from deploy.errors import DeployError, RollbackFailedError, RolledBackError
from deploy.interruption import Interrupted, uninterrupted
from deploy.layout import Layout
from deploy.release import Release, folder_of, release, take_settings
from deploy.report import Report
from deploy.server import Server
from deploy.services import DATABASES
from deploy.settings import settings
from deploy.stack import Stack
from deploy.state import Outcome, Place, State
from deploy.tidying import Tidying


class Deployment:
    """Everything that is done to the server. One at a time: see State.lock."""

    def __init__(self, layout: Layout, state: State, report: Report) -> None:
        """Where everything is, what is known, and whom it is told."""
        self._layout = layout
        self._state = state
        self._report = report
        self._commands = Commands(report)
        self._server = Server(layout, state, report)
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
        unchanged = good == wanted.place and self._state.unfinished is None
        if unchanged and self._server.runs(wanted):
            self._report.say(f"{version} is in already")
            return
        self._server.fetch(wanted)
        self._state.begin(wanted.place)
        try:
            self._server.bring_in(wanted)
            with uninterrupted():
                self._server.point_to(wanted)
                self._state.commit(wanted.place)
        except (DeployError, OSError, Interrupted) as error:
            with uninterrupted():
                self._go_back(wanted, good, error)
        self._server.databases(wanted).contract()
        with suppress(DeployError, OSError):
            self._tidying.releases()
            self._tidying.names()

    def start(self) -> None:
        """Make what was good last run: after a reboot, after an interrupted deployment."""
        good = self._good()
        unfinished = self._state.unfinished
        if unfinished is not None:
            self._report.say(f"the deployment of {unfinished.version} was cut off: it is undone")
        wanted = release(self._layout, good)
        if not wanted.has_stack:
            self._server.leave()
            self._server.become(wanted)
        self._server.check()
        Stack(wanted, self._report).pull_missing()
        self._server.bring_in(wanted, back=True)
        self._state.undone()
        self._report.say(f"{good.version} runs")
        self._server.databases(wanted).contract()

    @property
    def version(self) -> str:
        """What was good last; raises DeployError where nothing was."""
        return self._good().version

    def status(self) -> str:
        """What runs, a line for each task."""
        unfinished = self._state.unfinished
        lines = [f"version {self._good().version}"]
        if unfinished is not None:
            lines.append(f"the deployment of {unfinished.version} is under way, or was cut off")
        lines += (
            f"  {each.service:16} {each.state:10} {each.release}" for each in self._server.tasks()
        )
        return "\n".join(lines)

    def stop(self) -> None:
        """End everything, what is in front first; the data stays."""
        self._server.stop()

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
        self._server.enough_room()
        self._server.databases(wanted).pull()
        services = self._server.services(wanted)
        outdated = [each for each in DATABASES if services.would_replace(each)]
        if not outdated:
            self._report.say("mongodb and rabbitmq have the newest images of their versions")
            return
        self._backups().backup()
        with uninterrupted():
            try:
                with self._server.watched(wanted):
                    for service in outdated:
                        services.interrupt(service)
                self._server.smoke_test(wanted, services)
            except (DeployError, OSError) as error:
                raise RollbackFailedError(
                    f"not all of {' and '.join(outdated)} came back: {error}\nThe data is as it "
                    "was. See the container's log, fix that, then: deploy.sh start"
                ) from error
        self._report.say(f"{' and '.join(outdated)}: replaced, on the same data")

    def leave(self, version: str) -> NoReturn:
        """Go back to a version from before Swarm, which its own deploy.sh then brings in."""
        place = Place(version, take_settings(self._layout))
        before = release(self._layout, place)
        if before.has_stack:
            raise DeployError(f"{version} is one for Swarm: deploy.sh {version}")
        with uninterrupted():
            self._server.leave()
            self._state.hand_over(place)
            self._server.become(before)

    def operate(self, arguments: Sequence[str]) -> NoReturn:
        """Become the operator's command of the version that runs."""
        compose = Compose(release(self._layout, self._good()), self._report)
        compose.become("run", "--rm", "--no-deps", "operator", *arguments)

    def forward(self, host: str, port: str) -> NoReturn:
        """Become a way from a port of this machine's loopback to that of a container, by name."""
        compose = Compose(release(self._layout, self._good()), self._report)
        published = f"127.0.0.1:{port}:{port}"
        compose.become("run", "--rm", "--no-deps", "--publish", published, "forward", host, port)

    def _backups(self) -> Backups:
        good = release(self._layout, self._good())
        return Backups(self._layout, good, self._server, self._report)

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
        wanted = release(self._layout, Place(version, take_settings(self._layout)))
        if not wanted.has_stack:
            raise DeployError(f"{version} is from before Swarm: deploy.sh leave {version}")
        self._server.check()
        self._server.enough_room()
        return wanted

    def _go_back(self, wanted: Release, good: Place | None, error: BaseException) -> None:
        self._report.say(f"{wanted.place.version} is no good: {error}")
        if good is None:
            self._server.discard()
            self._state.undone()
            raise RolledBackError(
                f"{wanted.place.version} is no good, and nothing ran before: its containers are "
                "gone, the data is kept"
            ) from error
        try:
            before = release(self._layout, good)
            if not before.has_stack:
                words = f"{good.version} is brought back by its own deploy.sh"
                self._report.say(words)
                self._server.leave()
                self._state.tell(Outcome(wanted.place.version, 3, words, time.time()))
                self._server.become(before, status=3)
            self._server.bring_in(before, back=True)
            self._server.point_to(before)
            self._server.databases(before).contract()
        except (DeployError, OSError) as second:
            raise RollbackFailedError(
                f"{good.version} could not be brought back: {second}\n"
                "Fix that, then: deploy.sh start"
            ) from error
        self._state.undone()
        raise RolledBackError(
            f"{wanted.place.version} is no good: {good.version} runs again"
        ) from error
