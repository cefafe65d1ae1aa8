"""Every port that the system listens on: number, purpose, and the variable that changes it."""

import errno
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import psutil

from local.errors import LocalError, PortTakenError
from services.ports import FixedPorts, purposes
from services.reading import declared
from settings.environment import Environment

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports(FixedPorts):
    """The system's ports, all on 127.0.0.1; `processes` are those of services.yaml, by name.

    The variable that changes a port is its name in capitals with `_PORT`, as `GATEWAY_PORT`.
    """

    processes: Mapping[str, int] = field(default_factory=lambda: declared().ports)

    @classmethod
    def standard(cls, environment: Mapping[str, str]) -> Self:
        """The paper's ports, each replaced by its variable where `environment` has it.

        Raises SettingError for what is no port, and LocalError for a port given twice.
        """
        standard, given = cls(), Environment(environment)
        numbers = {name: given.whole(variable(name), standard[name], 1, 65535) for name in names()}
        _refuse_duplicates(numbers)
        return cls._of(numbers)

    @classmethod
    def free(cls) -> Self:
        """Ports for tests, each as `free_port` finds it."""
        return cls._of({name: free_port() for name in names()})

    @classmethod
    def _of(cls, numbers: Mapping[str, int]) -> Self:
        fixed = {name: numbers[name] for name in purposes()}
        return cls(**fixed, processes={name: numbers[name] for name in declared().ports})

    def __getitem__(self, name: str) -> int:
        """The port `name`; raises LocalError where this system has none of that name."""
        if name not in purposes() and name not in self.processes:
            raise LocalError(
                f"{name} has no port in this system: it was started before services.yaml had it. "
                "`make stop`, then `make start`."
            )
        return self.processes[name] if name in self.processes else int(getattr(self, name))

    def address(self, name: str) -> str:
        """Where `name` listens, as host:port."""
        return f"{HOST}:{self[name]}"

    def url(self, name: str) -> str:
        """Where `name` answers HTTP, without a slash at the end."""
        return f"http://{self.address(name)}"

    def require_free(self, used: tuple[str, ...]) -> None:
        """Raise PortTakenError for those of the ports `used` on which something listens."""
        messages = [_taken_message(name, self[name]) for name in used]
        found = [message for message in messages if message]
        if found:
            raise PortTakenError("\n".join(found))


def names() -> tuple[str, ...]:
    """The names of all ports."""
    return (*purposes(), *declared().ports)


def variable(name: str) -> str:
    """The environment variable that sets the port `name`."""
    return f"{name.upper().replace('-', '_')}_PORT"


def purpose(name: str) -> str:
    """What the port `name` is for."""
    events = {each.process for service in declared() for each in service.event_processes}
    return purposes().get(name, f"health and metrics of {name}" if name in events else name)


def free_port() -> int:
    """A port on which nothing listens, and which nobody else is given until this process ends.

    Below the range from which the kernel hands out ports for outgoing connections: one of those
    could be taken between here and the moment when something listens. It is claimed by a name
    among the kernel's abstract sockets, because tests of several processes run side by side.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0aware-port-{port}")
        except OSError:  # it is another's
            claim.close()
            continue
        claim.detach()  # stays open as long as the process lives
        if not taken(port):
            return port


def taken(port: int) -> bool:
    """Whether something listens on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        # As servers do: connections of a server that has just stopped are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise LocalError(f"port {port} cannot be used: {error.strerror}") from error
    return False


def accepts(port: int) -> bool:
    """Whether a connection to `port` of 127.0.0.1 is accepted."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _refuse_duplicates(numbers: Mapping[str, int]) -> None:
    seen: dict[int, str] = {}
    for name, port in numbers.items():
        if port in seen:
            raise LocalError(
                f"{variable(seen[port])} and {variable(name)} are both {port}; "
                "give each a port of its own."
            )
        seen[port] = name


def _taken_message(name: str, port: int) -> str | None:
    if not taken(port):
        return None
    return (
        f"Port {port}, for {purpose(name)}, is taken by {_holder(port)}. "
        f"Stop that process, or choose another port with {variable(name)}."
    )


def _holder(port: int) -> str:
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN or connection.laddr[1:] != (port,):
            continue
        if connection.pid is None:
            break
        try:
            process = psutil.Process(connection.pid)
            return f"process {process.pid} ({' '.join(process.cmdline())[:80] or process.name()})"
        except psutil.NoSuchProcess:
            break
    return "a process of another user"
