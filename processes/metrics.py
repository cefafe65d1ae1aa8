"""The figures of an HTTP service, summed over its workers."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class HttpMetrics:
    """Counts and times answers, by build, operation and status."""

    def __init__(self, build: str) -> None:
        self._registry = CollectorRegistry()
        self._histogram = Histogram(
            "http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("build", "operation", "status"),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._build = build
        self._series: dict[tuple[str | None, int], Histogram] = {}

    def observe(self, operation: str | None, status: int, seconds: float) -> None:
        """Take note of one answer; takes about two microseconds."""
        series = self._series.get((operation, status))
        if series is None:
            series = self._histogram.labels(self._build, operation or "none", str(status))
            self._series[operation, status] = series
        series.observe(seconds)

    def expose(self) -> tuple[bytes, str]:
        """All figures in Prometheus' text format, and its media type."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry), CONTENT_TYPE_LATEST
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
