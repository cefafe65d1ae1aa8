"""The consumer: from the broker to whatever applies events."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from messaging.broker import Broker, BrokerError, Delivery, HeaderValue
from messaging.clock import Clock
from messaging.events import (
    PUBLISHED_AT,
    BadMessage,
    Event,
    Events,
    build_of,
    identifier,
    milliseconds_since_1970,
    moment_in,
)
from messaging.graceful_shutdown import complete_within_grace
from messaging.metrics import ConsumerMetrics
from messaging.topology import Topology
from storage.redaction import redacted
from tracing.cause import Cause
from tracing.logs import Several
from tracing.messages import Destination, MessageSpans, Processing

Outcome = int | Exception | asyncio.Future[int]
"""What becomes of an event: the version that stands for it, its own or a newer one, or why it was
not applied. What takes long is a future of that, and others need not wait for it."""


class Applier(Protocol):
    """Applies events."""

    async def __call__(self, events: Sequence[Event]) -> Mapping[Event, Outcome]:
        """Apply what is quickly applied, begin with the rest, and answer what becomes of each.

        It waits for as long as a database is away: an exception says that others may be applied.
        """

    async def close(self) -> None:
        """End what takes long: its futures are never done."""

    async def known_versions(self, event: str, keys: Sequence[str]) -> dict[str, int]:
        """The newest version of each of these that was applied; 0 where none was.

        Raises:
            DatabaseUnavailable: It could not be read.
        """


WINDOW = 256
"""How many messages are taken at once."""

RETRIES = "retry-count"
"""Header: how often the message has failed."""

REASON = "dead-letter-reason"
"""Header: why the message is a dead letter, or last failed."""

DEAD_SINCE = "dead-letter-since-ms"
"""Header: when it became one, in milliseconds since 1970."""

_MAX_REASON_LENGTH = 1000
_PAUSE_BEFORE_GIVING_BACK_SECONDS = 1


@dataclass(frozen=True, slots=True)
class _Failure:
    """A message that could not be applied, and whether trying again may help."""

    delivery: Delivery
    reason: str
    kind: str
    final: bool


class Consumer:
    """Has each event applied, and acknowledges it after that.

    What cannot be applied is tried again, after longer and longer pauses, and is a dead letter in
    the end.
    """

    def __init__(
        self,
        apply: Applier,
        broker: Broker,
        topology: Topology,
        *,
        events: Events,
        clock: Clock,
        metrics: ConsumerMetrics,
        window: int = WINDOW,
    ) -> None:
        self._apply = apply
        self._broker = broker
        self._topology = topology
        self._events = events
        self._clock = clock
        self._metrics = metrics
        self._window = window
        self._waiting: set[asyncio.Task[None]] = set()
        self._spans = MessageSpans()
        self._open: dict[Delivery, Processing] = {}
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Apply events until cancelled. The window at hand is then finished first.

        What takes long is left to whoever gets it next.
        """
        try:
            while True:
                window = await self._broker.receive(self._window)
                await complete_within_grace(self.handle(window))
        finally:
            for task in self._waiting:
                task.cancel()
            await asyncio.gather(*self._waiting, return_exceptions=True)
            await self._apply.close()

    async def handle(self, window: Sequence[Delivery]) -> None:
        """Apply what can be applied, publish the rest again, and acknowledge each after that.

        What takes long is acknowledged, or published again, some time after this has returned.
        """
        events, failures = self._read(window)
        with Several([each.cause for each in events.values()]):
            outcomes = await self._apply([*events.values()])
        applied: list[Delivery] = []
        for delivery, event in events.items():
            outcome = outcomes[event]
            if isinstance(outcome, asyncio.Future):
                task = asyncio.create_task(self._settle_later(delivery, event, outcome))
                self._waiting.add(task)
                task.add_done_callback(self._waiting.discard)
            elif isinstance(outcome, Exception):
                failures.append(_failed(delivery, outcome))
            else:
                self._count(delivery, event, outcome)
                applied.append(delivery)
        await self._settle(applied, failures)

    async def _settle_later(
        self, delivery: Delivery, event: Event, outcome: asyncio.Future[int]
    ) -> None:
        try:
            reached = await outcome
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must not be lost
            await self._settle([], [_failed(delivery, error)])
        else:
            self._count(delivery, event, reached)
            await self._settle([delivery], [])

    async def _settle(self, applied: Sequence[Delivery], failures: Sequence[_Failure]) -> None:
        # First, so that these do not come again where the broker has no room for the others.
        await self._broker.acknowledge(applied)
        if not failures:
            return
        if await self._republish(failures):
            await self._broker.acknowledge([each.delivery for each in failures])
        else:
            await self._clock.sleep(_PAUSE_BEFORE_GIVING_BACK_SECONDS)
            await self._broker.requeue()
            for each in failures:
                self._end(each.delivery, "requeued")

    def _read(self, window: Sequence[Delivery]) -> tuple[dict[Delivery, Event], list[_Failure]]:
        events: dict[Delivery, Event] = {}
        failures: list[_Failure] = []
        now = self._clock.now()
        for delivery in window:
            if delivery.redelivered:
                self._metrics.redelivered.labels(build_of(delivery.message)).inc()
            processing = self._begin(delivery)
            try:
                event = self._events.read(delivery.message)
            except BadMessage as error:
                failures.append(_Failure(delivery, str(error), type(error).__name__, final=True))
                continue
            processing.of(event.key)
            events[delivery] = replace(event, cause=processing.cause, delivered_at=now)
        self._link(events)
        return events, failures

    def _begin(self, delivery: Delivery) -> Processing:
        message, queue = delivery.message, self._topology.updates
        processing = self._spans.processing(
            Cause.of_headers(message.headers),
            Destination(queue.exchange, queue.name),
            message.message_id,
            published_at=moment_in(message.headers.get(PUBLISHED_AT)),
            retries=_retries(message.headers),
        )
        self._open[delivery] = processing
        return processing

    def _link(self, events: Mapping[Delivery, Event]) -> None:
        """Of several events of one key, the newest is applied for all."""
        by_key: dict[tuple[str, str], list[Delivery]] = {}
        for delivery, event in events.items():
            by_key.setdefault((event.name, event.key), []).append(delivery)
        for some in by_key.values():
            *older, newest = sorted(some, key=lambda each: events[each].version)
            self._open[newest].stands_for([self._open[each] for each in older])

    def _end(self, delivery: Delivery, outcome: str, error: str = "") -> None:
        processing = self._open.pop(delivery, None)
        if processing is not None:
            processing.end(outcome, error)

    def _count(self, delivery: Delivery, event: Event, reached: int) -> None:
        """Take note that what the event said is applied, or something newer."""
        self._end(delivery, "stale" if reached > event.version else "applied")
        if reached > event.version:
            self._metrics.stale.labels(event.build).inc()
            return
        self._metrics.in_step(event.build, event.changed_at, self._clock.now())
        self._log.debug(
            "event_applied",
            type=event.name,
            key=event.key,
            version=event.version,
            build=event.build,
            **event.cause.fields(),
        )

    async def _republish(self, failures: Sequence[_Failure]) -> bool:
        """Publish each to where it waits or stays; False where not all of them are there."""
        return all(await asyncio.gather(*(self._republish_one(failure) for failure in failures)))

    async def _republish_one(self, failure: _Failure) -> bool:
        message = failure.delivery.message
        failed = _retries(message.headers)
        dead = failure.final or failed >= len(self._topology.retries)
        moment = milliseconds_since_1970(self._clock.now())
        cause = self._open[failure.delivery].cause
        headers = {
            **message.headers,
            REASON: failure.reason[:_MAX_REASON_LENGTH],
            PUBLISHED_AT: moment,
        }
        if dead:
            to = self._topology.dead
            headers[DEAD_SINCE] = moment
        else:
            to = self._topology.retries[failed]
            headers[RETRIES] = failed + 1
        try:
            with self._spans.publishing(
                cause, Destination(to.exchange, to.name), message.message_id
            ) as carried:
                headers |= carried.headers()
                await self._broker.publish(replace(message, headers=headers), to.address)
        except BrokerError as error:
            named = cause.fields()
            event = "dead_letter_not_published" if dead else "retry_not_scheduled"
            self._log.debug(event, queue=to.name, reason=error, **named)
            return False
        self._end(failure.delivery, "dead-lettered" if dead else "retried", failure.kind)
        build = build_of(message)
        (self._metrics.dead if dead else self._metrics.retried).labels(build).inc()
        self._log.warning(
            "message_dead_lettered" if dead else "retry_scheduled",
            message_id=identifier(message.message_id, "no name"),
            build=build,
            queue=to.name,
            reason=failure.reason,
            **cause.fields(),
        )
        return True


def _failed(delivery: Delivery, error: Exception) -> _Failure:
    return _Failure(delivery, redacted(error), type(error).__name__, final=False)


def _retries(headers: Mapping[str, HeaderValue]) -> int:
    """How often the message has failed before."""
    count = headers.get(RETRIES)
    return max(count, 0) if isinstance(count, int) else 0
