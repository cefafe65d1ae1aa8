"""What was seen of one version."""

from dataclasses import dataclass, field

from canary.access_log import Served
from canary.counters import Distribution, SyncFigures
from canary.evidence import Counted
from canary.latency import Times

_SERVER_ERROR = 500


@dataclass
class Seen:
    """What was seen of one version: in the whole rollout, or in a step."""

    requests: Counted = field(default_factory=Counted)
    times: Times = field(default_factory=Times)
    events: Counted = field(default_factory=Counted)
    lag: Distribution = field(default_factory=lambda: Distribution({}))

    def add_requests(self, served: list[Served]) -> None:
        """Count these; a request is bad where it ended in 5xx."""
        self.requests += errors_of(served)
        self.times.add(each.milliseconds for each in served)

    def add_sync(self, figures: SyncFigures) -> None:
        """Count these."""
        self.events += figures.events
        counts = {**self.lag.counts}
        for bound, count in figures.lag.counts.items():
            counts[bound] = counts.get(bound, 0) + count
        self.lag = Distribution(counts)


def errors_of(served: list[Served]) -> Counted:
    """How many there are; the bad ones ended in 5xx."""
    return Counted(sum(each.status >= _SERVER_ERROR for each in served), len(served))


def joined(one: SyncFigures, other: SyncFigures) -> SyncFigures:
    """Both together."""
    seen = Seen()
    seen.add_sync(one)
    seen.add_sync(other)
    return SyncFigures(seen.events, seen.lag)
