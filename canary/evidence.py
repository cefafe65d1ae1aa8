"""Evidence that one version is worse than another, which may be looked at as often as one likes.

Each class below keeps e-processes: bets against "the new version is no worse", whose fair value is
one. Where it is true that the new version is no worse, the wealth of whoever bets exceeds 1/alpha,
at any time whatever, with a probability of at most alpha (Ville's inequality). So a rollout may
look every second, go on and stop when it likes. An average of e-processes is one again: that is
how odds and stakes that nobody knows beforehand are tried side by side.

Sources: Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid
inference", Statistical Science 38 (2023); Ter Schure, Pérez-Ortiz, Ly, Grünwald, "The anytime-valid
logrank test", New England Journal of Statistics in Data Science 2 (2024), for tables within which
all that is common to both cancels; Waudby-Smith, Ramdas, "Estimating means of bounded random
variables by betting", Journal of the Royal Statistical Society B 86 (2024).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

State = list[float]
"""What an e-process has come to, to go on from: the logarithm of each bet's wealth."""


@dataclass(frozen=True)
class Counted:
    """How many there were, and how many of them were bad."""

    bad: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """Of 1; 0 where there were none."""
        return self.bad / self.total if self.total else 0.0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.bad + other.bad, self.total + other.total)


class OddsEvidence:
    """Bets on the odds of a bad outcome being higher at the new version. For independent outcomes.

    Of the bad ones of a look, how many are the new version's? Where both are equally good, that
    follows the hypergeometric distribution, whatever befalls both at once.
    """

    ODDS = (1.5, 2.0, 3.0, 5.0, 10.0, 100.0)
    """Ratios that are bet on."""

    def __init__(self, state: Sequence[float] = ()) -> None:
        self.state: State = [*(state or (0.0,) * len(self.ODDS))]

    @property
    def log_value(self) -> float:
        """The natural logarithm of the wealth; 0 at the beginning."""
        return log_mean(self.state)

    def add(self, old: Counted, new: Counted) -> None:
        """Take what was counted in one look."""
        bad = old.bad + new.bad
        if not (old.total and new.total and bad):
            return
        fair = _log_generating(new.total, old.total, bad)
        for place, odds in enumerate(self.ODDS):
            self.state[place] += new.bad * math.log(odds) - fair[place]


@lru_cache(maxsize=4096)
def _log_generating(new: int, old: int, bad: int) -> tuple[float, ...]:
    """Ln E[odds^k], for each odds, of a hypergeometric k: of `bad` among both, those of `new`."""
    low, high = max(0, bad - old), min(bad, new)
    logs = [_log_binomial(new, k) + _log_binomial(old, bad - k) for k in range(low, high + 1)]
    whole = _log_binomial(new + old, bad)
    return tuple(
        _log_sum([each + k * math.log(odds) for k, each in enumerate(logs, low)]) - whole
        for odds in OddsEvidence.ODDS
    )


class ShareEvidence:
    """Bets on the share of bad outcomes being higher at the new version, block by block.

    Within a block outcomes may depend on each other: a pause that makes ten requests of one
    version slow counts as little more than one.
    """

    STAKES = (0.15, 0.5, 0.95)
    """Parts of the wealth that are bet on each block."""
    BLOCK = 5
    """So many outcomes of each version make a block."""

    def __init__(self, state: Sequence[float] = ()) -> None:
        self.state: State = [*(state or (0.0,) * len(self.STAKES))]

    @property
    def log_value(self) -> float:
        """The natural logarithm of the wealth; 0 at the beginning."""
        return log_mean(self.state)

    def add(self, old: Counted, new: Counted, allowance: float = 0.0) -> None:
        """Take a block, in which the new version's share may be larger by an allowance."""
        difference = max(-1.0, new.share - old.share - allowance)
        for place, stake in enumerate(self.STAKES):
            self.state[place] += math.log1p(stake * difference)


class RateEvidence:
    """Bets on a rate being above a bound: for when the old version gets no requests any more."""

    FACTORS = (1.5, 2.0, 4.0, 10.0, 50.0)
    """How many times the bound is bet on."""

    def __init__(self, bound: float, state: Sequence[float] = ()) -> None:
        self.state: State = [*(state or (0.0,) * len(self.FACTORS))]
        self._bound = min(max(bound, 1e-9), 1 - 1e-9)

    @property
    def log_value(self) -> float:
        """The natural logarithm of the wealth; 0 at the beginning."""
        return log_mean(self.state)

    def add(self, new: Counted) -> None:
        """Take what was counted in one look."""
        good = new.total - new.bad
        for place, factor in enumerate(self.FACTORS):
            rate = min(self._bound * factor, (1 + self._bound) / 2)
            self.state[place] += new.bad * math.log(rate / self._bound)
            self.state[place] += good * (math.log1p(-rate) - math.log1p(-self._bound))


def upper_bound(counted: Counted, alpha: float) -> float:
    """What a rate is at most, but with the probability `alpha`, whenever one looks.

    A beta-binomial mixture (Robbins 1970) excludes every rate at which it has won 1/alpha.
    """
    bad, good = counted.bad, counted.total - counted.bad
    mixture = _log_beta(bad + 0.5, good + 0.5) - _log_beta(0.5, 0.5) + math.log(alpha)

    def excluded(rate: float) -> bool:
        return mixture > bad * math.log(rate) + good * math.log1p(-rate)

    low, high = max(counted.share, 1e-12), 1 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return max(high, counted.share)


def log_mean(values: Sequence[float]) -> float:
    """The logarithm of the mean of those whose logarithms are given."""
    return _log_sum(values) - math.log(len(values))


def _log_sum(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log(math.fsum(math.exp(each - top) for each in values))


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
