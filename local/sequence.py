"""Starting and stopping parts in the order of their needs, as many at a time as that allows."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.errors import PartFailedError
from local.parts import Part
from local.supervision import ProgramState, Supervisor
from storage.evolution.words import PENDING, TASK

PAUSE = 0.05  # seconds between two looks
DEADLINE = 120.0  # seconds that a part may take to become healthy
STOPPED = {"STOPPED", "EXITED", "FATAL", "UNKNOWN"}
_LOG_LINES = 20
_LOG_WIDTH = 500  # characters; an error with its traceback can be one line of many thousands

Progress = Callable[[str], None]


class Attempt:
    """One part that is being started: since when, as which process, and what its log had before."""

    def __init__(self, part: Part, log: Path) -> None:
        self.part, self.log = part, log
        self.began = time.monotonic()
        self.healthy = False
        self._pid = 0
        self._old_log = log.stat().st_size if log.exists() else 0
        self._told = self._old_log
        self._sign_of_life = self.began

    def look(self, state: ProgramState) -> None:
        """Take in what the supervisor says; raises PartFailedError once the part cannot succeed."""
        if self.part.once:
            self._look_at_a_run(state)
            return
        self._pid = self._pid or state.pid
        if state.state in {"BACKOFF", "FATAL", "EXITED"} or state.pid != self._pid:
            raise self._failed("died while the system was starting")
        self.healthy = self.healthy or self.part.healthy()
        if not self.healthy:
            self._require_time()

    def news(self) -> list[str]:
        """What a part that runs once has said since the last look, for people."""
        if not self.part.once or not self.log.exists():
            return []
        with self.log.open("rb") as log:
            log.seek(self._told)
            lines = log.read().rpartition(b"\n")[0]
        if lines:
            self._told += len(lines) + 1
            self._sign_of_life = time.monotonic()
        said = map(_for_people, lines.decode(errors="replace").splitlines())
        return [line for line in said if line]

    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began

    def _look_at_a_run(self, state: ProgramState) -> None:
        if state.state in {"BACKOFF", "FATAL"} or (state.ended and state.exit_status != 0):
            raise self._failed(f"failed with status {state.exit_status}")
        self.healthy = state.ended
        if not self.healthy:
            self._require_time()

    def _require_time(self) -> None:
        if time.monotonic() - self._sign_of_life > DEADLINE:
            raise self._failed(f"was not healthy after {DEADLINE:.0f} s")

    def _failed(self, reason: str) -> PartFailedError:
        return PartFailedError(self.part.name, reason, str(self.log), self._last_lines())

    def _last_lines(self) -> list[str]:
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            size = log.seek(0, 2)
            # Shorter than before: the supervisor has begun a new file.
            log.seek(self._old_log if size >= self._old_log else 0)
            lines = log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
            return [
                line if len(line) <= _LOG_WIDTH else f"{line[:_LOG_WIDTH]} ..." for line in lines
            ]


def bring_up(parts: Sequence[Part], supervisor: Supervisor, logs: Path, progress: Progress) -> None:
    """Start `parts`, each once those it needs are healthy; return when all are.

    Needs that are not among `parts` are taken as met. Raises PartFailedError as soon as a part
    that was begun dies, fails or exceeds its deadline, whether it had been healthy or not.
    """
    attempts: dict[str, Attempt] = {}
    while True:
        states = supervisor.states()
        for name, attempt in attempts.items():
            was_healthy = attempt.healthy
            attempt.look(states[name])
            for line in attempt.news():
                progress(line)
            if attempt.healthy and not was_healthy:
                progress(f"{name} is up ({attempt.seconds():.1f} s)")
        waiting = {part.name for part in parts} - {
            name for name, attempt in attempts.items() if attempt.healthy
        }
        if not waiting:
            return
        for part in parts:
            if part.name not in attempts and not waiting & set(part.needs):
                attempts[part.name] = Attempt(part, logs / f"{part.name}.log")
                supervisor.start_program(part.name)
        time.sleep(PAUSE)


def _for_people(line: str) -> str:
    """What of a log's line the person at the keyboard is told; nothing of most."""
    if line.startswith(PENDING):
        return line
    if '"event": "progress"' not in line:
        return ""
    try:
        event = json.loads(line)
        task, done, of = event["task"], event["done"], event["of"]
    except (ValueError, KeyError):
        return ""
    return f"  {task}: {done:,} of {of:,}" if task.startswith(TASK) else ""


def take_down(parts: Sequence[Part], supervisor: Supervisor, progress: Progress) -> None:
    """Stop `parts`, each once those that need it have stopped; return when all have.

    Raises OSError where the supervisor does not answer or ceases to.
    """
    asked: set[str] = set()
    while True:
        running = _running(supervisor, parts)
        if not running:
            return
        needed = _needs(running, parts)
        for name in running - needed - asked:
            progress(f"stopping {name}")
            supervisor.stop_program(name)
            asked.add(name)
        time.sleep(PAUSE)


def _needs(names: set[str], parts: Sequence[Part]) -> set[str]:
    """All parts that `names` need, those between which a finished one stands included."""
    direct = {need for part in parts if part.name in names for need in part.needs}
    return direct | _needs(direct, parts) if direct else set()


def _running(supervisor: Supervisor, parts: Sequence[Part]) -> set[str]:
    states = supervisor.states()
    known = [part.name for part in parts if part.name in states]
    return {name for name in known if states[name].state not in STOPPED}
