"""Services behind the gateway that count as the real ones do, with a sync that does too."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import generate_latest

from messaging.metrics import ConsumerMetrics, RelayMetrics
from processes.metrics import HttpMetrics
from tests.gateway.backends import Backend
from tests.gateway.running import services_host


@dataclass
class Sync:
    """What becomes of an event of each build: `fails` by its number, or in step after `lag` s."""

    relay: Backend
    consumer: Backend
    figures: ConsumerMetrics
    fails: Callable[[str, int], bool] = lambda _build, _number: False
    lag: Callable[[str], float] = lambda _build: 0.01

    def event(self, build: str, number: int) -> None:
        """A change was written."""
        if self.fails(build, number):
            self.figures.dead.labels(build).inc()
        else:
            now = datetime.now(UTC)
            self.figures.in_step(build, now - timedelta(seconds=self.lag(build)), now)


def measure(backend: Backend, sync: Sync) -> None:
    """Make `backend` count its answers, each of which is a change that `sync` carries."""
    figures, lock = HttpMetrics(backend.build), threading.Lock()

    def note(status: int, seconds: float) -> None:
        with lock:
            figures.observe("update_user", status, seconds)
            if status < 500:
                sync.event(backend.build, len(backend.received))

    backend.behaviour.after_answer = note

    def expose() -> str:
        return figures.expose()[0].decode()

    backend.behaviour.metrics = expose


@contextmanager
def running_sync() -> Iterator[Sync]:
    """A relay and a consumer that answer /metrics."""
    with ExitStack() as stack:
        relay = stack.enter_context(Backend("relay", host=services_host()))
        consumer = stack.enter_context(Backend("consumer", host=services_host()))
        figures, relayed = ConsumerMetrics(), RelayMetrics()
        consumer.behaviour.metrics = lambda: generate_latest(figures.registry).decode()
        relay.behaviour.metrics = lambda: generate_latest(relayed.registry).decode()
        yield Sync(relay, consumer, figures)
