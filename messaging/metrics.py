"""What relays and consumers count and measure; `build` is the version that wrote a change."""

import math
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from messaging.broker import Disconnected
from messaging.topology import Queue, Topology
from storage.durable import DatabaseUnavailable
from storage.outbox import Outbox

_LAG_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 1800, 21600)


class Counts(Protocol):
    """Knows how full queues are."""

    async def waiting_in(self, queue: Queue) -> int:
        """How many messages are ready in the queue. Raises Disconnected."""


class RelayMetrics:
    """The relay's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.published = Counter(
            "aware_events_published",
            "Events confirmed by the broker.",
            ["build"],
            registry=self.registry,
        )
        self.returned = Counter(
            "aware_events_returned",
            "Events that no queue took; they are published again.",
            ["build"],
            registry=self.registry,
        )
        self.unconfirmed = Counter(
            "aware_events_unconfirmed",
            "Events whose confirm did not come; they are published again.",
            ["build"],
            registry=self.registry,
        )
        self.refused = Counter(
            "aware_events_refused",
            "Changes that do not fit the event's schema; they cannot be published.",
            ["build"],
            registry=self.registry,
        )
        self.backlog = Gauge(
            "aware_unpublished_users",
            "Documents, such as users, with unpublished changes, by the build of the newest.",
            ["build"],
            registry=self.registry,
        )
        self.oldest = Gauge(
            "aware_oldest_unpublished_seconds",
            "Age of the oldest unpublished change of these; 0 where there is none.",
            ["build"],
            registry=self.registry,
        )
        self._builds: set[str] = set()

    async def measure(self, outbox: Outbox, now: datetime) -> None:
        """Set the figures that are looked up; NaN where the database is away."""
        try:
            backlog = {each.build: each for each in await outbox.backlog()}
        except DatabaseUnavailable:
            for build in self._builds:
                self._set_backlog(build, math.nan, math.nan)
            return
        self._builds |= backlog.keys()
        for build in self._builds:
            if build in backlog:
                age = (now - backlog[build].oldest).total_seconds()
                self._set_backlog(build, backlog[build].changes, max(0.0, age))
            else:
                self._set_backlog(build, 0, 0)

    def _set_backlog(self, build: str, users: float, age: float) -> None:
        self.backlog.labels(build).set(users)
        self.oldest.labels(build).set(age)


class ConsumerMetrics:
    """The consumer's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.applied = Counter(
            "aware_events_applied",
            "Events that were the newest of their key when applied.",
            ["build"],
            registry=self.registry,
        )
        self.stale = Counter(
            "aware_events_stale",
            "Events that a newer one of the same key had replaced.",
            ["build"],
            registry=self.registry,
        )
        self.retried = Counter(
            "aware_events_retried",
            "Events sent to wait and be tried again.",
            ["build"],
            registry=self.registry,
        )
        self.dead = Counter(
            "aware_events_dead_lettered",
            "Messages sent to the dead letters.",
            ["build"],
            registry=self.registry,
        )
        self.redelivered = Counter(
            "aware_events_redelivered",
            "Deliveries that the broker marked as repeated.",
            ["build"],
            registry=self.registry,
        )
        self.orders = Counter(
            "aware_orders_updated", "Orders brought into step.", registry=self.registry
        )
        self.lag = Histogram(
            "aware_sync_lag_seconds",
            "From the change's writing to all orders being in step.",
            ["build"],
            buckets=_LAG_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "aware_queue_messages", "Messages ready in a queue.", ["queue"], registry=self.registry
        )

    async def measure(self, broker: Counts, topology: Topology) -> None:
        """Set the figures that are looked up; NaN where the broker is away."""
        for queue in topology.queues:
            try:
                self.waiting.labels(queue.name).set(await broker.waiting_in(queue))
            except Disconnected:
                self.waiting.labels(queue.name).set(math.nan)

    def updated(self, orders: int) -> None:
        """So many orders were brought to newer data."""
        self.orders.inc(orders)

    def in_step(self, build: str, changed_at: datetime | None, now: datetime) -> None:
        """An event was applied; `changed_at` is when its change was written, if known."""
        self.applied.labels(build).inc()
        if changed_at is not None:
            self.lag.labels(build).observe(max(0.0, (now - changed_at).total_seconds()))
