"""Moves P step by step from one build to the other, and back where the new one is worse."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any, Self

from kong.errors import GatewayError, UnreachableError
from kong.judgement import Finding, Limits, Observed, Verdict, judge, overall
from kong.metrics import Key, Ledger, addresses, read
from kong.settings import GatewaySettings
from kong.weight import BUILDS

_BLIND = 3
"""So many looks in a row at which the new build's figures cannot be read are a failure of it."""


class Outcome(Enum):
    """How a rollout ended."""

    DONE = "done"
    """P is where it was to go."""
    WORSE = "taken back"
    """The new build was worse; P is where the rollout began."""
    WAITED = "gave up waiting"
    """Too little to judge for too long; P is where it was, and the rollout can go on."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it; P is where it was, and the rollout can go on."""


@dataclass(frozen=True)
class Plan:
    """From which P to which, in steps of how much, each for how many seconds at least.

    `patience`: seconds that a step may wait, beyond `interval`, for enough to judge. `look`:
    seconds between two looks at the figures.
    """

    start: int
    to: int
    step: int
    interval: float
    patience: float = 1800.0
    look: float = 1.0

    def __post_init__(self) -> None:
        if self.start == self.to:
            raise GatewayError(f"v1 gets {self.to} % of the user requests already")

    @property
    def new(self) -> str:
        """The build that gets more."""
        return BUILDS[0] if self.to > self.start else BUILDS[1]

    @property
    def old(self) -> str:
        """The build that gets less."""
        return BUILDS[1] if self.to > self.start else BUILDS[0]

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
    findings: list[dict[str, str]]
    result: str


@dataclass
class Record:
    """A rollout as it is kept: what resuming it and reporting on it take.

    P is at `p`, or, where the process was killed in that moment, still at `came_from`.
    """

    plan: Plan
    p: int
    came_from: int | None = None
    begun: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    baseline: bool = False
    outcome: str | None = None
    steps: list[Step] = field(default_factory=list)
    growth: list[tuple[str, str, str, float]] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether there is nothing to resume."""
        return self.outcome in (Outcome.DONE.value, Outcome.WORSE.value)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What `path` keeps, if anything; raises GatewayError where that is not a rollout."""
        try:
            kept = json.loads(path.read_text())
            kept["plan"] = Plan(**kept["plan"])
            kept["steps"] = [Step(**step) for step in kept["steps"]]
            return cls(**kept)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise GatewayError(f"{path} does not keep a rollout ({error}): remove it") from error

    def write(self, path: Path) -> None:
        """Keep it: whole, or as it was before."""
        new = path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def record_path(settings: GatewaySettings) -> Path:
    """Where the rollout is kept."""
    return settings.state / "rollout.json"


class Figures:
    """Reads the figures of both builds and of the sync."""

    def __init__(self, settings: GatewaySettings, growth: Mapping[Key, float]) -> None:
        self.ledger = Ledger(growth)
        self._settings = settings

    def look(self, new: str) -> tuple[bool, str | None]:
        """Read everything there is: whether the build `new` could be read, and what could not."""
        targets = {
            BUILDS[0]: self._settings.user_service_v1,
            BUILDS[1]: self._settings.user_service_v2,
        }
        problems = {build: self._take(targets[build]) for build in BUILDS}
        sync = self._take((*self._settings.user_relay, *self._settings.order_consumer))
        return problems[new] is None, next(filter(None, (*problems.values(), sync)), None)

    def _take(self, targets: tuple[str, ...]) -> str | None:
        try:
            for target in targets:
                for source in addresses(target):
                    self.ledger.take(source, read(source))
        except UnreachableError as error:
            return str(error)
        return None


class Rollout:
    """One rollout. `move` sets P, `say` shows the present state, `stop` interrupts.

    Not for use by several threads, but for `stop`.
    """

    def __init__(
        self,
        *,
        record: Record,
        path: Path,
        figures: Figures,
        move: Callable[[int], None],
        say: Callable[[str], None],
        stop: Event,
        limits: Limits,
    ) -> None:
        self.record, self._path, self._figures, self._limits = record, path, figures, limits
        self._move, self._say, self._stop = move, say, stop
        self._plan = record.plan
        self.findings: tuple[Finding, ...] = ()

    def run(self) -> Outcome:
        """Go on until the end, a build that is worse, or an interruption; raises GatewayError.

        What was reached is kept at every step.
        """
        self.record.outcome = None
        self._figures.look(self._plan.new)
        outcome = self._baseline()
        if outcome is None:
            outcome = self._steps()
        if outcome is Outcome.WORSE:
            self._take_back()
        self.record.outcome = outcome.value
        self._keep()
        return outcome

    def _take_back(self) -> None:
        try:
            self._move(self._plan.start)
        except GatewayError as error:
            raise GatewayError(
                f"{self._plan.new} is worse, and P could not be put back from {self.record.p} "
                f"to {self._plan.start}: {error}"
            ) from error
        self.record.p = self._plan.start

    def _baseline(self) -> Outcome | None:
        """Wait until enough of the old build was seen to compare with."""
        if self.record.baseline:
            return None
        began = time.monotonic()
        while True:
            self._keep()
            seen = self._figures.ledger.figures(self._plan.old).requests
            if seen >= self._limits.requests:
                self.record.baseline = True
                return None
            if time.monotonic() - began > self._plan.patience:
                return Outcome.WAITED
            self._say(
                f"P {self.record.p}: {seen} of {self._limits.requests} requests to "
                f"{self._plan.old} to compare with"
            )
            if self._stop.wait(self._plan.look):
                return Outcome.INTERRUPTED
            self._figures.look(self._plan.new)

    def _steps(self) -> Outcome:
        resumed = [self.record.p] if self.record.p != self._plan.start else []
        for p in (*resumed, *self._plan.after(self.record.p)):
            # Kept before the move: whoever resumes after a kill in between finds P at one of both.
            self.record.came_from, self.record.p = self.record.p, p
            self._keep()
            self._move(p)
            outcome = self._watch()
            if outcome is not None:
                return outcome
        return Outcome.DONE

    def _watch(self) -> Outcome | None:
        """Look on at the present P until it is good (None) or the rollout ends here."""
        since, began, blind = self._figures.ledger.snapshot(), time.monotonic(), 0
        while True:
            interrupted = self._stop.wait(self._plan.look)
            readable, problem = self._figures.look(self._plan.new)
            blind = 0 if readable else blind + 1
            self.findings = self._judge(since, blind, problem)
            seconds = time.monotonic() - began
            outcome, result = self._decide(seconds, interrupted=interrupted)
            self._say(self._line(seconds, problem))
            if result:
                self._note(seconds, result)
                return outcome

    def _judge(
        self, since: Mapping[Key, float], blind: int, problem: str | None
    ) -> tuple[Finding, ...]:
        ledger, plan = self._figures.ledger, self._plan
        old, new = (
            Observed(ledger.figures(build), ledger.figures(build, since))
            for build in (plan.old, plan.new)
        )
        findings = judge(old, new, self._limits)
        if problem is None:
            return findings
        verdict = Verdict.WORSE if blind >= _BLIND else Verdict.UNKNOWN
        return (*findings, Finding("metrics", "-", problem, "readable", verdict))

    def _decide(self, seconds: float, *, interrupted: bool) -> tuple[Outcome | None, str]:
        """How the step ends, and in which word; an empty one while it goes on."""
        verdict = overall(self.findings)
        if verdict is Verdict.WORSE:
            return Outcome.WORSE, verdict.value
        if interrupted:
            return Outcome.INTERRUPTED, Outcome.INTERRUPTED.value
        if verdict is Verdict.GOOD and seconds >= self._plan.interval:
            return None, verdict.value
        if seconds >= self._plan.interval + self._plan.patience:
            return Outcome.WAITED, Outcome.WAITED.value
        return None, ""

    def _line(self, seconds: float, problem: str | None) -> str:
        state = overall(self.findings)
        waiting = state is Verdict.UNKNOWN and seconds >= self._plan.interval
        parts = [f"{f.name} {f.old} | {f.new}" for f in self.findings if f.new != "-"]
        return (
            f"P {self.record.p} of {self._plan.start} to {self._plan.to}, {seconds:.0f} s "
            f"({self._plan.old} | {self._plan.new}): {', '.join(parts)}"
            f"{'; waiting for enough to judge' if waiting else ''}"
            f"{f'; {problem}' if problem and problem not in ' '.join(parts) else ''}"
        )

    def _note(self, seconds: float, result: str) -> None:
        findings = [{**asdict(f), "verdict": f.verdict.value} for f in self.findings]
        self.record.steps.append(Step(self.record.p, round(seconds, 1), findings, result))

    def _keep(self) -> None:
        snapshot = self._figures.ledger.snapshot()
        self.record.growth = [(*key, value) for key, value in snapshot.items()]
        self.record.write(self._path)


def growth(record: Record) -> dict[Key, float]:
    """What was counted before an interruption."""
    return {(name, build, detail): value for name, build, detail, value in record.growth}


def report(record: Record) -> str:
    """What happened, as Markdown."""
    plan = record.plan
    lines = [
        f"# Rollout of {plan.new}: P from {plan.start} to {plan.to}, {record.outcome}",
        "",
        f"Begun {record.begun}; P is {record.p}. Steps of {plan.step}, {plan.interval:g} s each.",
        f"Figures: {plan.old} over the whole rollout, {plan.new} in the step.",
    ]
    for step in record.steps:
        lines += ["", f"## P {step.p}: {step.result} after {step.seconds:g} s", ""]
        lines += [f"| | {plan.old} | {plan.new} | limit | |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(finding) for finding in step.findings]
    return "\n".join(lines) + "\n"


def _row(finding: Mapping[str, Any]) -> str:
    cells = (finding[name] for name in ("name", "old", "new", "limit", "verdict"))
    return f"| {' | '.join(cells)} |"
