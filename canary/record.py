"""A rollout as it is kept: what resuming it and reporting on it take."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Self

from gateway.errors import GatewayError
from gateway.settings import GatewaySettings
from gateway.splits import PAPERS_SETTING, SplitNames, split_names

_MAX_POINTS = 1000


class Outcome(Enum):
    """How a rollout ended."""

    DONE = "done"
    """P is where it was to go."""
    ROLLED_BACK = "rolled back"
    """The new version was worse; P is where the rollout began."""
    WAITED = "gave up waiting"
    """Too little to judge for too long; P is where it was, and the rollout can go on."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it; P is where it was, and the rollout can go on."""


@dataclass(frozen=True)
class Plan:
    """From which P to which, in steps of how much, each for how many seconds at least.

    `patience`: seconds that a step may wait, beyond `interval`, for enough to judge. `look`:
    seconds between two looks at the figures. `service` is whose requests they are; it may be empty
    where only one is split.
    """

    start: int
    to: int
    step: int
    interval: float
    patience: float = 1800.0
    look: float = 1.0
    service: str = ""

    def __post_init__(self) -> None:
        if self.start == self.to:
            names = split_names(self.service)
            raise GatewayError(f"{names.first} gets {self.to} % of the {names.requests} already")

    @property
    def new(self) -> str:
        """The version that gets more."""
        first, rest = split_names(self.service).versions
        return first if self.to > self.start else rest

    @property
    def old(self) -> str:
        """The version that gets less."""
        first, rest = split_names(self.service).versions
        return rest if self.to > self.start else first

    def old_share(self, p: int) -> float:
        """The share, of 1, that the old version gets at `p`."""
        return (100 - p if self.to > self.start else p) / 100

    def after(self, p: int) -> Iterator[int]:
        """The values of P that follow `p`."""
        sign = 1 if self.to > self.start else -1
        while p != self.to:
            p = sign * min(sign * p + self.step, sign * self.to)
            yield p


@dataclass
class Step:
    """What was seen at one P, for how many seconds, and what came of it."""

    p: int
    seconds: float
    findings: list[dict[str, Any]]
    result: str


@dataclass
class Point:
    """What the plots show at one moment: of both versions percent of 5xx, and p99 in ms."""

    seconds: float
    p: int
    old_errors: float
    new_errors: float
    old_p99: float
    new_p99: float


@dataclass
class Record:
    """A rollout: P is at `p`, or, where the process was killed in that moment, at `came_from`."""

    plan: Plan
    p: int
    came_from: int | None = None
    begun: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    outcome: str | None = None
    seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    analysis: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether there is nothing to resume."""
        return self.outcome in (Outcome.DONE.value, Outcome.ROLLED_BACK.value)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What `path` keeps, if anything; raises GatewayError where that is not a rollout."""
        try:
            kept = json.loads(path.read_text())
            kept["plan"] = Plan(**kept["plan"])
            kept["steps"] = [Step(**step) for step in kept["steps"]]
            kept["points"] = [Point(**point) for point in kept["points"]]
            return cls(**kept)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise GatewayError(f"{path} does not keep a rollout ({error}): remove it") from error

    def write(self, path: Path) -> None:
        """Keep it: whole, or as it was before."""
        if len(self.points) > _MAX_POINTS:  # every second one is enough of a long rollout
            self.points = self.points[::2]
        new = path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def record_path(settings: GatewaySettings, names: SplitNames) -> Path:
    """Where the rollout of a service is kept; that of the paper's split as it always was."""
    is_papers = names.setting == PAPERS_SETTING
    return settings.state / ("rollout.json" if is_papers else f"rollout-{names.name}.json")
