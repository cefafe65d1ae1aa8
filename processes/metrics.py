"""The figures of an HTTP service, summed over its workers."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from observability.metrics import HTTP_REQUEST_DURATION


class HttpMetrics:
    """Counts and times answers, by version, operation and status."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._histogram = HTTP_REQUEST_DURATION.register(self._registry)
        self._version = version
        self._series: dict[tuple[str | None, int], Histogram] = {}

    def observe(self, operation: str | None, status: int, seconds: float) -> None:
        """Take note of one answer; takes about two microseconds."""
        series = self._series.get((operation, status))
        if series is None:
            series = self._histogram.labels(operation or "none", str(status), self._version)
            self._series[operation, status] = series
        series.observe(seconds)

    def expose(self) -> tuple[bytes, str]:
        """All figures in Prometheus' text format, and its media type."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry), CONTENT_TYPE_LATEST
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
