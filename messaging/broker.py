"""What the relay and the consumer need of a broker: the promises, and what can go wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

HeaderValue = str | int
"""What a header of ours holds; whole numbers travel as 64 bits."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message is sent: an exchange, and the key by which it routes."""

    exchange: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it travels. `timestamp` is in whole seconds since 1970, as AMQP has it."""

    body: bytes
    message_id: str
    type: str = ""
    content_type: str = "application/json"
    timestamp: int | None = None
    app_id: str = ""
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """A message handed to this process, which must acknowledge it, or else it comes again.

    `receipt` is the broker's own; it identifies the delivery and says nothing to anybody else.
    """

    message: Message
    receipt: object
    redelivered: bool = False


class BrokerError(Exception):
    """Whether the broker has the message is not known, or it is known not to have it."""


class Disconnected(BrokerError):  # noqa: N818 - a state, as much as an error
    """There is no connection, or it was lost before the confirm came."""


class Unconfirmed(BrokerError):  # noqa: N818
    """The broker refused the message, or did not confirm it in time."""


class Returned(BrokerError):  # noqa: N818
    """No queue took the message, although the broker confirmed it."""


class Blocked(BrokerError):  # noqa: N818
    """The broker is short of memory or disk, and takes nothing until it has some again."""


class NotDeclared(BrokerError):  # noqa: N818
    """Something that a message may need is not at the broker as it is declared."""


class Publisher(Protocol):
    """Sends messages. May be used by any number of tasks of one event loop at once."""

    async def connected(self) -> None:
        """Return as soon as there is a connection, not known to be blocked, with all declared.

        That may have changed again right after.
        """

    async def publish(self, message: Message, to: Address) -> None:
        """Return once the broker has stored the message for good, in at least one queue.

        A message whose publication raised may have been stored all the same; only after
        `Returned` it certainly was not.

        Raises:
            BrokerError: It was not stored, or nobody knows.
        """


class Subscription(Protocol):
    """Receives messages. For one task at a time."""

    async def receive(self, most: int) -> Sequence[Delivery]:
        """Wait for deliveries and return those that are there, 1 to `most`, in their order.

        What was delivered but not acknowledged when a connection is lost, by a crash or by
        closing it, is delivered again.
        """

    async def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these are done, so that they never come again.

        Does nothing for a delivery whose connection was lost since: that one comes again.
        """

    async def requeue(self) -> None:
        """Have everything that is not acknowledged delivered again, here or elsewhere."""


class Broker(Publisher, Subscription, Protocol):
    """Both directions over one connection."""
