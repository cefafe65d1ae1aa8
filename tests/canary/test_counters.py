"""Adding up what processes count."""

import math

from canary.counters import CounterDeltas, Distribution, Key, values

APPLIED: Key = ("aware_events_applied_total", "v1", "")


def test_a_quantile_is_a_bound() -> None:
    """Of what lies beyond the last one, none."""
    spread = Distribution({0.01: 50, 0.1: 99, 1.0: 100, math.inf: 100})
    assert [spread.quantile(share) for share in (0.5, 0.9, 1.0)] == [0.01, 0.1, 1.0]
    assert math.isnan(Distribution({}).quantile(0.99))
    assert (spread.above(0.1).bad, spread.above(0.1).total) == (1, 100)
    assert spread.bound(0.02) == 0.1


def test_a_counter_counts_from_where_it_was_first_read() -> None:
    """What was before the rollout is none of its business."""
    deltas = CounterDeltas()
    deltas.take("a", {APPLIED: 1000})
    deltas.take("a", {APPLIED: 1010})
    assert deltas.figures("v1").events.total == 10


def test_a_restarted_process_counts_from_zero() -> None:
    """What it did before its restart stays counted."""
    deltas = CounterDeltas()
    for value in (100, 150, 7, 9):
        deltas.take("a", {APPLIED: value})
    assert deltas.figures("v1").events.total == 59


def test_processes_add_up_and_snapshots_subtract() -> None:
    """Replicas are one version; a look begins with a snapshot."""
    deltas = CounterDeltas()
    for source in ("a", "b"):
        deltas.take(source, {APPLIED: 5})
        deltas.take(source, {APPLIED: 15})
    before = deltas.snapshot()
    deltas.take("b", {APPLIED: 18})
    assert deltas.figures("v1").events.total == 23
    assert deltas.figures("v1", before).events.total == 3


def test_only_what_matters_is_read() -> None:
    """Other samples, and those of no version, are left."""
    text = """# TYPE aware_sync_lag_seconds histogram
aware_sync_lag_seconds_bucket{version="v1",le="0.1"} 1
aware_sync_lag_seconds_bucket{version="v1",le="+Inf"} 2
aware_sync_lag_seconds_sum{version="v1"} 1
# TYPE aware_events_applied counter
aware_events_applied_total{version="v1"} 2
# TYPE other counter
other_total{version="v1"} 3
"""
    assert values(text) == {
        ("aware_sync_lag_seconds_bucket", "v1", "0.1"): 1,
        ("aware_sync_lag_seconds_bucket", "v1", "+Inf"): 2,
        APPLIED: 2,
    }
