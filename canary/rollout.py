"""Moves P step by step from one version to the other, and back where the new one is worse."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Protocol

from canary.access_log import AccessLog
from canary.analysis import Analysis, Finding, Verdict, overall
from canary.counters import CounterDeltas, read
from canary.limits import Limits
from canary.record import Outcome, Point, Record, Step
from gateway.addresses import addresses
from gateway.errors import GatewayError, UnreachableError
from gateway.settings import GatewaySettings
from gateway.splits import SplitNames
from settings.environment import SettingError

_BLIND = 3
"""So many looks in a row at which the new version cannot be asked are a failure of it."""


class Sources:
    """Where the figures come from: the gateway's access log, and the metrics of all processes."""

    def __init__(self, settings: GatewaySettings, names: SplitNames) -> None:
        """Begin with what comes from now on; raises GatewayError where there is no access log."""
        self._log = AccessLog(settings.state, names.processes)
        self._deltas = CounterDeltas()
        self._services = {
            version: settings.targets_of(process) for version, process in names.processes.items()
        }
        self._sync = settings.event_targets
        self._snapshot = self._deltas.snapshot()

    def close(self) -> None:
        """Read no more."""
        self._log.close()

    def look(self, old: str, new: str, analysis: Analysis) -> tuple[bool, str | None]:
        """Give `analysis` all that is new.

        Returns:
            Whether the version `new` could be asked how it is, and what could not.
        """
        problems = {version: self._ask(targets) for version, targets in self._services.items()}
        sync = self._ask(self._sync)
        before, self._snapshot = self._snapshot, self._deltas.snapshot()
        figures = (self._deltas.figures(version, before) for version in (old, new))
        analysis.take(self._log.read(), *figures)
        return problems[new] is None, next(filter(None, (*problems.values(), sync)), None)

    def _ask(self, targets: tuple[str, ...]) -> str | None:
        try:
            for target in targets:
                for source in addresses(target):
                    self._deltas.take(source, read(source))
        except UnreachableError as error:
            return str(error)
        return None


class Display(Protocol):
    """Shows how a rollout goes."""

    def __call__(self, record: Record, findings: tuple[Finding, ...], state: str) -> None:
        """Show the findings, and in words what is going on."""


class Rollout:
    """One rollout. `move` sets P, `show` shows the present state, `stop` interrupts.

    Not for use by several threads, but for `stop`.
    """

    def __init__(
        self,
        *,
        record: Record,
        path: Path,
        sources: Sources,
        move: Callable[[int], None],
        show: Display,
        stop: Event,
        limits: Limits,
    ) -> None:
        self.record, self._path, self._sources, self._limits = record, path, sources, limits
        self._move, self._show, self._stop = move, show, stop
        self._plan = record.plan
        self._analysis = Analysis(record.plan.old, record.plan.new, limits, record.analysis)
        self._began = time.monotonic() - record.seconds
        self.findings: tuple[Finding, ...] = ()

    def run(self) -> Outcome:
        """Go on until the end, a version that is worse, or an interruption; raises GatewayError.

        What was reached is kept at every step.
        """
        self.record.outcome = None
        self._look()
        outcome = self._baseline()
        if outcome is None:
            outcome = self._steps()
        if outcome is Outcome.ROLLED_BACK:
            self._roll_back()
        self.record.outcome = outcome.value
        self._keep()
        return outcome

    def _roll_back(self) -> None:
        try:
            self._move(self._plan.start)
        except (GatewayError, SettingError) as error:
            raise GatewayError(
                f"{self._plan.new} is worse, and P could not be put back from {self.record.p} "
                f"to {self._plan.start}: {error}"
            ) from error
        self.record.p = self._plan.start

    def _look(self) -> tuple[bool, str | None]:
        found = self._sources.look(self._plan.old, self._plan.new, self._analysis)
        self.record.seconds = time.monotonic() - self._began
        return found

    def _baseline(self) -> Outcome | None:
        """Wait until enough of the old version was seen to compare with."""
        began = time.monotonic()
        while True:
            self._keep()
            seen = self._analysis.whole.requests.total
            if seen >= self._limits.requests:
                return None
            if time.monotonic() - began > self._plan.patience:
                return Outcome.WAITED
            wanted = f"{seen} of {self._limits.requests} requests to {self._plan.old}"
            self._show(self.record, (), f"{wanted} to compare with")
            if self._stop.wait(self._plan.look):
                return Outcome.INTERRUPTED
            self._look()

    def _steps(self) -> Outcome:
        resumed = [self.record.p] if self.record.p != self._plan.start else []
        for p in (*resumed, *self._plan.after(self.record.p)):
            # Kept before the move: whoever resumes after a kill in between finds P at one of both.
            self.record.came_from, self.record.p = self.record.p, p
            self._keep()
            self._move(p)
            self._analysis.begin_step(self._plan.old_share(p))
            outcome = self._watch()
            if outcome is not None:
                return outcome
        return Outcome.DONE

    def _watch(self) -> Outcome | None:
        """Look on at the present P until it is good (None) or the rollout ends here."""
        began, blind = time.monotonic(), 0
        while True:
            interrupted = self._stop.wait(self._plan.look)
            readable, problem = self._look()
            blind = 0 if readable else blind + 1
            self.findings = self._judge(blind, problem)
            self._draw()
            seconds = time.monotonic() - began
            outcome, result = self._decide(seconds, interrupted=interrupted)
            self._show(self.record, self.findings, result or self._state(seconds))
            if result:
                self._note(seconds, result)
                return outcome

    def _judge(self, blind: int, problem: str | None) -> tuple[Finding, ...]:
        findings = self._analysis.findings()
        if problem is None:
            return findings
        verdict = Verdict.WORSE if blind >= _BLIND else Verdict.UNKNOWN
        return (*findings, Finding("metrics", "-", problem, "readable", blind / _BLIND, verdict))

    def _decide(self, seconds: float, *, interrupted: bool) -> tuple[Outcome | None, str]:
        """How the step ends, and in which word; an empty one while it goes on."""
        verdict = overall(self.findings)
        if verdict is Verdict.WORSE:
            return Outcome.ROLLED_BACK, verdict.value
        if interrupted:
            return Outcome.INTERRUPTED, Outcome.INTERRUPTED.value
        if verdict is Verdict.GOOD and seconds >= self._plan.interval:
            return None, verdict.value
        if seconds >= self._plan.interval + self._plan.patience:
            return Outcome.WAITED, Outcome.WAITED.value
        return None, ""

    def _state(self, seconds: float) -> str:
        if overall(self.findings) is Verdict.UNKNOWN and seconds >= self._plan.interval:
            return "waiting for enough to judge"
        return f"{seconds:.0f} of {self._plan.interval:g} s"

    def _draw(self) -> None:
        """Note a point of the report's plots."""
        old, new = self._analysis.step
        shares = [100 * each.requests.share for each in (old, new)]
        tails = [each.times.quantiles([0.99])[0] for each in (old, new)]
        self.record.points.append(
            Point(round(self.record.seconds, 1), self.record.p, *shares, *tails)
        )

    def _note(self, seconds: float, result: str) -> None:
        findings = [{**asdict(f), "verdict": f.verdict.value} for f in self.findings]
        self.record.steps.append(Step(self.record.p, round(seconds, 1), findings, result))

    def _keep(self) -> None:
        self.record.analysis = self._analysis.state()
        self.record.write(self._path)
