"""The outbox relay: from a service's transactional outbox to the broker, at least once."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from enum import Enum

import structlog

from health.problems import Problems
from messaging.broker import Address, BrokerError, Message, Publisher, Returned
from messaging.clock import Backoff, Clock
from messaging.events import PUBLISHED_AT, BadMessage, Events, milliseconds_since_1970
from messaging.graceful_shutdown import complete_within_grace
from messaging.metrics import RelayMetrics
from messaging.shares import Share
from storage.divisions import DivisionStore
from storage.mongo_io import DatabaseUnavailable, raise_if_cancelled
from storage.outbox import Outbox, OutboxEntry
from storage.problems import problem_of
from tracing.cause import Cause
from tracing.messages import Destination, MessageSpans

WINDOW = 256
"""How many events are published before the first of them is confirmed."""

GATHER_SECONDS = 0.02
"""How long changes that follow an event gather, to go together: under load, one look at the outbox
and one removal of duties are for many. A change that comes alone goes at once."""

BUSY_AFTER = 25
"""After so many looks in a row at each of which something was published, the relay does not listen
until one finds nothing. It looks as often without, and to listen has the database look at every
change for every relay."""

LOOK_AGAIN_SECONDS = 5.0
"""How often to look for unpublished changes where nothing wakes the relay."""


class Outcome(Enum):
    """What became of a change."""

    PUBLISHED = "published"
    """The broker has confirmed it."""
    REFUSED = "refused"
    """It does not fit the event's schema; only another change of the same document can help."""
    FAILED = "failed"
    """It was returned or not confirmed; the next one would probably fare the same."""


class Relay:
    """Publishes every change that the outbox holds, at least once, to the queue of each follower.

    Any number of relays may run on one outbox, each with a share of its keys. Where one dies that
    has published what it did not mark, another publishes that twice, which harms nobody.
    """

    def __init__(
        self,
        outbox: Outbox,
        divisions: DivisionStore,
        broker: Publisher,
        to: Mapping[str, Sequence[Address]],
        *,
        events: Events,
        clock: Clock,
        metrics: RelayMetrics,
        window: int = WINDOW,
        busy_after: int = BUSY_AFTER,
        problems: Problems | None = None,
    ) -> None:
        """Take an outbox, who shares it, where each of its events goes, by the event's name.

        `problems` are those of the database.
        """
        self._outbox = outbox
        self._broker = broker
        self._to = to
        self._events = events
        self._clock = clock
        self._metrics = metrics
        self._window = window
        self._busy_after = busy_after
        self._problems = problems or Problems("database")
        self._woken = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._published = self._in_a_row = 0
        self._spans = MessageSpans()
        self._share = Share(divisions, clock, self._woken.set, self._problems)
        self._refused: dict[tuple[str, str], int] = {}
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Publish until cancelled. What has been sent by then is confirmed and marked first."""
        async with asyncio.TaskGroup() as outer:
            sharing = outer.create_task(self._share.run())
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen())
                    tasks.create_task(self._publish_for_ever())
            finally:  # the share is others' when nothing of it is being published here
                sharing.cancel()

    async def _listen(self) -> None:
        """Wake the other task at every change, and after every gap in the listening."""
        backoff = Backoff(first=0.1, most=5)
        while True:
            if not self._is_idle.is_set():  # nobody misses a change stream
                self._metrics.change_stream_open.set(1)
                self._problems.report(None, "changes")
                await self._is_idle.wait()
            try:
                async with aclosing(self._outbox.watch_changes()) as changes:
                    async for _ in changes:
                        self._metrics.change_stream_open.set(1)
                        self._problems.report(None, "changes")
                        self._woken.set()
                        backoff.reset()
                        await self._clock.sleep(GATHER_SECONDS)
                        if not self._is_idle.is_set():
                            break
            except DatabaseUnavailable as error:
                self._metrics.change_stream_open.set(0)
                self._metrics.change_stream_lost.inc()
                self._problems.report(problem_of(error), "changes")
                await self._clock.pause(backoff)
            raise_if_cancelled()

    async def _publish_for_ever(self) -> None:
        backoff = Backoff(first=0.1, most=5)
        while True:
            await self._broker.connected()
            self._woken.clear()
            before = self._published
            try:
                done = await self.publish_all()
            except DatabaseUnavailable as error:
                self._problems.report(problem_of(error), "outbox")
                done = False
            else:
                self._problems.report(None, "outbox")
            raise_if_cancelled()
            if not done:
                await self._clock.pause(backoff)
                continue
            backoff.reset()
            await self._clock.sleep(GATHER_SECONDS)
            self._note_look(found=self._published > before)
            if self._is_idle.is_set():
                await self._wait_for_changes()

    def _note_look(self, *, found: bool) -> None:
        """Listen no more where so much is published that there is no need to, else again."""
        self._in_a_row = self._in_a_row + 1 if found else 0
        if self._in_a_row < self._busy_after:
            self._is_idle.set()
        else:
            self._is_idle.clear()

    async def _wait_for_changes(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._woken.wait()

    async def publish_all(self) -> bool:
        """Publish what is unpublished now; False where something went wrong that may pass.

        Raises:
            DatabaseUnavailable: The outbox could not be read or marked.
        """
        share = None if self._share.is_whole else self._share
        async with aclosing(self._outbox.unpublished(self._window, share)) as batches:
            async for batch in batches:
                if Outcome.FAILED in await complete_within_grace(self._publish_batch(batch)):
                    return False
        return True

    async def _publish_batch(self, batch: Sequence[OutboxEntry]) -> Sequence[Outcome]:
        with self._share.publishing():
            own = [each for each in batch if each.key in self._share]
            outcomes = await asyncio.gather(*(self._publish(change) for change in own))
            published = [
                change
                for change, outcome in zip(own, outcomes, strict=True)
                if outcome is Outcome.PUBLISHED
            ]
            await self._outbox.mark_published(published)
            self._published += len(published)
        return outcomes

    async def _publish(self, change: OutboxEntry) -> Outcome:
        try:
            message = self._events.message(change)
            self._spans.waited(change.causes, change.changes, change.changed_at)
            for each in self._to[change.event]:
                await self._send(message, change.cause, each)
        except BadMessage as error:
            self._take_note_of_refusal(change, error)
            return Outcome.REFUSED
        except Returned as error:
            self._metrics.returned.labels(change.build).inc()
            self._log.debug("event_returned", **_fields(change), reason=error)
            return Outcome.FAILED
        except BrokerError as error:
            self._metrics.unconfirmed.labels(change.build).inc()
            self._log.debug("event_unconfirmed", **_fields(change), reason=error)
            return Outcome.FAILED
        self._metrics.published.labels(change.build).inc()
        self._log.debug("event_published", **_fields(change))
        return Outcome.PUBLISHED

    async def _send(self, message: Message, cause: Cause, to: Address) -> None:
        at = Destination(to.exchange, to.routing_key)
        with self._spans.publishing(cause, at, message.message_id) as carried:
            sent_at = milliseconds_since_1970(self._clock.now())
            headers = {**message.headers, PUBLISHED_AT: sent_at, **carried.headers()}
            await self._broker.publish(replace(message, headers=headers), to)

    def _take_note_of_refusal(self, change: OutboxEntry, error: BadMessage) -> None:
        """Once a version: it is found again each time that others are published."""
        of = (change.event, change.key)
        if self._refused.get(of) != change.version:
            self._refused[of] = change.version
            self._metrics.refused.labels(change.build).inc()
            self._log.error("event_refused", **_fields(change), reason=error)


def _fields(change: OutboxEntry) -> dict[str, str | int | None]:
    """What tells a change from others in the log."""
    return {
        "type": change.event,
        "key": change.key,
        "version": change.version,
        "build": change.build,
        **change.cause.fields(),
    }
