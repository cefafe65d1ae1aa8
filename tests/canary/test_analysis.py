"""Two versions compared, look by look, over a whole rollout."""

import math
from collections.abc import Callable
from random import Random

import pytest

from canary.access_log import Served
from canary.analysis import Analysis, Verdict, overall
from canary.counters import Distribution, SyncFigures
from canary.evidence import Counted
from canary.limits import Limits

Answer = Callable[[Random], tuple[int, int]]
"""Status and milliseconds of a request."""

NO_SYNC = SyncFigures()


def good(random: Random) -> tuple[int, int]:
    """About ten milliseconds, and never an error."""
    return 200, round(random.lognormvariate(2.3, 0.4))


def failing(share: float) -> Answer:
    """As `good`, but so many end in 500."""
    return lambda random: (500 if random.random() < share else 200, good(random)[1])


def slower(factor: float) -> Answer:
    """As `good`, but so many times as long."""
    return lambda random: (200, round(factor * good(random)[1]))


def looks(analysis: Analysis, old: Answer, new: Answer, share: float, count: int = 60) -> Verdict:
    """Look so often at a hundred requests, of which the new version gets its share."""
    random = Random(1)
    for _ in range(count):
        served = []
        for _ in range(100):
            version, answer = ("v2", new) if random.random() < share else ("v1", old)
            served.append(Served(version, *answer(random)))
        analysis.take(served, NO_SYNC, NO_SYNC)
        if overall(analysis.findings()) is Verdict.WORSE:
            break
    return overall(analysis.findings())


@pytest.fixture
def analysis() -> Analysis:
    """One that has seen the old version alone for a while."""
    analysis = Analysis("v1", "v2", Limits())
    looks(analysis, good, good, 0, 10)
    analysis.begin_step(0.7)
    return analysis


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (good, good, Verdict.GOOD),
        (good, slower(1.1), Verdict.GOOD),
        (failing(0.05), failing(0.05), Verdict.GOOD),
        (good, slower(2), Verdict.WORSE),
        (good, failing(0.03), Verdict.WORSE),
        (failing(0.02), failing(0.08), Verdict.WORSE),
    ],
)
def test_a_version_is_judged_by_the_other(
    analysis: Analysis, old: Answer, new: Answer, expected: Verdict
) -> None:
    """As good, or worse by more than is tolerated."""
    assert looks(analysis, old, new, 0.3) is expected


def test_little_is_not_enough(analysis: Analysis) -> None:
    """Neither for good nor, of one fault, for worse."""
    assert looks(analysis, good, good, 0.3, 2) is Verdict.UNKNOWN
    analysis.take([Served("v2", 500, 10)], NO_SYNC, NO_SYNC)
    assert overall(analysis.findings()) is Verdict.UNKNOWN


def test_an_incident_of_both_is_no_difference(analysis: Analysis) -> None:
    """A database that fails, or is slow, takes nothing back."""
    assert looks(analysis, good, good, 0.3) is Verdict.GOOD
    assert looks(analysis, failing(0.3), failing(0.3), 0.3, 10) is Verdict.GOOD
    assert looks(analysis, slower(20), slower(20), 0.3, 10) is Verdict.GOOD


def test_an_old_version_that_has_less_to_do_is_no_measure(analysis: Analysis) -> None:
    """It is faster than it was, and the new one as fast as the old one was with as much to do."""
    analysis.begin_step(0.3)
    assert looks(analysis, slower(0.6), good, 0.7) is Verdict.GOOD
    assert looks(analysis, slower(0.6), slower(2), 0.7) is Verdict.WORSE


def test_a_new_version_alone_is_measured_by_the_past() -> None:
    """Where the old one gets nothing any more."""
    for new, expected in ((good, Verdict.GOOD), (failing(0.03), Verdict.WORSE)):
        analysis = Analysis("v1", "v2", Limits())
        looks(analysis, good, good, 0, 20)
        analysis.begin_step(0)
        assert looks(analysis, good, new, 1) is expected
        assert "alone" in {each.name for each in analysis.findings()}


def test_points_may_be_tolerated() -> None:
    """Two more of a hundred, where four are allowed."""
    for errors, expected in ((0.04, Verdict.GOOD), (0.0, Verdict.WORSE)):
        analysis = Analysis("v1", "v2", Limits(errors=errors))
        looks(analysis, good, good, 0, 10)
        analysis.begin_step(0.5)
        assert looks(analysis, good, failing(0.02), 0.5) is expected


def lag(seconds: float, count: int) -> Distribution:
    """So many events of which each took so long."""
    bounds = (0.01, 0.1, 1.0, 10.0, math.inf)
    return Distribution({bound: float(count if seconds <= bound else 0) for bound in bounds})


@pytest.mark.parametrize(
    ("failed", "seconds", "expected"),
    [(0, 0.01, Verdict.GOOD), (1, 0.01, Verdict.WORSE), (0, 10, Verdict.WORSE)],
)
def test_the_sync_counts_too(
    analysis: Analysis, failed: int, seconds: float, expected: Verdict
) -> None:
    """Answers are fine, but events fail, or orders follow late."""
    for _ in range(60):
        random = Random(2)
        served = [Served(version, *good(random)) for version in ("v1", "v2") for _ in range(10)]
        old = SyncFigures(Counted(0, 10), lag(0.01, 10))
        analysis.take(served, old, SyncFigures(Counted(failed, 10), lag(seconds, 10)))
    assert overall(analysis.findings()) is expected


def test_an_analysis_goes_on_where_it_was(analysis: Analysis) -> None:
    """As if nothing had been in between, but for a block that was not full."""
    looks(analysis, good, failing(0.01), 0.3, 3)
    resumed = Analysis("v1", "v2", Limits(), analysis.state())
    before, after = (each.findings() for each in (analysis, resumed))
    assert [each.evidence for each in before] == [each.evidence for each in after]
    assert resumed.whole.times.counts == analysis.whole.times.counts


def test_what_the_split_did_not_choose_is_not_counted(analysis: Analysis) -> None:
    """A version that a tester asked for is no sample of what clients see."""
    before = analysis.whole.requests.total
    analysis.take([Served("", 500, 1)], NO_SYNC, NO_SYNC)
    assert analysis.whole.requests.total == before
