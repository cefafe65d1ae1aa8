"""Every metric keeps to Prometheus' conventions, and what is said about it is true."""

import re

import pytest
from prometheus_client import CollectorRegistry

from messaging.metrics import ConsumerMetrics, RelayMetrics
from observability.metrics import (
    CONSUMER,
    LABELS,
    METRICS,
    RELAY,
    CounterMetric,
    HistogramMetric,
)
from observability.metrics import Metric as Declared
from tests.documentation.pages import read, tracked

_OURS = re.compile(
    r"\b(?:aware|http_request)_[a-z_]+_(?:total|seconds|bytes|entries|ready|ratio)\b"
)
_PREFIX = re.compile(r"aware_[a-z]+(?:_[a-z]+)*|http_request_duration_seconds")
_OF_HISTOGRAMS = re.compile(r"_(bucket|sum|count)$")


@pytest.mark.parametrize("metric", METRICS, ids=lambda each: each.name)
def test_a_name_says_what_is_measured_in_which_base_unit(metric: Declared) -> None:
    """As Prometheus' conventions have it; no other unit is a base unit."""
    assert _PREFIX.fullmatch(metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, CounterMetric)
    for unit in ("seconds", "bytes", "ratio"):
        assert metric.name.endswith(f"_{unit}") == (metric.unit == unit)
    assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent)(_|$)", metric.name)


@pytest.mark.parametrize("metric", METRICS, ids=lambda each: each.name)
def test_a_metric_has_a_meaning_and_labels_that_are_explained(metric: Declared) -> None:
    """Both stand in docs/metrics.md."""
    assert metric.meaning.endswith(".")
    assert set(metric.labels) <= LABELS.keys()
    if isinstance(metric, HistogramMetric):
        assert list(metric.buckets) == sorted(metric.buckets)


def test_every_label_that_is_explained_is_one_of_a_metric() -> None:
    """And no other."""
    assert {label for each in METRICS for label in each.labels} == LABELS.keys()


@pytest.mark.parametrize(
    ("of", "registry"), [(RELAY, RelayMetrics().registry), (CONSUMER, ConsumerMetrics().registry)]
)
def test_a_process_exposes_what_is_declared_for_it(of: str, registry: CollectorRegistry) -> None:
    """Nothing more but what every client exposes of its process."""
    families = registry.collect()
    found = {f"{each.name}_total" if each.type == "counter" else each.name for each in families}
    declared = {each.name for each in METRICS if of in each.of}
    assert {name for name in found if not name.startswith("process_")} == declared


def test_no_file_says_the_name_of_a_metric_that_there_is_not() -> None:
    """Whatever the file: code, rules, dashboard, pages; the changelog says old ones."""
    declared = {each.name for each in METRICS}
    for file in tracked():
        if file == "CHANGELOG.md" or file.startswith(("docs/adr/", "tests/")):
            continue
        for name in _OURS.findall(read(file)):
            assert _OF_HISTOGRAMS.sub("", name) in declared, f"{file}: {name}"
