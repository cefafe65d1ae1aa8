"""Every metric that a process of ours exposes: the one place that has names, units and meanings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SERVICE, RELAY, CONSUMER, EXPORTER = "HTTP services", "outbox relay", "consumer", "exporter"
"""Who exposes a metric."""


@dataclass(frozen=True)
class Metric:
    """A metric as Prometheus has it.

    `name` is that of its samples, a histogram's without `_bucket`, `_sum` and `_count`. `unit` is a
    base unit or what is counted, `of` who exposes it.
    """

    name: str
    meaning: str
    unit: str
    of: tuple[str, ...]
    labels: tuple[str, ...] = ()
    type: ClassVar[str]


class CounterMetric(Metric):
    """What only grows, while its process lives."""

    type = "counter"

    def register(self, registry: CollectorRegistry) -> Counter:
        """A counter of this process."""
        return Counter(self.name, self.meaning, self.labels, registry=registry)


class GaugeMetric(Metric):
    """What rises and falls; NaN while it cannot be looked up."""

    type = "gauge"

    def register(self, registry: CollectorRegistry) -> Gauge:
        """A gauge of this process."""
        return Gauge(self.name, self.meaning, self.labels, registry=registry)


@dataclass(frozen=True)
class HistogramMetric(Metric):
    """How observations are distributed; `buckets` are upper bounds."""

    type = "histogram"
    buckets: tuple[float, ...] = ()

    def register(self, registry: CollectorRegistry) -> Histogram:
        """A histogram of this process."""
        return Histogram(
            self.name, self.meaning, self.labels, registry=registry, buckets=self.buckets
        )


LABELS: Mapping[str, str] = {
    "version": "the version of the service that answered, or that wrote the change; `resync` for "
    "one that a resync published, `unknown` where a message does not say",
    "operation": "the `operationId`, `none` where no operation was found",
    "status": "the status code of the answer",
    "dependency": "`broker` or `database`",
    "queue": "the name of the queue",
    "service": "the name of the service in `services.yaml`",
}
"""What the values of each label are."""

HTTP_REQUEST_DURATION = HistogramMetric(
    "http_request_duration_seconds",
    "Time from the arrival of a request to the end of its answer.",
    "seconds",
    (SERVICE,),
    ("operation", "status", "version"),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

EVENTS_PUBLISHED = CounterMetric(
    "aware_events_published_total",
    "Events that the broker confirmed.",
    "events",
    (RELAY,),
    ("version",),
)
EVENTS_UNROUTABLE = CounterMetric(
    "aware_events_unroutable_total",
    "Events that the broker returned because no queue took them; they are published again.",
    "events",
    (RELAY,),
    ("version",),
)
EVENTS_UNCONFIRMED = CounterMetric(
    "aware_events_unconfirmed_total",
    "Events whose confirm did not come; they are published again.",
    "events",
    (RELAY,),
    ("version",),
)
EVENTS_INVALID = CounterMetric(
    "aware_events_invalid_total",
    "Changes that do not fit the event's schema; they cannot be published.",
    "events",
    (RELAY,),
    ("version",),
)
OUTBOX_PENDING = GaugeMetric(
    "aware_outbox_pending_entries",
    "Outbox entries that are pending: documents with a change, and occurrences.",
    "entries",
    (RELAY,),
    ("version",),
)
OUTBOX_LAG = GaugeMetric(
    "aware_outbox_lag_seconds",
    "For how long the oldest outbox entry has been pending; 0 where there is none.",
    "seconds",
    (RELAY,),
    ("version",),
)
CHANGE_STREAM_OPEN = GaugeMetric(
    "aware_change_stream_open",
    "0 while the relay has no change stream though it needs one, and only looks from time to time; "
    "1 while it has one, or publishes so much that it needs none.",
    "boolean",
    (RELAY,),
)
CHANGE_STREAM_LOST = CounterMetric(
    "aware_change_stream_lost_total",
    "How often the change stream was lost or could not be opened.",
    "losses",
    (RELAY,),
)

EVENTS_APPLIED = CounterMetric(
    "aware_events_applied_total",
    "Events that were the newest of their key when they were applied.",
    "events",
    (CONSUMER,),
    ("version",),
)
EVENTS_STALE = CounterMetric(
    "aware_events_stale_total",
    "Events that a newer one of the same key had replaced.",
    "events",
    (CONSUMER,),
    ("version",),
)
EVENTS_RETRIED = CounterMetric(
    "aware_events_retried_total",
    "Events for which a retry was scheduled.",
    "events",
    (CONSUMER,),
    ("version",),
)
EVENTS_DEAD_LETTERED = CounterMetric(
    "aware_events_dead_lettered_total",
    "Messages sent to the dead-letter queue.",
    "messages",
    (CONSUMER,),
    ("version",),
)
EVENTS_REDELIVERED = CounterMetric(
    "aware_events_redelivered_total",
    "Deliveries that the broker marked as redelivered.",
    "deliveries",
    (CONSUMER,),
    ("version",),
)
ORDERS_UPDATED = CounterMetric(
    "aware_orders_updated_total",
    "Orders that took over newer contact data.",
    "orders",
    (CONSUMER,),
)
SYNC_LAG = HistogramMetric(
    "aware_sync_lag_seconds",
    "Time from the write of a change until it was applied everywhere.",
    "seconds",
    (CONSUMER,),
    ("version",),
    (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 1800, 21600),
)
QUEUE_MESSAGES_READY = GaugeMetric(
    "aware_queue_messages_ready",
    "Messages ready for delivery in a queue of this consumer, as the broker tells it.",
    "messages",
    (CONSUMER,),
    ("queue",),
)

DEPENDENCY_UP = GaugeMetric(
    "aware_dependency_up",
    "1 where this process can use what it needs, else 0: the broker; the primary of the database.",
    "boolean",
    (RELAY, CONSUMER),
    ("dependency",),
)

GATEWAY_SPLIT = GaugeMetric(
    "aware_gateway_split_ratio",
    "Which share of a service's requests a version is to get, from 0 to 1: P as it was set last.",
    "ratio",
    (EXPORTER,),
    ("service", "version"),
)
BACKUP_TIMESTAMP = GaugeMetric(
    "aware_backup_last_success_timestamp_seconds",
    "The moment of the newest backup in the folder, since 1970; 0 where there is none.",
    "seconds",
    (EXPORTER,),
)
BACKUP_SIZE = GaugeMetric(
    "aware_backup_last_success_size_bytes",
    "The size of that backup; 0 where there is none.",
    "bytes",
    (EXPORTER,),
)

METRICS: tuple[Metric, ...] = tuple(
    each for each in tuple(globals().values()) if isinstance(each, Metric)
)
"""All of them, in this order."""
