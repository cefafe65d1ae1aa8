"""Bets against "the new version is no worse": fair where it is true, won where it is not."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canary.evidence import Counted, OddsEvidence, RateEvidence, ShareEvidence, upper_bound


def expectation(new: int, old: int, bad: int) -> float:
    """What a bet on one look is worth on average, where both versions are equally good."""
    total, ways = 0.0, math.comb(new + old, bad)
    for k in range(max(0, bad - old), min(bad, new) + 1):
        evidence = OddsEvidence()
        evidence.add(Counted(bad - k, old), Counted(k, new))
        chance = math.comb(new, k) * math.comb(old, bad - k) / ways
        total += chance * math.exp(evidence.log_value)
    return total


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_a_bet_on_odds_is_fair(new: int, old: int, data: st.DataObject) -> None:
    """Exactly, whatever was counted: that is what makes it valid at any time."""
    bad = data.draw(st.integers(1, new + old))
    assert expectation(new, old, bad) == pytest.approx(1)


@given(st.integers(0, 5), st.integers(0, 20), st.floats(0, 1))
def test_a_bet_on_shares_is_never_ruin(new: int, old: int, allowance: float) -> None:
    """And it is no gain where the shares are equal."""
    evidence = ShareEvidence()
    evidence.add(Counted(old, 20), Counted(new, 5), allowance)
    assert math.isfinite(evidence.log_value)
    if new / 5 <= old / 20:
        assert evidence.log_value <= 0


def test_what_befalls_both_is_no_evidence() -> None:
    """Half of all requests fail, at both versions."""
    evidence = OddsEvidence()
    for _ in range(100):
        evidence.add(Counted(45, 90), Counted(5, 10))
    assert evidence.log_value < 0


def test_looking_often_does_not_make_a_good_version_worse() -> None:
    """Of 2,000 sequences of 300 looks at two equal versions, at most 1 in 20 ever passes 20."""
    random, passed = Random(7), 0
    for _ in range(2000):
        evidence = OddsEvidence()
        for _ in range(300):
            counts = [Counted(sum(random.random() < 0.05 for _ in range(n)), n) for n in (9, 3)]
            evidence.add(*counts)
            if evidence.log_value >= math.log(20):
                passed += 1
                break
    assert passed <= 2000 / 20


def test_evidence_is_kept() -> None:
    """An evidence that goes on from a state is what it was."""
    evidence = OddsEvidence()
    evidence.add(Counted(0, 90), Counted(3, 10))
    assert OddsEvidence(evidence.state).log_value == evidence.log_value > 0


@pytest.mark.parametrize(("bad", "total"), [(0, 100), (5, 100), (0, 1), (100, 100)])
def test_an_upper_bound_lies_above_what_was_seen(bad: int, total: int) -> None:
    """The higher, the surer it is to be."""
    likely, sure = (upper_bound(Counted(bad, total), alpha) for alpha in (0.1, 0.0001))
    assert bad / total <= likely <= sure <= 1


def test_a_rate_above_its_bound_is_found() -> None:
    """And one below it is not."""
    above, below = RateEvidence(0.01), RateEvidence(0.01)
    for _ in range(20):
        above.add(Counted(3, 100))
        below.add(Counted(1, 100))
    assert above.log_value > math.log(1000)
    assert below.log_value < 0
