"""The life of a system on this machine: start, stop, status, and faults for tests."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import psutil

from local import leftovers, passwords
from local.environments import SET_UP_OF_MONGODB
from local.errors import (
    AlreadyRunningError,
    LocalError,
    NotRunningError,
    PartFailedError,
    SetUpFailedError,
)
from local.parts import Part, Wiring, build, every, own_environment, possible
from local.ports import Ports
from local.sequence import DEADLINE, PAUSE, STOPPED, Progress, bring_up, take_down
from local.status import PartStatus, is_up, part_status
from local.supervision import Supervisor
from local.workers import hurried

ROOT = Path(__file__).parent.parent
_LEFTOVERS_GRACE = 30.0  # seconds
# What the processes get from the shell in which the system is started. Nothing else, so that
# neither its RABBITMQ_ and KONG_ variables nor its secrets reach them.
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LOG_FORMAT")
_TRACING = "OTEL_"  # OpenTelemetry's own variables, whichever somebody sets


@dataclass(frozen=True)
class Stack:
    """A system, or some `parts` of it, whose state is all in the folder `state`.

    `extra` are variables for every process of our own. Two Stacks with the same `state` are the
    same system. The faults (`kill`, `stop_part`, ...) are for one thread at a time.
    """

    state: Path
    ports: Ports
    p_value: int
    parts: tuple[str, ...] = field(default_factory=every)
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def running(cls, state: Path) -> Self:
        """The system that was started with `state`; raises NotRunningError."""
        try:
            saved = json.loads((state / "system.json").read_text())
            names = {each: each for each in possible()}  # a row may be gone since then
            ports, parts = Ports(**saved["ports"]), tuple(names[each] for each in saved["parts"])
            return cls(state, ports, saved["p_value"], parts, saved["extra"])
        except FileNotFoundError as error:
            raise NotRunningError(f"Nothing runs in {state}.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise NotRunningError(
                f"What runs in {state} was started by another version of this program; "
                "`make stop` ends it."
            ) from error

    def start(self, progress: Progress = lambda _: None) -> None:
        """Start all parts and return when all are healthy.

        Otherwise leaves nothing running and raises: AlreadyRunningError (the running system is
        left alone), PortTakenError, MissingError, PartFailedError. Where it is the set-up of
        MongoDB that fails, MongoDB goes on running, to be looked into.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        with self._alone():
            if self._is_complete():
                raise AlreadyRunningError(f"The system in {self.state} is already running.")
            self._clear()
            self.ports.require_free(tuple(port for part in self._built for port in part.ports))
            try:
                self._launch()
                bring_up(self._built, self._supervisor, self.logs, progress)
                self._write_record(complete=True)
            except PartFailedError as error:
                if error.part != SET_UP_OF_MONGODB or "mongodb" not in self.parts:
                    self._take_down(progress)
                    raise
                others = [part for part in self._built if part.name != "mongodb"]
                take_down(others, self._supervisor, progress)
                raise SetUpFailedError(error, self.ports.address("mongodb")) from error
            except BaseException:
                self._take_down(progress)
                raise

    def stop(self, progress: Progress = lambda _: None) -> bool:
        """Stop all parts, each after those that need it; returns when no process is left.

        Waits for the end of a start or stop that is under way elsewhere. Says whether there was
        anything to stop, a crash's leftovers included.
        """
        if not self.state.exists():
            return bool(leftovers.end(self.state, _LEFTOVERS_GRACE))
        with self._alone(wait=True):
            return self._take_down(progress)

    def status(self) -> list[PartStatus]:
        """All parts in order of their start."""
        try:
            states = self._supervisor.states()
        except OSError:
            states = {}
        with ThreadPoolExecutor(len(self._built)) as pool:
            return list(
                pool.map(
                    lambda part: part_status(part, states.get(part.name), self._address(part)),
                    self._built,
                )
            )

    def is_running(self) -> bool:
        """Whether the supervisor of this system runs."""
        return self._supervisor.runs()

    def environment(self, part: str) -> dict[str, str]:
        """The variables that the process `part` of our own is started with."""
        return own_environment(part, self._wiring)

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to all processes of `part`; after SIGKILL returns when they are gone.

        The supervisor then starts it again: `wait_healthy`.
        """
        process = self.process(part)
        processes = [process, *process.children(recursive=True)]
        os.killpg(process.pid, number)
        if number == signal.SIGKILL:
            leftovers.wait_gone(processes, DEADLINE)

    def stop_part(self, part: str) -> None:
        """Stop `part` alone, and return when it has stopped; it stays so."""
        self._supervisor.stop_program(part)
        self._until(lambda: self._supervisor.states()[part].state in STOPPED, part)

    def start_part(self, part: str) -> None:
        """Start `part` alone, and return when it is healthy."""
        self._supervisor.start_program(part)
        self.wait_healthy(part)

    def restart(self, names: Collection[str], progress: Progress = lambda _: None) -> None:
        """Stop and start parts alone, or run again what runs once; raises PartFailedError."""
        parts = [part for part in self._built if part.name in names]
        found = [state.pid for state in self._supervisor.states().values() if state.name in names]
        with hurried([child for pid in found if pid for child in psutil.Process(pid).children()]):
            take_down(parts, self._supervisor, progress)
        bring_up(parts, self._supervisor, self.logs, progress)

    def reload(self, name: str) -> None:
        """Have the HTTP process `name` go on with the code and specs as they are now.

        Its port goes on listening. Raises LocalError where it does not within two minutes.
        """
        arbiter, log = self.process(name), self.log(name)
        before, told = arbiter.children(), log.stat().st_size
        arbiter.send_signal(signal.SIGHUP)
        self._until(lambda: b"service_started" in log.read_bytes()[told:], name)
        with hurried(before):
            self._until(lambda: {*before}.isdisjoint(arbiter.children()), name)

    def process(self, part: str) -> psutil.Process:
        """The process of `part`, the one that the supervisor started."""
        return psutil.Process(self._supervisor.states()[part].pid)

    def wait_healthy(self, part: str) -> None:
        """Return when `part` is healthy; raises LocalError after two minutes."""
        (found,) = (each for each in self._built if each.name == part)
        self._until(lambda: is_up(found, self._supervisor.states()[part]), part)

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs, one file each."""
        return self.state / "log"

    def log(self, part: str) -> Path:
        """The log of `part`."""
        return self.logs / f"{part}.log"

    @cached_property
    def _wiring(self) -> Wiring:
        known = passwords.load(self.state / "passwords.env")
        return Wiring(self.state, self.ports, known, self.p_value, self.extra)

    @cached_property
    def _built(self) -> list[Part]:
        return [build(name, self._wiring) for name in self.parts]

    @cached_property
    def _supervisor(self) -> Supervisor:
        return Supervisor(self.state, self.logs, ROOT)

    @property
    def _record(self) -> Path:
        return self.state / "system.json"

    @contextlib.contextmanager
    def _alone(self, *, wait: bool = False) -> Iterator[None]:
        with (self.state / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise AlreadyRunningError(
                    f"The system in {self.state} is just being started or stopped."
                ) from error
            yield

    def _is_complete(self) -> bool:
        """Whether it runs, and its start came to its end: a start can be killed half way."""
        try:
            return bool(json.loads(self._record.read_text())["complete"]) and self.is_running()
        except (FileNotFoundError, ValueError, KeyError):
            return False

    def _write_record(self, *, complete: bool) -> None:
        known = {
            "ports": asdict(self.ports),
            "p_value": self.p_value,
            "parts": self.parts,
            "extra": dict(self.extra),
            "complete": complete,
        }
        passwords.write_private(self._record, json.dumps(known, indent=2) + "\n")

    def _launch(self) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in _INHERITED or name.startswith(_TRACING)
        }
        programs = [part.program() for part in self._built]
        self._write_record(complete=False)
        self._supervisor.start(programs, inherited | leftovers.mark(self.state))

    def _clear(self) -> bool:
        """End whatever runs, without order, and say whether anything did."""
        found = self._record.exists()
        self._supervisor.shut_down()
        found = bool(leftovers.end(self.state, _LEFTOVERS_GRACE)) or found
        self._record.unlink(missing_ok=True)
        return found

    def _take_down(self, progress: Progress) -> bool:
        with contextlib.suppress(OSError):
            take_down(self._built, self._supervisor, progress)
        return self._clear()

    def _address(self, part: Part) -> str:
        return self.ports.address(part.ports[0]) if part.ports else ""

    def _until(self, condition: Callable[[], bool], part: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise LocalError(f"{part} did not get there within {DEADLINE:.0f} s")
            time.sleep(PAUSE)
