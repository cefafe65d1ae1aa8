"""The new version alone, where the old one gets hardly any requests to compare with."""

import math
from collections.abc import Mapping
from typing import Any

from canary.access_log import Served
from canary.evidence import Counted, RateEvidence, log_mean, upper_bound
from canary.latency import QUANTILES
from canary.limits import SHARES, Limits
from canary.seen import Seen, errors_of


class AloneEvidence:
    """The new version against what the old one was at most before it got hardly any requests."""

    def __init__(self, limits: Limits, kept: Mapping[str, Any]) -> None:
        self._kept = kept
        self._limits = [
            limits.alone_factor * each + limits.alone_slack for each in kept["quantiles"]
        ]
        states = kept.get("states") or ((),) * len(kept["bounds"])
        self._evidence = [
            RateEvidence(bound, state) for bound, state in zip(kept["bounds"], states, strict=True)
        ]

    @property
    def log_value(self) -> float:
        """Of all bets together; half of alpha was used for the bounds."""
        return log_mean([each.log_value for each in self._evidence]) - math.log(2)

    @property
    def state(self) -> dict[str, Any]:
        """To go on from."""
        return {**self._kept, "states": [each.state for each in self._evidence]}

    def add(self, served: list[Served]) -> None:
        """Take what came in in one look."""
        counts = [errors_of(served)]
        for limit in self._limits:
            beyond = sum(each.milliseconds > limit for each in served)
            counts.append(Counted(beyond, len(served)))
        for evidence, counted in zip(self._evidence, counts, strict=True):
            evidence.add(counted)


def bounds(old: Seen, limits: Limits) -> dict[str, Any]:
    """What the rates of the old version are at most: of errors, and beyond each quantile."""
    quantiles = old.times.quantiles(QUANTILES)
    counts = [old.requests]
    for each in quantiles:
        beyond = round(old.times.share_beyond(each) * old.times.total)
        counts.append(Counted(beyond, old.times.total))
    alpha = limits.alpha * SHARES["alone"] / 2 / len(counts)
    errors, *slow = (upper_bound(each, alpha) for each in counts)
    return {"quantiles": quantiles, "bounds": [errors + limits.errors, *slow]}
