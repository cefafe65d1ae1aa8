"""Adding up what builds did, and telling a worse one from bad luck."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kong.judgement import Limits, Observed, Verdict, chance_of, judge, overall
from kong.metrics import Distribution, Figures, Key, Ledger, _values

BOUNDS = (0.005, 0.01, 0.1, 1.0, math.inf)
REQUESTS: Key = ("http_request_duration_seconds_count", "v1", "200")


def distribution(*counts: int) -> Distribution:
    """So many observations in each bucket."""
    total = 0
    cumulative = {}
    for bound, count in zip(BOUNDS, counts, strict=True):
        total += count
        cumulative[bound] = float(total)
    return Distribution(cumulative)


def figures(
    requests: int = 1000,
    errors: int = 0,
    latency: Distribution | None = None,
    events: int = 0,
    failed: int = 0,
) -> Figures:
    """What a build did; fast unless said otherwise."""
    fast = distribution(requests, 0, 0, 0, 0)
    none = Distribution({})
    return Figures(requests, errors, latency or fast, events, failed, failed, none)


def verdict(old: Figures, new: Figures, old_step: Figures | None = None) -> Verdict:
    """What is said of `new`."""
    observed = Observed(old, old_step or figures(0))
    return overall(judge(observed, Observed(new, new), Limits()))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (figures(), figures(), Verdict.GOOD),
        (figures(), figures(100), Verdict.UNKNOWN),
        (figures(100), figures(), Verdict.UNKNOWN),
        (figures(), figures(1000, 30), Verdict.WORSE),
        (figures(), figures(50, 25), Verdict.WORSE),
        (figures(), figures(300, 4), Verdict.UNKNOWN),
        (figures(1000, 30), figures(1000, 35), Verdict.GOOD),
        (figures(), figures(latency=distribution(0, 0, 0, 1000, 0)), Verdict.WORSE),
        (figures(), figures(latency=distribution(991, 0, 0, 9, 0)), Verdict.GOOD),
        (figures(), figures(latency=distribution(988, 0, 0, 12, 0)), Verdict.UNKNOWN),
        (figures(events=500), figures(events=500, failed=25), Verdict.WORSE),
        (figures(events=500, failed=25), figures(events=500, failed=25), Verdict.GOOD),
    ],
)
def test_a_build_is_judged_by_the_other(old: Figures, new: Figures, expected: Verdict) -> None:
    """Enough, not enough, or beyond what chance explains."""
    assert verdict(old, new) is expected


def test_an_incident_of_both_is_no_difference() -> None:
    """Old requests without errors do not condemn the new build for what hits both now."""
    assert verdict(figures(100_000), figures(1000, 200)) is Verdict.WORSE
    now = figures(1000, 200)
    assert verdict(figures(101_000, 200), figures(1000, 200), now) is Verdict.GOOD


@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.001, 0.999))
def test_chance_is_a_probability_that_falls_with_what_was_seen(k: int, n: int, p: float) -> None:
    """From 1 for none or more, down."""
    k = min(k, n)
    assert 0 <= chance_of(k, n, p) <= 1
    assert chance_of(k, n, p) <= chance_of(max(0, k - 1), n, p) + 1e-9
    assert chance_of(0, n, p) == 1


def test_chance_of_six_sixes() -> None:
    """As computed by hand."""
    assert chance_of(6, 6, 1 / 6) == pytest.approx((1 / 6) ** 6)
    assert chance_of(1, 2, 0.5) == pytest.approx(0.75)


def test_a_quantile_lies_within_its_bucket() -> None:
    """Interpolated; what lies beyond the last bound is told as that bound."""
    spread = distribution(50, 40, 9, 1, 0)
    assert spread.quantile(0.5) == pytest.approx(0.005)
    assert spread.quantile(0.7) == pytest.approx(0.0075)
    assert distribution(0, 0, 0, 0, 5).quantile(0.99) == 1.0
    assert math.isnan(Distribution({}).quantile(0.99))
    assert spread.above(0.1) == 1
    assert spread.bound(0.011) == 0.1


def test_a_counter_counts_from_where_it_was_first_read() -> None:
    """What was before the rollout is none of its business."""
    ledger = Ledger()
    ledger.take("a", {REQUESTS: 1000})
    ledger.take("a", {REQUESTS: 1010})
    assert ledger.figures("v1").requests == 10


def test_a_restarted_process_counts_from_zero() -> None:
    """What it did before its restart stays counted."""
    ledger = Ledger()
    for value in (100, 150, 7, 9):
        ledger.take("a", {REQUESTS: value})
    assert ledger.figures("v1").requests == 59


def test_processes_add_up_and_snapshots_subtract() -> None:
    """Replicas are one build; a step begins with a snapshot."""
    ledger = Ledger()
    for source in ("a", "b"):
        ledger.take(source, {REQUESTS: 5})
        ledger.take(source, {REQUESTS: 15})
    before = ledger.snapshot()
    ledger.take("b", {REQUESTS: 18})
    assert ledger.figures("v1").requests == 23
    assert ledger.figures("v1", before).requests == 3
    assert Ledger(before).figures("v1").requests == 20


def test_only_what_matters_is_read() -> None:
    """Operations add up, other samples and those without a build are left."""
    text = """# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{build="v1",operation="a",status="200",le="0.1"} 1
http_request_duration_seconds_bucket{build="v1",operation="b",status="500",le="0.1"} 2
http_request_duration_seconds_count{build="v1",operation="a",status="200"} 1
http_request_duration_seconds_count{build="v1",operation="b",status="500"} 2
http_request_duration_seconds_sum{build="v1",operation="a",status="200"} 1
# TYPE other counter
other_total{build="v1"} 3
"""
    assert _values(text) == {
        ("http_request_duration_seconds_bucket", "v1", "0.1"): 3,
        ("http_request_duration_seconds_count", "v1", "200"): 1,
        ("http_request_duration_seconds_count", "v1", "500"): 2,
    }
