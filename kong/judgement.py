"""Is one build worse than another? By counting, with chance allowed for."""

import math
from dataclasses import dataclass
from enum import Enum

from kong.metrics import Distribution, Figures


class Verdict(Enum):
    """What the figures say of the new build."""

    GOOD = "good"
    """Enough was seen, and nothing is beyond its limit."""
    UNKNOWN = "not enough seen"
    """Too little was seen, or something is beyond its limit by no more than chance allows."""
    WORSE = "worse"
    """Something is beyond its limit, and not by chance."""


@dataclass(frozen=True)
class Limits:
    """How much worse than the old build the new one may be.

    Shares are of 1: `errors` more of all requests may end in 5xx, `failed_events` more of all
    events may fail. The 99th percentile of the latency and of the sync's lag may be the old one
    times `factor`, plus `slack` or `lag_slack` seconds. `requests` of each build are enough to
    judge. `chance` is how seldom a build that keeps the limits may be called worse at one look.
    """

    errors: float = 0.01
    failed_events: float = 0.01
    factor: float = 1.5
    slack: float = 0.025
    lag_slack: float = 0.5
    requests: int = 200
    chance: float = 0.0001


@dataclass(frozen=True)
class Finding:
    """One comparison, in words: what was compared, what was seen, what was allowed."""

    name: str
    old: str
    new: str
    limit: str
    verdict: Verdict


@dataclass(frozen=True)
class Observed:
    """A build's figures over the whole rollout and in its present step."""

    whole: Figures
    step: Figures


def judge(old: Observed, new: Observed, limits: Limits) -> tuple[Finding, ...]:
    """Compare what the new build did in this step with what the old one did.

    The old one counts with its whole rollout, or, where that is worse and enough to judge, with
    this step alone: what befalls both at once is no difference between them.
    """
    base, seen = old.whole, new.step
    return (
        _enough(base.requests, seen.requests, limits),
        _shares("5xx", _errors(old, limits), (seen.errors, seen.requests), limits.errors, limits),
        _tail("p99", base.latency, seen.latency, limits.slack, limits),
        _shares(
            "failed events",
            (base.failed_events, base.events),
            (seen.failed_events, seen.events),
            limits.failed_events,
            limits,
        ),
        _tail("sync lag p99", base.lag, seen.lag, limits.lag_slack, limits),
    )


def overall(findings: tuple[Finding, ...]) -> Verdict:
    """One comparison that is worse decides, then one that is open."""
    verdicts = {finding.verdict for finding in findings}
    for verdict in (Verdict.WORSE, Verdict.UNKNOWN):
        if verdict in verdicts:
            return verdict
    return Verdict.GOOD


def chance_of(successes: int, trials: int, share: float) -> float:
    """How probable so many successes or more are where each has the probability `share`."""
    if successes <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    return min(1.0, math.fsum(_binomial(k, trials, share) for k in range(successes, trials + 1)))


def _binomial(k: int, n: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def _errors(old: Observed, limits: Limits) -> tuple[int, int]:
    whole = (old.whole.errors, old.whole.requests)
    step = (old.step.errors, old.step.requests)
    return step if step[1] >= limits.requests and _share(step) > _share(whole) else whole


def _enough(old: int, new: int, limits: Limits) -> Finding:
    verdict = Verdict.GOOD if min(old, new) >= limits.requests else Verdict.UNKNOWN
    return Finding("requests", str(old), str(new), f"at least {limits.requests}", verdict)


def _shares(
    name: str, old: tuple[int, int], new: tuple[int, int], margin: float, limits: Limits
) -> Finding:
    allowed = min(1.0, _share(old) + margin)
    return Finding(
        name,
        _percent(old),
        _percent(new),
        f"at most {100 * allowed:.2f} %",
        _verdict(*new, allowed, limits),
    )


def _tail(name: str, old: Distribution, new: Distribution, slack: float, limits: Limits) -> Finding:
    """At most one in a hundred may take longer than the old build's 99th percentile allows."""
    before = old.quantile(0.99)
    if math.isnan(before):
        return Finding(name, "-", _milliseconds(new), "nothing to compare", Verdict.GOOD)
    bound = new.bound(before * limits.factor + slack)
    return Finding(
        name,
        _milliseconds(old),
        _milliseconds(new),
        f"at most {1000 * bound:.0f} ms",
        _verdict(new.above(bound), new.total, 0.01, limits),
    )


def _verdict(bad: int, all_of_them: int, allowed: float, limits: Limits) -> Verdict:
    if bad <= allowed * all_of_them:
        return Verdict.GOOD
    if chance_of(bad, all_of_them, allowed) < limits.chance:
        return Verdict.WORSE
    return Verdict.UNKNOWN


def _share(counted: tuple[int, int]) -> float:
    return counted[0] / counted[1] if counted[1] else 0.0


def _percent(counted: tuple[int, int]) -> str:
    return f"{100 * _share(counted):.2f} % ({counted[0]} of {counted[1]})" if counted[1] else "-"


def _milliseconds(distribution: Distribution) -> str:
    return f"{1000 * distribution.quantile(0.99):.1f} ms" if distribution.total else "-"
