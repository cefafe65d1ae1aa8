"""Exchanges, queues and bindings: the one module that knows their names.

Both sides declare through it, so that either may start first. Every queue is bound by its own
name: an event is published to the queue of each subscriber, so that one whose queue does not take
it is known, and what is tried again reaches nobody else. Several systems can share a broker, each
with a queue name of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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

KEY = "key"
"""Header: the key of what the event tells of, by which events are spread over the parts."""

MAX_PARTS = 64

_WEIGHT = "1"
"""The key of a binding to an exchange that hashes: each part gets as much as another."""

_FIRST_VERSION_WITH_DEFAULT_DELIVERY_LIMIT = (4, 0)


@dataclass(frozen=True)
class Exchange:
    """A durable exchange, of a kind and with arguments that RabbitMQ or a plugin of it knows.

    Where `bound_to` is set, it takes what that exchange routes by that key.
    """

    name: str
    kind: str = "direct"
    arguments: Mapping[str, object] = field(default_factory=dict, hash=False)
    bound_to: Address | None = None


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue, bound to `exchange` by its own name, unless `bound_to` says where.

    Where `pause` is set, messages leave it after that time, for `then`.
    """

    name: str
    exchange: str
    pause: timedelta | None = None
    then: Address | None = None
    bound_to: tuple[Address, ...] | None = None

    @property
    def address(self) -> Address:
        """Where to publish what is to end in this queue."""
        return Address(self.exchange, self.name)

    @property
    def bindings(self) -> tuple[Address, ...]:
        """From which exchanges it takes messages, each with the key."""
        return (self.address,) if self.bound_to is None else self.bound_to

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
class Binding:
    """What `source` routes by its key goes to `destination`, a queue or another exchange."""

    source: Address
    destination: str
    to_exchange: bool = False


@dataclass(frozen=True)
class Declarations:
    """What is to be at the broker.

    `unbound` must not be there, and is removed after all else is there, so that nothing is
    published for which there is no queue meanwhile.
    """

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    unbound: tuple[Binding, ...] = ()

    @property
    def bindings(self) -> Iterator[Binding]:
        """Those that are to be there: of the queues before those that lead to their exchanges."""
        for queue in self.queues:
            for source in queue.bindings:
                yield Binding(source, queue.name)
        for exchange in self.exchanges:
            if exchange.bound_to is not None:
                yield Binding(exchange.bound_to, exchange.name, to_exchange=True)

    @classmethod
    def of(cls, *queues: Queue) -> "Declarations":
        """Queues with the direct exchanges that they are published to."""
        exchanges = dict.fromkeys(each.exchange for each in queues)
        return cls(tuple(Exchange(each) for each in exchanges), queues)


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


def for_publishing(queues: Iterable[Queue]) -> tuple[Declarations, Declarations]:
    """What a relay declares: always, and where no queue takes what it publishes.

    Bindings are the subscriber's, who knows how many parts the queue has. Where there is no
    subscriber yet, the first part takes everything.
    """
    bound = (*queues,)
    exchanges = (Exchange(EXCHANGE),)
    unbound = (*(replace(each, bound_to=()) for each in bound),)
    return Declarations(exchanges, unbound), Declarations(exchanges, bound)


def relay_permissions(queues: Iterable[Queue]) -> Permissions:
    """What the login of a relay may touch that publishes to these queues; it reads no messages."""
    names = _any_of(EXCHANGE, *dict.fromkeys(each.name for each in queues))
    # Binding a queue writes to the queue and reads from the exchange.
    return Permissions(configure=names, write=names, read=_any_of(EXCHANGE))


class Topology:
    """All names of one subscriber, from the name of its queue.

    `updates` is the queue of events, `retries` those where failed messages wait, the shortest
    pause first, and `dead` holds the dead letters.

    Where the queue has several parts, `updates` is the first of them, and an exchange that hashes
    the keys stands between the paper's exchange and the parts. `known` parts are there, because
    there were as many some time: those beyond `parts` get nothing any more, and are received from
    for what they may still hold.
    """

    def __init__(
        self,
        queue_name: str,
        pauses: tuple[timedelta, ...] = RETRY_PAUSES,
        parts: int = 1,
        known: int = 1,
    ) -> None:
        self.entry = Address(EXCHANGE, queue_name)
        self._hashing = Exchange(
            f"{queue_name}.parts", "x-consistent-hash", {"hash-header": KEY}, self.entry
        )
        self._parts = parts
        share = (Address(self._hashing.name, _WEIGHT),)
        first = Queue(queue_name, EXCHANGE, bound_to=None if parts == 1 else share)
        others = (
            Queue(_part(queue_name, number), self._hashing.name, bound_to=share[: number <= parts])
            for number in range(2, max(parts, known) + 1)
        )
        self.updates = first
        self.parts = (first, *others)
        self.retries = tuple(
            # The pause is part of the name: a queue's arguments cannot be changed later.
            Queue(f"{queue_name}.retry.{milliseconds(pause)}ms", RETRY_EXCHANGE, pause, self.entry)
            for pause in pauses
        )
        self.dead = Queue(f"{queue_name}.dead", DEAD_LETTER_EXCHANGE)

    @property
    def queues(self) -> Iterator[Queue]:
        """Every queue."""
        yield from self.parts
        yield from self.retries
        yield self.dead

    def for_consuming(self) -> Declarations:
        """What the subscriber declares."""
        plain = (Exchange(each) for each in (EXCHANGE, RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE))
        share = Address(self._hashing.name, _WEIGHT)
        if self._parts > 1:
            exchanges = (*plain, self._hashing)
            unbound = [Binding(self.entry, self.updates.name)]
            unbound += [Binding(share, each.name) for each in self.parts[self._parts :]]
        else:
            exchanges = (*plain,)
            more = len(self.parts) > 1
            unbound = [Binding(self.entry, self._hashing.name, to_exchange=True)] if more else []
        return Declarations(exchanges, (*self.queues,), (*unbound,))

    def permissions(self) -> Permissions:
        """What the subscriber's login may touch, and who works on the dead letters with it."""
        exchanges = (EXCHANGE, RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE, self._hashing.name)
        name = re.escape(self.updates.name)
        names = _any_of(
            *exchanges,
            self.updates.name,
            self.dead.name,
            patterns=(rf"{name}\.[0-9]+", rf"{name}\.retry\.[0-9]+ms"),
        )
        return Permissions(configure=names, write=names, read=names)


def _part(queue_name: str, number: int) -> str:
    """What a part is called, the second and those after it."""
    return f"{queue_name}.{number}"


def milliseconds(time: timedelta) -> int:
    """A length of time in whole milliseconds."""
    return time // timedelta(milliseconds=1)


def _any_of(*names: str, patterns: tuple[str, ...] = ()) -> str:
    return f"^({'|'.join((*map(re.escape, names), *patterns))})$"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
