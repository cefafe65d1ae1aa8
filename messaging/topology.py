"""Exchanges, queues and bindings: the one module that knows their names.

Both sides declare through it, so that either may start first. Every queue is bound by its own
name: an event is published to the queue of each subscriber, so that one whose queue does not take
it is known, and what is tried again reaches nobody else. Several systems can share a broker, each
with a queue name of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from messaging.broker import Address
from services.declaration import Subscriber, System

QUEUE_NAME = "user_updates"
"""The name of the queue where nobody gives it another."""

EXCHANGE = "user_order"
RETRY_EXCHANGE = f"{EXCHANGE}.retry"
DEAD_LETTER_EXCHANGE = f"{EXCHANGE}.dead"

RETRY_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 25, 125, 625))
"""How long a message that failed waits before it is tried again: once each, in this order."""

_FIRST_VERSION_WITH_DEFAULT_DELIVERY_LIMIT = (4, 0)


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue, bound to `exchange` by its own name.

    Where `pause` is set, messages leave it after that time, for `then`.
    """

    name: str
    exchange: str
    pause: timedelta | None = None
    then: Address | None = None

    @property
    def address(self) -> Address:
        """Where to publish what is to end in this queue."""
        return Address(self.exchange, self.name)

    def arguments(self, broker: str) -> dict[str, object]:
        """The queue's arguments for a broker of that version, such as `3.10.8`.

        From 4.0 a quorum queue drops a message after 20 deliveries, unless told otherwise; before
        4.0 the same -1 would drop it after the first.
        """
        arguments: dict[str, object] = {"x-queue-type": "quorum"}
        if _numbers(broker) >= _FIRST_VERSION_WITH_DEFAULT_DELIVERY_LIMIT:
            arguments["x-delivery-limit"] = -1
        if self.pause is not None and self.then is not None:
            arguments |= {
                "x-message-ttl": milliseconds(self.pause),
                "x-dead-letter-exchange": self.then.exchange,
                "x-dead-letter-routing-key": self.then.routing_key,
                # Else the broker moves messages at most once, and may lose them on the way.
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            }
        return arguments


@dataclass(frozen=True)
class Permissions:
    """Regular expressions of the names that a login may configure, write to and read from."""

    configure: str
    write: str
    read: str


def queue_of(subscriber: Subscriber, setting: str) -> str:
    """What the queue of a subscriber is called, where RABBITMQ_QUEUE_NAME is `setting`."""
    return setting if subscriber.queue else f"{setting}-{subscriber.process}"


def routes(system: System, events: Iterable[str], setting: str) -> dict[str, tuple[Queue, ...]]:
    """The queues that events are published to, by the names of the events."""
    return {
        event: tuple(Queue(queue_of(each, setting), EXCHANGE) for each in system.followers(event))
        for event in events
    }


def relay_permissions(queues: Iterable[Queue]) -> Permissions:
    """What the login of a relay may touch that publishes to these queues; it reads no messages."""
    names = _any_of(EXCHANGE, *dict.fromkeys(each.name for each in queues))
    # Binding a queue writes to the queue and reads from the exchange.
    return Permissions(configure=names, write=names, read=_any_of(EXCHANGE))


class Topology:
    """All names of one subscriber, from the name of its queue.

    `updates` is the queue of events, `retries` those where failed messages wait, the shortest
    pause first, and `dead` holds the dead letters.
    """

    def __init__(self, queue_name: str, pauses: tuple[timedelta, ...] = RETRY_PAUSES) -> None:
        self.updates = Queue(queue_name, EXCHANGE)
        self.retries = tuple(
            # The pause is part of the name: a queue's arguments cannot be changed later.
            Queue(
                f"{queue_name}.retry.{milliseconds(pause)}ms",
                RETRY_EXCHANGE,
                pause,
                self.updates.address,
            )
            for pause in pauses
        )
        self.dead = Queue(f"{queue_name}.dead", DEAD_LETTER_EXCHANGE)

    @property
    def queues(self) -> Iterator[Queue]:
        """Every queue."""
        yield self.updates
        yield from self.retries
        yield self.dead

    def for_consuming(self) -> Mapping[str, tuple[Queue, ...]]:
        """What the subscriber declares: exchanges, each with its queues."""
        return {
            EXCHANGE: (self.updates,),
            RETRY_EXCHANGE: self.retries,
            DEAD_LETTER_EXCHANGE: (self.dead,),
        }

    def permissions(self) -> Permissions:
        """What the subscriber's login may touch, and who works on the dead letters with it."""
        exchanges = (EXCHANGE, RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE)
        names = _any_of(
            *exchanges,
            *(queue.name for queue in self.queues if queue not in self.retries),
            patterns=(rf"{re.escape(self.updates.name)}\.retry\.[0-9]+ms",),
        )
        return Permissions(configure=names, write=names, read=names)


def milliseconds(time: timedelta) -> int:
    """A length of time in whole milliseconds."""
    return time // timedelta(milliseconds=1)


def _any_of(*names: str, patterns: tuple[str, ...] = ()) -> str:
    return f"^({'|'.join((*map(re.escape, names), *patterns))})$"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
