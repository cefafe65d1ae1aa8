"""RabbitMQ for the tests: this machine's own, and a 4.x in a container."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import httpx

from local import rabbitmq
from local.ports import HOST, Ports
from local.stack import Stack
from tests.reaper import container_name
from tests.waiting import until

IMAGE = os.environ.get("RABBITMQ_IMAGE", "rabbitmq:4.1-management")


class RabbitServer(Protocol):
    """A server with its administrator and the logins of the processes.

    `stack` is the system whose databases go with it.
    """

    @property
    def stack(self) -> Stack:
        """See above."""

    def environment(self, part: str) -> dict[str, str]:
        """The variables of a process of the system, this server's in them."""

    def stop(self) -> None:
        """End it; what its queues hold is kept."""

    def start(self) -> None:
        """Start it again, and return when it answers."""

    def control(self, *arguments: str) -> None:
        """Have `rabbitmqctl` do something."""


@dataclass(frozen=True)
class OfTheMachine:
    """The one that the system on this machine has."""

    stack: Stack

    def environment(self, part: str) -> dict[str, str]:
        """See `RabbitServer`."""
        return self.stack.environment(part)

    def stop(self) -> None:
        """See `RabbitServer`."""
        self.stack.stop_part("rabbitmq")

    def start(self) -> None:
        """See `RabbitServer`."""
        self.stack.start_part("rabbitmq")

    def control(self, *arguments: str) -> None:
        """See `RabbitServer`."""
        program = rabbitmq.find_server().replace("rabbitmq-server", "rabbitmqctl")
        variables = rabbitmq.environment(self.stack.state / "rabbitmq", self.stack.ports)
        subprocess.run(
            [program, "--quiet", *arguments],
            check=True,
            env={"PATH": os.environ["PATH"], **variables},
        )


@dataclass(frozen=True)
class InAContainer:
    """One of its own, beside the databases of a system on this machine."""

    stack: Stack
    name: str
    ports: Ports

    def environment(self, part: str) -> dict[str, str]:
        """See `RabbitServer`."""
        return self.stack.environment(part) | {
            "RABBITMQ_HOST": HOST,
            "RABBITMQ_PORT": str(self.ports.rabbitmq),
            "RABBITMQ_MANAGEMENT_PORT": str(self.ports.rabbitmq_management),
        }

    def stop(self) -> None:
        """See `RabbitServer`."""
        _docker("stop", self.name)

    def start(self) -> None:
        """See `RabbitServer`."""
        _docker("start", self.name)
        until(self._answers, f"{self.name} answers")

    def control(self, *arguments: str) -> None:
        """See `RabbitServer`."""
        _docker("exec", self.name, "rabbitmqctl", "--quiet", *arguments)

    def _answers(self) -> bool:
        """Whether it listens and knows the administrator."""
        set_up = self.stack.environment("rabbitmq-setup")
        login = (set_up["RABBITMQ_USER"], set_up["RABBITMQ_PASSWORD"])
        check = f"{self.ports.url('rabbitmq_management')}/api/health/checks/port-listener/5672"
        try:
            return httpx.get(check, auth=login, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def container(stack: Stack) -> Iterator[InAContainer]:
    """A server in a container, removed at the end."""
    server = InAContainer(stack, container_name("rabbitmq"), Ports.free())
    _create(server, stack.environment("rabbitmq-setup"))
    try:
        server.start()
        subprocess.run(
            [sys.executable, "-m", "aware", "setup", "rabbitmq"],
            check=True,
            env=server.environment("rabbitmq-setup"),
        )
        yield server
    finally:
        _docker("rm", "--force", "--volumes", server.name)


def _create(server: InAContainer, administrator: Mapping[str, str]) -> None:
    """With the administrator that the system on this machine has."""
    ports = {server.ports.rabbitmq: 5672, server.ports.rabbitmq_management: 15672}
    published = (f"--publish={HOST}:{outside}:{inside}" for outside, inside in ports.items())
    variables = {
        "RABBITMQ_DEFAULT_USER": administrator["RABBITMQ_USER"],
        "RABBITMQ_DEFAULT_PASS": administrator["RABBITMQ_PASSWORD"],
    }
    names = (f"--env={name}" for name in variables)  # the values are not for everybody's eyes
    plugins = f"--volume={rabbitmq.PLUGINS}:/etc/rabbitmq/enabled_plugins:ro"
    _docker("create", "--name", server.name, *names, *published, plugins, IMAGE, **variables)


def _docker(*arguments: str, **variables: str) -> None:
    subprocess.run(
        ["docker", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )
