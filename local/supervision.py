"""supervisord: its configuration, its life, and what it says about the programs it runs."""

import http.client
import re
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from local.errors import LocalError
from local.leftovers import wait_gone
from local.passwords import write_private

# A path longer than this does not fit into the address of a Unix socket (108 bytes on Linux, and
# supervisord needs some for the name that the socket has at first).
_LONGEST_SOCKET_PATH = 90
# Line ends, what begins a comment, and what begins a name to be replaced: supervisord replaces
# some values once and some twice.
_NOT_REPRESENTABLE = re.compile(r"[%\r\n]|\s[;#]")
_LONGEST_SHUTDOWN = 120.0  # seconds


@dataclass(frozen=True)
class Program:
    """What supervisord has to know about one program.

    `once`: it is expected to end by itself, with status 0, and is not restarted.
    `grace`: seconds between the asking `stop_signal` and SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    once: bool = False
    grace: int = 15


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says about a program just now.

    `state` is supervisord's own word; `started` is in seconds since 1970, 0 for never;
    `pid` is 0 where no process runs.
    """

    name: str
    state: str
    pid: int
    started: int
    exit_status: int

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self.state == "EXITED"


class Supervisor:
    """One supervisord, reached through the socket in `folder`; safe to make where none runs.

    Its programs run in `directory` and write to files in `logs`.
    """

    def __init__(self, folder: Path, logs: Path, directory: Path) -> None:
        self._folder, self._logs, self._directory = folder, logs, directory
        self._socket = folder / "supervisor.sock"
        if len(str(self._socket).encode()) > _LONGEST_SOCKET_PATH:
            raise LocalError(
                f"The path of the state folder {folder} is too long for a Unix socket; "
                "choose a shorter one with AWARE_STATE."
            )

    def start(self, programs: Iterable[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord, detached from this terminal, with none of `programs` started yet.

        `environment` is all that supervisord gets; a program's own comes on top.
        """
        configuration = self._folder / "supervisord.conf"
        write_private(configuration, self._configuration(programs))
        self._socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        started = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if started.returncode != 0:
            raise LocalError(f"supervisord does not start: {started.stdout}{started.stderr}")
        # It has forked, and listens; it answers as soon as it has come to its loop.
        while not self.runs():
            time.sleep(0.01)

    def runs(self) -> bool:
        """Whether supervisord answers, and is not about to end."""
        try:
            self.pid()
        except OSError:
            return False
        return True

    def pid(self) -> int:
        """The process of supervisord; OSError where it does not run."""
        return int(self._call("getPID"))

    def states(self) -> dict[str, ProgramState]:
        """All programs by name; OSError where supervisord does not run."""
        found = (
            ProgramState(
                info["name"],
                info["statename"],
                info["pid"],
                info["start"],
                info["exitstatus"],
            )
            for info in self._call("getAllProcessInfo")
        )
        return {state.name: state for state in found}

    def start_program(self, name: str) -> None:
        """Begin to start `name`; returns at once, and does nothing where it runs."""
        self._call_unless(Faults.ALREADY_STARTED, "startProcess", name, False)  # noqa: FBT003

    def stop_program(self, name: str) -> None:
        """Ask `name` to stop; returns at once, and does nothing where it does not run."""
        self._call_unless(Faults.NOT_RUNNING, "stopProcess", name, False)  # noqa: FBT003

    def shut_down(self) -> None:
        """Ask supervisord to end, which stops whatever still runs; returns when it has ended."""
        try:
            process = psutil.Process(self.pid())
            self._call("shutdown")
        except (psutil.Error, OSError):
            return
        wait_gone([process], _LONGEST_SHUTDOWN)

    def _call_unless(self, expected: int, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != expected:
                raise

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            server = xmlrpc.client.ServerProxy("http://localhost", transport)
            return getattr(server.supervisor, method)(*arguments)
        except (http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise ConnectionError("supervisord does not answer") from error
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == Faults.SHUTDOWN_STATE:
                raise ConnectionError("supervisord is ending") from fault
            raise
        finally:
            transport.close()

    def _configuration(self, programs: Iterable[Program]) -> str:
        return "\n".join(
            [
                "[supervisord]",
                "nodaemon=false",
                "umask=077",
                f"logfile={_value(self._logs / 'supervisord.log')}",
                "logfile_maxbytes=5MB",
                "logfile_backups=2",
                f"pidfile={_value(self._folder / 'supervisord.pid')}",
                f"childlogdir={_value(self._logs)}",
                "[unix_http_server]",
                f"file={_value(self._socket)}",
                "chmod=0700",
                "[rpcinterface:supervisor]",
                "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
                *(line for program in programs for line in self._section(program)),
                "",
            ]
        )

    def _section(self, program: Program) -> list[str]:
        environment = ",".join(
            f"{name}={_quoted(value)}" for name, value in program.environment.items()
        )
        return [
            f"[program:{program.name}]",
            f"command={_value(shlex.join(program.command))}",
            f"directory={_value(self._directory)}",
            f"environment={environment}",
            "autostart=false",
            f"autorestart={'false' if program.once else 'true'}",
            # A process that dies before this many seconds is restarted after a pause which grows
            # by a second each time; one that dies later, at once.
            f"startsecs={0 if program.once else 5}",
            "startretries=1000000",
            f"stopsignal={program.stop_signal.name.removeprefix('SIG')}",
            f"stopwaitsecs={program.grace}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_value(self._logs / f'{program.name}.log')}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]


def _value(value: object) -> str:
    text = str(value)
    if _NOT_REPRESENTABLE.search(text):
        raise LocalError(f"{text!r} has characters that supervisord's file cannot hold.")
    return text


def _quoted(value: str) -> str:
    if '"' in value:
        raise LocalError(f"{value!r} has a character that supervisord's file cannot hold.")
    return f'"{_value(value)}"'
