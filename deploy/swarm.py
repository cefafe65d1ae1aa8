"""Docker Swarm, of which this machine is the one node, and the way into it from Docker Compose."""

import json
import time

from deploy.commands import Commands
from deploy.compose import PROJECT
from deploy.errors import DeployError
from deploy.report import Report
from deploy.tasks import OF_STACK

_LIVE_RESTORE = (
    'Docker has the setting live-restore, with which it is no Swarm: set "live-restore": false in '
    "/etc/docker/daemon.json, say `sudo systemctl reload docker`, and deploy again (docs/deploy.md)"
)
_PRIVILEGES = (
    'warning: containers may gain privileges: add "no-new-privileges": true to '
    "/etc/docker/daemon.json, and start Docker anew at a quiet hour"
)
# Of one machine: nothing listens to others.
_INIT = (
    *("swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1:2377"),
    # Not what Docker takes by itself, 10.0.0.0/8, which a private cloud may have in use.
    "--default-addr-pool=10.212.0.0/16",
    # It is renewed while the engine runs, and a server may be off for long.
    "--cert-expiry=87600h",
)
_LOOK = 0.3
_GONE_WITHIN = 120
_LABEL = f"label=com.docker.compose.project={PROJECT}"


class Swarm:
    """Looks whether the engine is one, makes it one, and ends what Docker Compose has started."""

    def __init__(self, commands: Commands, report: Report) -> None:
        """`commands` starts docker."""
        self._commands = commands
        self._report = report

    @property
    def active(self) -> bool:
        """Whether the engine is one."""
        state = ("docker", "info", "--format", "{{.Swarm.LocalNodeState}}")
        return self._commands.ask(*state).strip() == "active"

    def check(self) -> None:
        """Raises DeployError, with what to do, where the engine cannot be one; changes nothing."""
        found = json.loads(self._commands.ask("docker", "info", "--format", "{{json .}}"))
        if found["Swarm"]["LocalNodeState"] != "active":
            if found.get("LiveRestoreEnabled"):
                raise DeployError(_LIVE_RESTORE)
        elif not found["Swarm"]["ControlAvailable"]:
            raise DeployError("this machine is a worker of a Swarm: deploy on a manager")
        if "name=no-new-privileges" not in found["SecurityOptions"]:
            self._report.say(_PRIVILEGES)

    def enter(self) -> None:
        """Make the engine one, if it is none."""
        if not self.active:
            self._commands.run("docker", *_INIT)

    def take_over(self, way_back: str) -> None:
        """End what Docker Compose has started; `way_back` is told where there is something.

        May be repeated, and goes on where it was cut off.
        """
        # An image that it built has its project's label too, which the tasks then have.
        own = (f"--filter=label=com.docker.compose.oneoff={each}" for each in ("False", "True"))
        containers = [id_ for each in own for id_ in self._of_compose("ps", "--all", each)]
        if containers:
            self._report.say("from Docker Compose to Swarm: everything is away until it runs again")
            self._commands.run("docker", "stop", *containers)
            self._commands.run("docker", "rm", "--force", *containers)
            self._report.say(f"The way back, should it be wanted:\n    {way_back}")
        if networks := self._of_compose("network", "ls"):
            self._commands.run("docker", "network", "rm", *networks)

    def remove(self) -> None:
        """Take the stack out of it, with its networks; volumes and their data stay."""
        self._commands.run("docker", "stack", "rm", PROJECT)
        of_stack = f"label={OF_STACK}"
        listing = ("docker", "network", "ls", "--quiet", "--filter", of_stack)
        deadline = time.monotonic() + _GONE_WITHIN
        while self._commands.ask(*listing):
            if time.monotonic() > deadline:
                raise DeployError("the stack's networks do not go: `docker network ls`")
            time.sleep(_LOOK)

    def _of_compose(self, *listing: str) -> list[str]:
        return self._commands.ask("docker", *listing, "--quiet", "--filter", _LABEL).split()
