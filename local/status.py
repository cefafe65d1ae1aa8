"""What a part of the system on this machine does just now."""

import time
from dataclasses import dataclass

from local.parts import Part
from local.supervision import ProgramState


@dataclass(frozen=True)
class PartStatus:
    """What a part does just now.

    `state` is one of healthy, unhealthy, restarting, done, failed and stopped; `pid` is 0 and
    `uptime`, in seconds, 0.0 where there is no process; `address` is host:port, or empty.
    """

    name: str
    state: str
    pid: int
    uptime: float
    address: str


def part_status(part: Part, state: ProgramState | None, address: str) -> PartStatus:
    """By what the supervisor says of it, and its own health; None where that knows nothing."""
    if state is None:
        return PartStatus(part.name, "stopped", 0, 0.0, address)
    uptime = time.time() - state.started if state.pid else 0.0
    return PartStatus(part.name, _word(part, state), state.pid, uptime, address)


def is_up(part: Part, state: ProgramState) -> bool:
    """Whether it is healthy, or has done what it does once."""
    if part.once:
        return state.ended and state.exit_status == 0
    return state.pid != 0 and part.healthy()


def _word(part: Part, state: ProgramState) -> str:
    if is_up(part, state):
        return "done" if part.once else "healthy"
    if state.state == "STOPPED":
        return "stopped"
    if state.state == "BACKOFF":
        return "restarting"
    if state.pid:
        return "unhealthy"
    return "failed"
