"""How long requests took: kept in little, and compared where it matters."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

from canary.evidence import Counted, ShareEvidence, State, log_mean

QUANTILES = (0.5, 0.9, 0.99)
"""Of the old version's times, where both are compared: in the middle and in the tail."""

_KNOWN = 50
"""So many requests of the old version tell how fast it is in a step."""

_EXACT = 200
_STEP = math.log(1.02)


class Times:
    """Whole milliseconds, counted; two percent apart where they are long, so that they stay few."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: Counter[int] = Counter(counts or {})

    @property
    def total(self) -> int:
        """How many there are."""
        return self.counts.total()

    def add(self, times: Iterable[int]) -> None:
        """Count these too."""
        for milliseconds, count in Counter(times).items():
            self.counts[_rounded(milliseconds)] += count

    def quantiles(self, shares: Iterable[float]) -> list[int]:
        """For each share the time that so many did not exceed; 0 where there are none."""
        ordered, total, found = sorted(self.counts.items()), self.total, []
        for share in shares:
            seen = 0
            for milliseconds, count in ordered:
                seen += count
                if seen >= share * total:
                    found.append(milliseconds)
                    break
            else:
                found.append(0)
        return found

    def share_beyond(self, milliseconds: int) -> float:
        """The share of those that took longer; 0 where there are none."""
        beyond = sum(count for each, count in self.counts.items() if each > milliseconds)
        return beyond / self.total if beyond else 0.0


def _rounded(milliseconds: int) -> int:
    if milliseconds <= _EXACT:
        return milliseconds
    return round(_EXACT * math.exp(_STEP * round(math.log(milliseconds / _EXACT) / _STEP)))


class LatencyEvidence:
    """Evidence that the new version's times, but for a tolerance, are longer than the old one's.

    At each of `QUANTILES` of the old version's whole past: is the share of the new version beyond
    it, times `factor` and plus `slack` milliseconds, larger than the old one's beyond it? Where the
    old version is faster in this step than it was, because it gets fewer requests now, the new one,
    which gets more, is allowed the difference.
    """

    def __init__(self, factor: float, slack: float, states: Iterable[State] = ()) -> None:
        given = [*states] or [[] for _ in QUANTILES]
        self._factor, self._slack = factor, slack
        self._evidence = [ShareEvidence(each) for each in given]
        self.begin_step()

    @property
    def states(self) -> list[State]:
        """To go on from, but for a block that is not full yet."""
        return [each.state for each in self._evidence]

    @property
    def log_value(self) -> float:
        """The natural logarithm of the wealth of all bets together."""
        return log_mean([each.log_value for each in self._evidence])

    def begin_step(self) -> None:
        """From now on each version gets another share of the requests."""
        self._old, self._new, self._in_step = ([0] * (len(QUANTILES) + 1) for _ in range(3))

    def add(self, past: Times, times: Iterable[tuple[bool, int]]) -> None:
        """Take requests in the order in which they ended: whether of the new version, and how long.

        `past`: the old version's before these.
        """
        quantiles = past.quantiles(QUANTILES)
        usual = [past.share_beyond(each) for each in quantiles]
        limits = [self._factor * each + self._slack for each in quantiles]
        of_old, of_new = sum(self._old), sum(self._new)
        for is_new, milliseconds in times:
            if is_new:
                self._new[bisect_left(limits, milliseconds)] += 1
                of_new += 1
            else:
                self._old[bisect_left(quantiles, milliseconds)] += 1
                of_old += 1
            if of_old >= ShareEvidence.BLOCK and of_new >= ShareEvidence.BLOCK:
                self._close(of_old, of_new, usual)
                of_old = of_new = 0

    def _close(self, of_old: int, of_new: int, usual: list[float]) -> None:
        """Bet on a full block, by what was known of the step before it."""
        known = sum(self._in_step)
        for place, evidence in enumerate(self._evidence, 1):
            if known >= _KNOWN:
                old, new = sum(self._old[place:]), sum(self._new[place:])
                faster = max(0.0, usual[place - 1] - sum(self._in_step[place:]) / known)
                evidence.add(Counted(old, of_old), Counted(new, of_new), faster)
        for place, count in enumerate(self._old):
            self._in_step[place] += count
        self._old, self._new = ([0] * len(self._old) for _ in range(2))
