"""The consumer: from the broker to the order database."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from messaging.broker import Broker, BrokerError, Delivery, HeaderValue, Message
from messaging.clock import Backoff, Clock
from messaging.events import (
    BUILD,
    UNKNOWN_BUILD,
    BadMessage,
    Event,
    Events,
    milliseconds_since_1970,
)
from messaging.finishing import finish
from messaging.metrics import ConsumerMetrics
from messaging.topology import Topology
from storage.contacts import Contacts, ContactsStore
from storage.durable import DatabaseRefused, DatabaseUnavailable, heed_cancellation
from storage.redaction import redacted

WINDOW = 256
"""How many messages are taken at once."""

RETRIES = "retry-count"
"""Header: how often the message has failed."""

REASON = "dead-letter-reason"
"""Header: why the message is a dead letter, or last failed."""

DEAD_SINCE = "dead-letter-since-ms"
"""Header: when it became one, in milliseconds since 1970."""

_MOST_REASON_LENGTH = 1000
_PAUSE_BEFORE_GIVING_BACK_SECONDS = 1


@dataclass(frozen=True, slots=True)
class _Failure:
    """A message that could not be applied, and whether trying again may help."""

    delivery: Delivery
    reason: str
    final: bool


class Consumer:
    """Brings the orders of each user to the newest contact data that any event has told.

    Right whatever is delivered twice, late or in another order, and whoever else does the same:
    an event is never skipped as a whole, however old, because whoever began to apply a newer one
    may have died over it.
    """

    def __init__(
        self,
        store: ContactsStore,
        broker: Broker,
        topology: Topology,
        *,
        events: Events,
        clock: Clock,
        metrics: ConsumerMetrics,
        window: int = WINDOW,
    ) -> None:
        self._store = store
        self._broker = broker
        self._topology = topology
        self._events = events
        self._clock = clock
        self._metrics = metrics
        self._window = window
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Apply events until cancelled. The window at hand is then finished first."""
        while True:
            window = await self._broker.receive(self._window)
            await finish(self.handle(window))

    async def handle(self, window: Sequence[Delivery]) -> None:
        """Apply what can be applied, put the rest aside, and acknowledge each after that."""
        events, failures = self._read(window)
        outcomes = await self._apply(_newest(event.contacts for event in events.values()))
        applied: list[Delivery] = []
        for delivery, event in events.items():
            outcome = outcomes[event.contacts.user_id]
            if isinstance(outcome, Exception):
                failures.append(_Failure(delivery, redacted(outcome), final=False))
            else:
                self._count(event, outcome)
                applied.append(delivery)
        # First, so that these do not come again where the broker has no room for the others.
        await self._broker.acknowledge(applied)
        if await self._put_aside(failures):
            await self._broker.acknowledge([each.delivery for each in failures])
        else:
            await self._clock.sleep(_PAUSE_BEFORE_GIVING_BACK_SECONDS)
            await self._broker.give_back()

    def _read(self, window: Sequence[Delivery]) -> tuple[dict[Delivery, Event], list[_Failure]]:
        events: dict[Delivery, Event] = {}
        failures: list[_Failure] = []
        for delivery in window:
            if delivery.redelivered:
                self._metrics.redelivered.labels(_build(delivery.message)).inc()
            try:
                events[delivery] = self._events.read(delivery.message)
            except BadMessage as error:
                failures.append(_Failure(delivery, str(error), final=True))
        return events, failures

    async def _apply(self, contacts: Sequence[Contacts]) -> Mapping[str, Contacts | Exception]:
        """What the orders of each of these users now have, or why they could not, by user."""
        try:
            return await self._bring_into_step(contacts)
        except DatabaseRefused as error:
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
            self._log.exception("event_failed")
            failure = error
        if len(contacts) == 1:
            return {contacts[0].user_id: failure}
        outcomes: dict[str, Contacts | Exception] = {}
        for each in contacts:
            outcomes |= await self._apply([each])
        return outcomes

    async def _bring_into_step(self, contacts: Sequence[Contacts]) -> Mapping[str, Contacts]:
        """Do it, however long the database is away. Raises DatabaseRefused."""
        backoff = Backoff(first=0.1, most=5)
        while True:
            try:
                return await self._try_to_bring_into_step(contacts)
            except DatabaseUnavailable as error:
                self._log.warning("order_database_unavailable", reason=error)
                heed_cancellation()
                await self._clock.sleep(backoff.pause())

    async def _try_to_bring_into_step(self, contacts: Sequence[Contacts]) -> Mapping[str, Contacts]:
        await self._store.put_if_newer(contacts)
        newest = await self._store.get([each.user_id for each in contacts])
        if any(newest[each.user_id].version < each.version for each in contacts):
            raise DatabaseUnavailable("what was written is not there")
        behind = newest
        while behind:
            orders = await self._store.update_orders(behind.values(), self._clock.now())
            self._metrics.orders.inc(orders)
            # Somebody else may have told newer data and brought all orders but a new one into
            # step before this wrote older data to that one.
            again = await self._store.get(behind.keys())
            behind = {
                user_id: each
                for user_id, each in again.items()
                if each.version != newest[user_id].version
            }
            newest = {**newest, **behind}
        return newest

    def _count(self, event: Event, reached: Contacts) -> None:
        """Take note that the orders have what the event said, or something newer."""
        if reached.version > event.contacts.version:
            self._metrics.stale.labels(event.build).inc()
            return
        self._metrics.in_step(event.build, event.changed_at, self._clock.now())
        self._log.debug(
            "event_applied",
            user_id=event.contacts.user_id,
            version=event.contacts.version,
            build=event.build,
            traceparent=event.traceparent,
        )

    async def _put_aside(self, failures: Sequence[_Failure]) -> bool:
        """Publish each to where it waits or stays; False where not all of them are there."""
        return all(await asyncio.gather(*(self._put_one_aside(failure) for failure in failures)))

    async def _put_one_aside(self, failure: _Failure) -> bool:
        message = failure.delivery.message
        failed = _retries(message.headers)
        dead = failure.final or failed >= len(self._topology.retries)
        headers = {**message.headers, REASON: failure.reason[:_MOST_REASON_LENGTH]}
        if dead:
            to = self._topology.dead
            headers[DEAD_SINCE] = milliseconds_since_1970(self._clock.now())
        else:
            to = self._topology.retries[failed]
            headers[RETRIES] = failed + 1
        try:
            await self._broker.publish(replace(message, headers=headers), to.address)
        except BrokerError as error:
            self._log.warning("message_not_put_aside", queue=to.name, reason=error)
            return False
        build = _build(message)
        (self._metrics.dead if dead else self._metrics.retried).labels(build).inc()
        self._log.warning(
            "message_dead_lettered" if dead else "message_put_aside",
            message_id=message.message_id,
            build=build,
            queue=to.name,
            reason=failure.reason,
        )
        return True


def _newest(contacts: Iterable[Contacts]) -> list[Contacts]:
    """The newest of each user."""
    newest: dict[str, Contacts] = {}
    for each in contacts:
        if each.user_id not in newest or newest[each.user_id].version < each.version:
            newest[each.user_id] = each
    return list(newest.values())


def _build(message: Message) -> str:
    return str(message.headers.get(BUILD, UNKNOWN_BUILD))


def _retries(headers: Mapping[str, HeaderValue]) -> int:
    """How often the message has failed before."""
    count = headers.get(RETRIES)
    return max(count, 0) if isinstance(count, int) else 0
