"""What the services and the sync count, by the build that is behind it, added up over processes."""

import math
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from kong.errors import UnreachableError

Key = tuple[str, str, str]
"""Name of a sample, build, and what else tells it from others: a status or a bucket's bound."""

_REQUESTS = "http_request_duration_seconds_count"
_LATENCY = "http_request_duration_seconds_bucket"
_LAG = "aware_sync_lag_seconds_bucket"
_DEAD = "aware_events_dead_lettered_total"
_RETRIED = "aware_events_retried_total"
_REFUSED = "aware_events_refused_total"
_SUCCEEDED = ("aware_events_applied_total", "aware_events_stale_total")
_DETAIL: Mapping[str, str | None] = {
    _REQUESTS: "status",
    _LATENCY: "le",
    _LAG: "le",
    **dict.fromkeys((_DEAD, _RETRIED, _REFUSED, *_SUCCEEDED)),
}
"""The samples that are read, and the label besides `build` that matters."""


@dataclass(frozen=True)
class Distribution:
    """How many observations took at most so many seconds: a cumulative count by upper bound."""

    counts: Mapping[float, float]

    @property
    def total(self) -> int:
        """All observations."""
        return round(self.counts.get(math.inf, 0))

    def quantile(self, share: float) -> float:
        """Seconds that `share` of the observations did not exceed; NaN where there are none.

        Interpolated within a bucket; the highest finite bound for what lies beyond it.
        """
        if not self.total:
            return math.nan
        rank, lower, below = share * self.total, 0.0, 0.0
        for bound, count in sorted(self.counts.items()):
            if count >= rank:
                if math.isinf(bound):
                    return lower
                return lower + (bound - lower) * (rank - below) / max(count - below, 1e-9)
            lower, below = bound, count
        return lower

    def bound(self, seconds: float) -> float:
        """The lowest bound that is not below `seconds`."""
        return min((bound for bound in self.counts if bound >= seconds), default=math.inf)

    def above(self, bound: float) -> int:
        """How many observations exceeded `bound`, one of the bounds."""
        return self.total - round(self.counts.get(bound, self.total))


@dataclass(frozen=True)
class Figures:
    """What one build did. Seconds; an event fails when it is refused, retried or given up."""

    requests: int
    errors: int
    latency: Distribution
    events: int
    failed_events: int
    dead_letters: int
    lag: Distribution


class Ledger:
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

    def figures(self, build: str, since: Mapping[Key, float] | None = None) -> Figures:
        """What `build` did since a snapshot, else since the beginning."""
        since = since or {}
        grown = {
            (name, detail): value - since.get((name, own, detail), 0.0)
            for (name, own, detail), value in self._growth.items()
            if own == build
        }
        failed = sum(grown.get((name, ""), 0) for name in (_DEAD, _RETRIED, _REFUSED))
        succeeded = sum(grown.get((name, ""), 0) for name in _SUCCEEDED)
        return Figures(
            requests=round(sum(v for (name, _), v in grown.items() if name == _REQUESTS)),
            errors=round(
                sum(v for (n, d), v in grown.items() if n == _REQUESTS and d.startswith("5"))
            ),
            latency=_distribution(grown, _LATENCY),
            events=round(failed + succeeded),
            failed_events=round(failed),
            dead_letters=round(grown.get((_DEAD, ""), 0)),
            lag=_distribution(grown, _LAG),
        )


def read(source: str) -> dict[Key, float]:
    """What the process at `host:port` counts now; raises UnreachableError."""
    try:
        answer = httpx.get(f"http://{source}/metrics", timeout=2, trust_env=False, verify=False)  # noqa: S501 - no TLS
        answer.raise_for_status()
        return _values(answer.text)
    except (httpx.HTTPError, ValueError) as error:
        raise UnreachableError(f"the metrics of {source} cannot be read: {error}") from error


def addresses(target: str) -> tuple[str, ...]:
    """Each `address:port` that the name in `host:port` stands for; raises UnreachableError."""
    host, _, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"{host} has no address: {error}") from error
    return tuple(sorted(f"{entry[4][0]}:{port}" for entry in found))


def _values(text: str) -> dict[Key, float]:
    values: defaultdict[Key, float] = defaultdict(float)
    for name, labels, value in _samples(text):
        if name in _DETAIL and "build" in labels:
            detail = _DETAIL[name]
            values[name, labels["build"], labels[detail] if detail else ""] += value
    return dict(values)


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _distribution(grown: Mapping[tuple[str, str], float], name: str) -> Distribution:
    pairs: Iterable[tuple[str, float]] = ((d, v) for (n, d), v in grown.items() if n == name)
    return Distribution({float(bound): value for bound, value in pairs})
