"""What relays and consumers count and measure, by the version that wrote a change."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector

from health.problems import Problem
from messaging.broker import Disconnected
from messaging.topology import Queue, Topology
from observability import metrics
from storage.mongo_io import DatabaseUnavailable
from storage.outbox import Outbox


class Counts(Protocol):
    """Knows how full queues are."""

    async def waiting_in(self, queue: Queue) -> int:
        """How many messages are ready in the queue. Raises Disconnected."""


class _Metrics:
    """What both have."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._dependency_up = metrics.DEPENDENCY_UP.register(self.registry)

    def depends_on(self, problems: Mapping[str, Problem | None]) -> None:
        """Take note of what the process needs, by name, and what is wrong with it now."""
        for name, problem in problems.items():
            self._dependency_up.labels(name).set(problem is None)


class RelayMetrics(_Metrics):
    """The relay's figures, in a registry of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.published = metrics.EVENTS_PUBLISHED.register(self.registry)
        self.returned = metrics.EVENTS_UNROUTABLE.register(self.registry)
        self.unconfirmed = metrics.EVENTS_UNCONFIRMED.register(self.registry)
        self.refused = metrics.EVENTS_INVALID.register(self.registry)
        self.change_stream_open = metrics.CHANGE_STREAM_OPEN.register(self.registry)
        self.change_stream_lost = metrics.CHANGE_STREAM_LOST.register(self.registry)
        self.backlog = metrics.OUTBOX_PENDING.register(self.registry)
        self.oldest = metrics.OUTBOX_LAG.register(self.registry)
        self._builds: set[str] = set()

    async def measure(self, outbox: Outbox | None, now: datetime) -> None:
        """Set the figures that are looked up; NaN where the database is away.

        Without an outbox it is known to be, and nobody waits for it.
        """
        try:
            backlog = {each.build: each for each in await outbox.backlog()} if outbox else None
        except DatabaseUnavailable:
            backlog = None
        if backlog is None:
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

    def _set_backlog(self, build: str, entries: float, age: float) -> None:
        self.backlog.labels(build).set(entries)
        self.oldest.labels(build).set(age)


class ConsumerMetrics(_Metrics):
    """The consumer's figures, in a registry of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.applied = metrics.EVENTS_APPLIED.register(self.registry)
        self.stale = metrics.EVENTS_STALE.register(self.registry)
        self.retried = metrics.EVENTS_RETRIED.register(self.registry)
        self.dead = metrics.EVENTS_DEAD_LETTERED.register(self.registry)
        self.redelivered = metrics.EVENTS_REDELIVERED.register(self.registry)
        self.orders = metrics.ORDERS_UPDATED.register(self.registry)
        self.lag = metrics.SYNC_LAG.register(self.registry)
        self.waiting = metrics.QUEUE_MESSAGES_READY.register(self.registry)

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
