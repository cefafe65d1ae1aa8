"""Is the new version worse than the old? Looked at again and again over a whole rollout."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from canary.access_log import Served
from canary.alone import AloneEvidence, bounds
from canary.counters import Distribution, SyncFigures
from canary.evidence import Counted, OddsEvidence, ShareEvidence, log_mean
from canary.latency import QUANTILES, LatencyEvidence, Times
from canary.limits import SHARES, Limits
from canary.seen import Seen, errors_of, joined

_SUSPICIOUS = math.log(10)
"""The logarithm of the evidence from which on a step waits for more."""

_MANY, _LONG = 10_000, 10.0
_ALONE = 0.1
"""Where the old version gets less than this share of the requests, its past counts instead."""


class Verdict(Enum):
    """What is said of the new version."""

    GOOD = "good"
    """Enough was seen, and there is nothing against it."""
    UNKNOWN = "not enough seen"
    """Too little was seen, or there is something against it that may still be chance."""
    WORSE = "worse"
    """It is worse, and not by chance."""


@dataclass(frozen=True)
class Finding:
    """One comparison, in words: what was compared, what was seen, what is allowed.

    `evidence`: how near the verdict "worse" is, from 0 to 1.
    """

    name: str
    old: str
    new: str
    limit: str
    evidence: float
    verdict: Verdict


class Analysis:
    """Compares two versions by what comes in, look by look."""

    def __init__(
        self, old: str, new: str, limits: Limits, kept: Mapping[str, Any] | None = None
    ) -> None:
        """Begin, or go on from what `state` gave."""
        kept = kept or {}
        self._versions, self._limits = (old, new), limits
        self._errors = OddsEvidence(kept.get("errors", ()))
        self._latency = LatencyEvidence(limits.factor, limits.slack, kept.get("latency", ()))
        self._events = OddsEvidence(kept.get("events", ()))
        self._lag = [ShareEvidence(each) for each in kept.get("lag", ((),) * len(QUANTILES))]
        self._alone = AloneEvidence(limits, kept["alone"]) if kept.get("alone") else None
        self._thinning = Random(0)  # noqa: S311 - nothing is secret here
        times = {int(ms): count for ms, count in kept.get("times", {}).items()}
        lag = {float(bound): count for bound, count in kept.get("whole lag", {}).items()}
        self.whole = Seen(
            Counted(*kept.get("requests", (0, 0))), Times(times), lag=Distribution(lag)
        )
        self._waiting = (SyncFigures(), SyncFigures())
        self.begin_step(1.0)

    def begin_step(self, old_share: float) -> None:
        """From now on the old version gets this share of the requests."""
        self.step = (Seen(), Seen())
        if old_share < _ALONE and self._alone is None:
            self._alone = AloneEvidence(self._limits, bounds(self.whole, self._limits))
        self._is_alone = old_share < _ALONE
        self._latency.begin_step()

    def take(self, served: Iterable[Served], old: SyncFigures, new: SyncFigures) -> None:
        """Take one look: the requests that ended since the last, and what the sync did since."""
        by_version: dict[str, list[Served]] = {version: [] for version in self._versions}
        served = [each for each in served if each.version in by_version]
        for each in served:
            by_version[each.version].append(each)
        of_old, of_new = (by_version[version] for version in self._versions)
        limits = self._limits
        allowed = self._thinned(errors_of(of_old), limits.errors)
        self._errors.add(allowed, errors_of(of_new))
        new_version = self._versions[1]
        ordered = ((each.version == new_version, each.milliseconds) for each in served)
        self._latency.add(self.whole.times, ordered)
        if self._alone is not None and self._is_alone:
            self._alone.add(of_new)
        self._events.add(self._thinned(old.events, limits.failed_events), new.events)
        self._add_lag(old, new)
        self.whole.add_requests(of_old)
        self.whole.add_sync(old)
        for seen, requests, figures in zip(self.step, (of_old, of_new), (old, new), strict=True):
            seen.add_requests(requests)
            seen.add_sync(figures)

    def findings(self) -> tuple[Finding, ...]:
        """What can be said now."""
        return (*self._findings(),)

    def state(self) -> dict[str, Any]:
        """To go on from."""
        return {
            "errors": self._errors.state,
            "latency": self._latency.states,
            "events": self._events.state,
            "lag": [each.state for each in self._lag],
            "alone": self._alone.state if self._alone else None,
            "requests": [self.whole.requests.bad, self.whole.requests.total],
            "times": dict(self.whole.times.counts),
            "whole lag": {str(bound): count for bound, count in self.whole.lag.counts.items()},
        }

    def _findings(self) -> Iterator[Finding]:
        limits, (old, new) = self._limits, self.step
        yield self._enough(new)
        before = old if old.requests.total else self.whole
        errors = (_percent(before.requests), _percent(new.requests))
        yield self._finding("5xx", errors, _points(limits.errors), "errors", self._errors.log_value)
        tails = (_tail(before.times), _tail(new.times))
        allowed = f"x {limits.factor:g} + {limits.slack:g} ms"
        yield self._finding("p99", tails, allowed, "latency", self._latency.log_value)
        if self._alone is not None and self._is_alone:
            past = ("its past", _percent(new.requests))
            yield self._finding("alone", past, "as before", "alone", self._alone.log_value)
        if before.events.total or new.events.total:
            events = (_percent(before.events), _percent(new.events))
            points = _points(limits.failed_events)
            yield self._finding(
                "failed events", events, points, "failed events", self._events.log_value
            )
            lags = (_lag(before.lag), _lag(new.lag))
            allowed = f"x {limits.factor:g} + {1000 * limits.lag_slack:g} ms"
            value = log_mean([each.log_value for each in self._lag])
            yield self._finding("sync lag p99", lags, allowed, "lag", value)

    def _enough(self, new: Seen) -> Finding:
        wanted = self._limits.requests
        old = self.whole.requests.total
        verdict = Verdict.GOOD if min(old, new.requests.total) >= wanted else Verdict.UNKNOWN
        return Finding(
            "requests", _short(old), _short(new.requests.total), f"at least {wanted}", 0.0, verdict
        )

    def _finding(
        self, name: str, figures: tuple[str, str], limit: str, comparison: str, log_value: float
    ) -> Finding:
        needed = -math.log(self._limits.alpha * SHARES[comparison])
        verdict = Verdict.UNKNOWN if log_value >= _SUSPICIOUS else Verdict.GOOD
        if log_value >= needed:
            verdict = Verdict.WORSE
        return Finding(name, *figures, limit, min(1.0, max(0.0, log_value / needed)), verdict)

    def _thinned(self, counted: Counted, tolerance: float) -> Counted:
        """The old version's outcomes, the tolerated share of the good ones among the bad ones."""
        good = counted.total - counted.bad if tolerance else 0
        spoilt = sum(self._thinning.random() < tolerance for _ in range(good))
        return Counted(counted.bad + spoilt, counted.total)

    def _add_lag(self, old: SyncFigures, new: SyncFigures) -> None:
        """Bet on what has come in since the last block, where that is enough for another."""
        waiting = [joined(a, b) for a, b in zip(self._waiting, (old, new), strict=True)]
        self._waiting = (waiting[0], waiting[1])
        if min(each.lag.total for each in waiting) < ShareEvidence.BLOCK:
            return
        self._waiting = (SyncFigures(), SyncFigures())
        for share, evidence in zip(QUANTILES, self._lag, strict=True):
            before = self.whole.lag.quantile(share)
            if not math.isnan(before):
                limit = waiting[1].lag.bound(before * self._limits.factor + self._limits.lag_slack)
                evidence.add(waiting[0].lag.above(before), waiting[1].lag.above(limit))


def overall(findings: Iterable[Finding]) -> Verdict:
    """One comparison that is worse decides, then one that is open."""
    verdicts = {finding.verdict for finding in findings}
    for verdict in (Verdict.WORSE, Verdict.UNKNOWN):
        if verdict in verdicts:
            return verdict
    return Verdict.GOOD


def _percent(counted: Counted) -> str:
    return f"{100 * counted.share:.2f} % of {_short(counted.total)}" if counted.total else "-"


def _short(count: int) -> str:
    return str(count) if count < _MANY else f"{count // 1000}k"


def _points(share: float) -> str:
    return f"+ {100 * share:g} points" if share else "no more"


def _tail(times: Times) -> str:
    return f"{times.quantiles([0.99])[0]} ms" if times.total else "-"


def _lag(lag: Distribution) -> str:
    longest = max((bound for bound in lag.counts if bound < math.inf), default=0.0)
    found = lag.quantile(0.99)
    if math.isnan(found):
        return "-"
    return _duration(found) if found < math.inf else f"> {_duration(longest)}"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < _LONG else f"{seconds:.0f} s"
