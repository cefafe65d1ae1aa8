"""One connection to RabbitMQ, from its opening to its loss: what is published and received."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from messaging.broker import Address, Blocked, Delivery, Message, NotDeclared, Returned, Unconfirmed
from messaging.calls import Calls, as_disconnected, disconnected, settle
from messaging.channel import Channel
from messaging.declaring import Declaring
from messaging.properties import message_of, properties_of, tag_of
from messaging.topology import Declarations

_DECLARE_WITHIN_SECONDS = 20


@dataclass(frozen=True)
class ConsumeOptions:
    """Receive from these queues, with at most `prefetch` messages unacknowledged in all.

    Each queue has an equal share of that, and one at the least. Where `exclusive`, nobody else may
    receive from them meanwhile.
    """

    queues: tuple[str, ...]
    prefetch: int
    exclusive: bool = False

    @property
    def share(self) -> int:
        """The prefetch of each queue: a quorum queue knows none that several share."""
        return max(1, self.prefetch // max(1, len(self.queues)))


@dataclass(frozen=True)
class Receipt:
    """Which delivery of which connection."""

    session: "Session"
    tag: int


class Session:
    """One connection, with one channel for publishing and receiving.

    `lost` is done when either is gone; its result is the reason. `blocked_by` is what the broker is
    short of, while it takes no messages for that. Of both, and of deliveries, `notify` is told.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        declaring: Declaring,
        notify: Callable[[], None],
    ) -> None:
        self._parameters = parameters
        self._declare = declaring
        self._notify = notify
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._calls = Calls()
        self._channel: Channel | None = None
        self.lost: asyncio.Future[object] = self._loop.create_future()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._published = 0
        self._unconfirmed: dict[int, asyncio.Future[None]] = {}
        self.deliveries: deque[Delivery] = deque()
        self._unacknowledged: dict[int, None] = {}
        self._consumers: dict[tuple[str, int], str] = {}
        self.declared: dict[str, int] = {}
        self.blocked_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._channel is not None and not self.lost.done()

    @property
    def version(self) -> str:
        """The broker's version."""
        return str(self._connection.server_properties["version"])

    @property
    def _work(self) -> Channel:
        """The channel. Raises Disconnected."""
        if self._channel is None or self.lost.done():
            raise disconnected(self.lost.result() if self.lost.done() else "no connection")
        return self._channel

    async def open(self) -> None:
        """Connect, and open the channel. Raises Disconnected."""
        opened = self._calls.future()
        self._opened.add_done_callback(lambda _: settle(opened))
        self._connection = AsyncioConnection(
            self._parameters,
            on_open_callback=lambda _: settle(self._opened),
            on_open_error_callback=lambda _, error: self._end(error),
            on_close_callback=lambda _, error: self._end(error),
            custom_ioloop=self._loop,
        )
        self._connection.add_on_connection_blocked_callback(self._on_blocked)
        self._connection.add_on_connection_unblocked_callback(self._on_unblocked)
        await self._calls.answer(opened)
        channel = await self._open_channel()
        channel.lost.add_done_callback(lambda lost: self._lose(lost.result()))
        channel.raw.add_on_return_callback(self._on_return)
        channel.raw.add_on_cancel_callback(lambda _: self._lose("the broker ended the receiving"))
        await channel.call(channel.raw.confirm_delivery, ack_nack_callback=self._on_confirm)
        self._channel = channel

    async def _open_channel(self) -> Channel:
        return await Channel.open(self._connection, self._calls)

    async def declare(self, declarations: Declarations) -> None:
        """Have this at the broker. Raises Disconnected, NotDeclared."""
        try:
            async with asyncio.timeout(_DECLARE_WITHIN_SECONDS):
                messages = await self._declare(self._open_channel, declarations, self.version)
        except TimeoutError:
            raise NotDeclared(f"no answer within {_DECLARE_WITHIN_SECONDS} s") from None
        self.declared = {**messages, **self.declared}

    async def subscribe(self, subscribed: ConsumeOptions | None) -> None:
        """Receive from these queues, and from no others any more. Raises Disconnected."""
        share = 0 if subscribed is None else subscribed.share
        wanted = [] if subscribed is None else [(queue, share) for queue in subscribed.queues]
        for each in [each for each in self._consumers if each not in wanted]:
            tag = self._consumers.pop(each)
            await self._work.call(self._work.raw.basic_cancel, consumer_tag=tag)
        if subscribed is None or not wanted:
            return
        await self._work.call(self._work.raw.basic_qos, prefetch_count=share)
        for each in wanted:
            if each not in self._consumers:
                answer = await self._work.call(
                    self._work.raw.basic_consume,
                    queue=each[0],
                    on_message_callback=self._on_delivery,
                    exclusive=subscribed.exclusive,
                )
                self._consumers[each] = answer.method.consumer_tag

    async def count(self, queue: str) -> int:
        """How many messages are ready in a queue that is there. Raises Disconnected."""
        channel = await self._open_channel()  # of its own: a queue that is not there closes it
        try:
            answer = await channel.call(channel.raw.queue_declare, queue=queue, passive=True)
        finally:
            channel.close()
        return int(answer.method.message_count)

    async def publish(self, message: Message, to: Address, within_seconds: float) -> None:
        """Return when the broker has confirmed it. Raises BrokerError."""
        channel = self._work
        if self.blocked_by is not None:
            raise Blocked(f"the broker is {self.blocked_by}")
        confirmed = channel.future()
        tag = self._published + 1
        properties = properties_of(message, tag)
        with as_disconnected():
            channel.raw.basic_publish(
                to.exchange, to.routing_key, message.body, properties, mandatory=True
            )
        self._published = tag
        self._unconfirmed[tag] = confirmed
        try:
            async with asyncio.timeout(within_seconds):
                await channel.answer(confirmed)
        except TimeoutError:
            raise Unconfirmed(f"no confirm within {within_seconds} s") from None
        finally:
            self._unconfirmed.pop(tag, None)

    def acknowledge(self, tags: Sequence[int]) -> None:
        """Acknowledge, in one frame where nothing older is left unacknowledged."""
        if not tags or not self.is_open:
            return
        for tag in tags:
            self._unacknowledged.pop(tag, None)
        last, raw = max(tags), self._work.raw
        with suppress(AMQPError):  # the connection is closing: all that comes again
            if next(iter(self._unacknowledged), last) >= last:
                raw.basic_ack(last, multiple=True)
                return
            for tag in tags:
                raw.basic_ack(tag)

    def reject_all(self) -> None:
        """Give back everything that is not acknowledged. Raises Disconnected."""
        with as_disconnected():
            self._work.raw.basic_nack(delivery_tag=0, multiple=True, requeue=True)

    async def close(self) -> None:
        """Send what is still to be sent, close, and wait until the broker has heard it."""
        if self._connection is None:
            return
        # pika cannot close what it is still opening.
        await asyncio.wait(
            [self._opened, self._closed], timeout=5, return_when=asyncio.FIRST_COMPLETED
        )
        if self._closed.done():
            return
        if not self._connection.is_closing:
            self._connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._closed

    def _end(self, reason: object) -> None:
        """The connection is closed, or was never made."""
        settle(self._closed)
        self._calls.lose(reason)
        self._lose(reason)

    def _lose(self, reason: object) -> None:
        """The connection or its channel is gone."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        self.deliveries.clear()
        self._notify()

    def _on_blocked(self, _connection: Any, frame: Any) -> None:  # noqa: ANN401
        self.blocked_by = frame.method.reason
        self._notify()

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:  # noqa: ANN401
        self.blocked_by = None
        self._notify()

    def _on_confirm(self, frame: Any) -> None:  # noqa: ANN401
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = [tag for tag in self._unconfirmed if tag <= method.delivery_tag]
        for tag in tags:
            future = self._unconfirmed.get(tag)
            if future is None or future.done():
                continue
            if method.NAME == "Basic.Ack":
                future.set_result(None)
            else:
                future.set_exception(Unconfirmed("the broker refused the message"))

    def _on_return(self, _channel: Any, method: Any, properties: Any, _body: bytes) -> None:  # noqa: ANN401
        """A return precedes its confirm, which then finds the future done."""
        future = self._unconfirmed.get(tag_of(properties))
        if future is not None and not future.done():
            future.set_exception(Returned(f"{method.reply_code} {method.reply_text}"))

    def _on_delivery(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401
        receipt = Receipt(self, method.delivery_tag)
        self._unacknowledged[method.delivery_tag] = None
        self.deliveries.append(Delivery(message_of(properties, body), receipt, method.redelivered))
        self._notify()
