"""What the services and the sync count, by version, added up over processes."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from canary.evidence import Counted
from gateway.errors import UnreachableError
from observability import metrics

Key = tuple[str, str, str]
"""Name of a sample, version, and what else tells it from others: the upper bound of a bucket."""

_LAG = f"{metrics.SYNC_LAG.name}_bucket"
_FAILED = (metrics.EVENTS_DEAD_LETTERED.name, metrics.EVENTS_RETRIED.name)
_REFUSED = metrics.EVENTS_INVALID.name
_SUCCEEDED = (metrics.EVENTS_APPLIED.name, metrics.EVENTS_STALE.name)
_DETAIL: Mapping[str, str | None] = {
    _LAG: "le",
    **dict.fromkeys((*_FAILED, _REFUSED, *_SUCCEEDED)),
}
"""The samples that are read, and the label besides `version` that matters."""


@dataclass(frozen=True)
class Distribution:
    """How many observations took at most so many seconds: a cumulative count by upper bound."""

    counts: Mapping[float, float]

    @property
    def total(self) -> int:
        """All observations."""
        return round(self.counts.get(math.inf, 0))

    def quantile(self, share: float) -> float:
        """The bound that `share` of the observations did not exceed; NaN where there are none."""
        rank = share * self.total
        reached = (bound for bound, count in sorted(self.counts.items()) if count >= rank)
        return next(reached, math.nan) if self.total else math.nan

    def bound(self, seconds: float) -> float:
        """The lowest bound that is not below `seconds`."""
        return min((bound for bound in self.counts if bound >= seconds), default=math.inf)

    def above(self, bound: float) -> Counted:
        """How many observations exceeded `bound`, one of the bounds."""
        return Counted(self.total - round(self.counts.get(bound, self.total)), self.total)


@dataclass(frozen=True)
class SyncFigures:
    """What became of one version's changes: its events, and the seconds until orders followed.

    An event is bad when it is refused, retried or given up.
    """

    events: Counted = field(default_factory=Counted)
    lag: Distribution = field(default_factory=lambda: Distribution({}))


class CounterDeltas:
    """Adds up by how much the counters of several processes grew since it first read each."""

    def __init__(self, growth: Mapping[Key, float] | None = None) -> None:
        self._growth: defaultdict[Key, float] = defaultdict(float, growth or {})
        self._last: dict[str, dict[Key, float]] = {}

    def take(self, source: str, values: Mapping[Key, float]) -> None:
        """Add what the process `source` counted since the last time.

        A counter that is lower than it was has begun again from zero.
        """
        before = self._last.get(source)
        if before is not None:
            for key, value in values.items():
                last = before.get(key, 0.0)
                self._growth[key] += value - last if value >= last else value
        self._last[source] = dict(values)

    def snapshot(self) -> Mapping[Key, float]:
        """The growth so far."""
        return dict(self._growth)

    def figures(self, version: str, since: Mapping[Key, float] | None = None) -> SyncFigures:
        """What became of the changes of `version` since a snapshot, else since the beginning."""
        since = since or {}
        grown = {
            (name, detail): value - since.get((name, own, detail), 0.0)
            for (name, own, detail), value in self._growth.items()
            if own == version
        }
        failed = sum(grown.get((name, ""), 0) for name in (*_FAILED, _REFUSED))
        succeeded = sum(grown.get((name, ""), 0) for name in _SUCCEEDED)
        pairs = ((detail, value) for (name, detail), value in grown.items() if name == _LAG)
        return SyncFigures(
            Counted(round(failed), round(failed + succeeded)),
            Distribution({float(bound): value for bound, value in pairs}),
        )


def read(source: str) -> dict[Key, float]:
    """What the process at `host:port` counts now; raises UnreachableError."""
    try:
        answer = httpx.get(f"http://{source}/metrics", timeout=2, trust_env=False, verify=False)  # noqa: S501 - no TLS
        answer.raise_for_status()
        return values(answer.text)
    except (httpx.HTTPError, ValueError) as error:
        raise UnreachableError(f"the metrics of {source} cannot be read: {error}") from error


def values(text: str) -> dict[Key, float]:
    """The samples that matter, out of Prometheus' text."""
    found: defaultdict[Key, float] = defaultdict(float)
    for name, labels, value in _samples(text):
        if name in _DETAIL and "version" in labels:
            detail = _DETAIL[name]
            found[name, labels["version"], labels[detail] if detail else ""] += value
    return dict(found)


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    families: Iterable[object] = text_string_to_metric_families(text)
    for family in families:
        for sample in family.samples:  # type: ignore[attr-defined]
            yield sample.name, sample.labels, sample.value
