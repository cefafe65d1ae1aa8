"""RabbitMQ through pika: one connection that comes back by itself, confirms, deliveries.

Everything happens on one event loop, so that heartbeats are kept as long as the loop turns.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pika
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from messaging.broker import (
    Address,
    Blocked,
    Delivery,
    Disconnected,
    HeaderValue,
    Message,
    Returned,
    Unconfirmed,
)
from messaging.clock import Backoff
from messaging.settings import RabbitSettings
from messaging.topology import Queue

Declarations = Mapping[str, Sequence[Queue]]
"""Direct exchanges by name, each with the queues that are bound to it."""

_PERSISTENT = 2
_HEARTBEAT_SECONDS = 20
_PUT_BACK_WITHIN_SECONDS = 5

# A blocked connection is not even read from: a closing of it, or an acknowledgement, would reach
# the broker only afterwards. This drops it, so that what it holds goes to others.
_BLOCKED_AT_MOST_SECONDS = 30


def connection_parameters(settings: RabbitSettings, name: str) -> pika.ConnectionParameters:
    """How to reach RabbitMQ; `name` is what the broker shows of the connection."""
    return pika.ConnectionParameters(
        settings.host,
        settings.port,
        credentials=pika.PlainCredentials(settings.username, settings.password),
        heartbeat=_HEARTBEAT_SECONDS,
        socket_timeout=5,
        stack_timeout=10,
        blocked_connection_timeout=_BLOCKED_AT_MOST_SECONDS,
        connection_attempts=1,  # whoever holds the connection tries again
        client_properties={"connection_name": name},
    )


@dataclass(frozen=True)
class Subscribed:
    """Receive from `queue`, with at most `prefetch` messages unacknowledged.

    Where `exclusive`, nobody else may receive from it meanwhile.
    """

    queue: str
    prefetch: int
    exclusive: bool = False


class AmqpBroker:
    """A `Broker` on RabbitMQ. Use it as an asynchronous context manager.

    Entering returns at once; the connection is made, and made again whenever it is lost, in the
    background. Each time, everything in `declarations` is declared. Leaving closes the
    connection, after everything acknowledged so far has been sent.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        declarations: Declarations,
        subscribed: Subscribed | None = None,
        *,
        confirm_timeout: float = 10,
    ) -> None:
        self._parameters = parameters
        self._declarations = declarations
        self._subscribed = subscribed
        self._confirm_timeout = confirm_timeout
        self._session: _Session | None = None
        self._changed = asyncio.Event()
        self._log = structlog.get_logger()

    async def __aenter__(self) -> Self:
        self._connecting = asyncio.create_task(self._stay_connected())
        self._connecting.add_done_callback(lambda _: self._changed.set())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connecting.cancel()
        with suppress(asyncio.CancelledError):
            await self._connecting

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, with everything declared, that is not blocked."""
        return self._session is not None and self._session.is_open and not self._session.is_blocked

    async def connected(self) -> None:
        """See `Publisher`."""
        while not self.is_connected:
            await self._change()

    async def publish(self, message: Message, to: Address) -> None:
        """See `Publisher`."""
        if self._session is None:
            raise Disconnected("no connection")
        try:
            async with asyncio.timeout(self._confirm_timeout):
                await self._session.publish(message, to)
        except TimeoutError:
            raise Unconfirmed(f"no confirm within {self._confirm_timeout} s") from None
        except Returned:
            # A queue or a binding is gone. The connection is made anew, and everything with it.
            await self.give_back()
            raise

    async def receive(self, most: int) -> Sequence[Delivery]:
        """See `Subscription`."""
        while self._session is None or not self._session.deliveries:
            await self._change()
        waiting = self._session.deliveries
        return [waiting.popleft() for _ in range(min(most, len(waiting)))]

    async def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """See `Subscription`."""
        receipts = [each.receipt for each in deliveries if isinstance(each.receipt, _Receipt)]
        if self._session is not None:
            self._session.acknowledge([r.tag for r in receipts if r.session is self._session])

    async def give_back(self) -> None:
        """See `Subscription`."""
        if self._session is not None:
            await self._session.close()

    def were_waiting_in(self, queue: Queue) -> int:
        """How many messages were ready in a declared queue when the connection was made.

        Raises:
            Disconnected: There is no connection.
        """
        if self._session is None:
            raise Disconnected("no connection")
        return self._session.declared[queue.name]

    async def waiting_in(self, queue: Queue) -> int:
        """How many messages are ready in the queue.

        Raises:
            Disconnected: There is no connection.
        """
        if self._session is None:
            raise Disconnected("no connection")
        return await self._session.count(queue.name)

    async def put_back(self, queue: Queue, count: int) -> None:
        """Receive nothing more, and give back what is held; return when the queue has it again.

        A lost connection gives it back too, but only some time after the loss.

        Args:
            queue: Where it was received from.
            count: How many messages are held.

        Raises:
            Disconnected: The connection was lost.
            TimeoutError: The queue does not have them within 5 s.
        """
        if self._session is None:
            raise Disconnected("no connection")
        await self._session.cancel()
        self._session.reject_all()
        async with asyncio.timeout(_PUT_BACK_WITHIN_SECONDS):
            while await self.waiting_in(queue) < count:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.005)

    async def _change(self) -> None:
        self._changed.clear()
        if not self._connecting.done():
            await self._changed.wait()
        if self._connecting.done():
            await self._connecting  # an error that nobody foresaw must end the process

    async def _stay_connected(self) -> None:
        backoff = Backoff(first=0.1, most=2)
        while True:
            session = _Session(self._parameters, self._changed.set)
            try:
                await session.open(self._declarations)
                if self._subscribed is not None:
                    await session.consume(self._subscribed)
                self._session = session
                self._changed.set()
                self._log.info("broker_connected", version=session.version)
                backoff.reset()
                reason = await session.lost
                self._log.warning("broker_connection_lost", reason=reason)
            except Disconnected as error:
                self._log.warning("broker_unreachable", reason=error)
            finally:
                self._session = None
                await session.close()
            await asyncio.sleep(backoff.pause())


@dataclass(frozen=True)
class _Receipt:
    session: "_Session"
    tag: int


class _Session:
    """One connection with one channel, from its opening to its loss."""

    def __init__(self, parameters: pika.ConnectionParameters, notify: Callable[[], None]) -> None:
        self._parameters = parameters
        self._notify = notify
        self._log = structlog.get_logger()
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self.channel: Any = None
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._published = 0
        self._unconfirmed: dict[int, asyncio.Future[None]] = {}
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self.deliveries: deque[Delivery] = deque()
        self._unacknowledged: dict[int, None] = {}
        self.declared: dict[str, int] = {}
        self._consumer_tag = ""
        self.is_blocked = False

    @property
    def is_open(self) -> bool:
        return self.channel is not None and not self.lost.done()

    @property
    def version(self) -> str:
        """The broker's version."""
        return str(self._connection.server_properties["version"])

    async def open(self, declarations: Declarations) -> None:
        """Connect, open a channel that confirms, declare. Raises Disconnected."""
        opened = self._future()
        self._connection = AsyncioConnection(
            self._parameters,
            on_open_callback=lambda _: _settle(opened),
            on_open_error_callback=lambda _, error: self._end(error),
            on_close_callback=lambda _, error: self._end(error),
            custom_ioloop=self._loop,
        )
        self._connection.add_on_connection_blocked_callback(self._on_blocked)
        self._connection.add_on_connection_unblocked_callback(self._on_unblocked)
        await self._answer(opened)
        self.channel = await self._call(self._connection.channel, "on_open_callback")
        self.channel.add_on_close_callback(lambda _, error: self._lose(_reason(error)))
        self.channel.add_on_return_callback(self._on_return)
        await self._call(self.channel.confirm_delivery, ack_nack_callback=self._on_confirm)
        for exchange in declarations:
            await self._call(
                self.channel.exchange_declare,
                exchange=exchange,
                exchange_type="direct",
                durable=True,
            )
        for queues in declarations.values():
            for queue in queues:
                await self._declare(queue)

    async def _declare(self, queue: Queue) -> None:
        answer = await self._call(
            self.channel.queue_declare,
            queue=queue.name,
            durable=True,
            arguments=queue.arguments(self.version),
        )
        self.declared[queue.name] = answer.method.message_count
        await self._call(
            self.channel.queue_bind,
            queue=queue.name,
            exchange=queue.address.exchange,
            routing_key=queue.address.routing_key,
        )

    async def consume(self, subscribed: Subscribed) -> None:
        self.channel.add_on_cancel_callback(lambda _: self._lose("the broker ended the receiving"))
        await self._call(self.channel.basic_qos, prefetch_count=subscribed.prefetch)
        answer = await self._call(
            self.channel.basic_consume,
            queue=subscribed.queue,
            on_message_callback=self._on_delivery,
            exclusive=subscribed.exclusive,
        )

        self._consumer_tag = answer.method.consumer_tag

    async def cancel(self) -> None:
        await self._call(self.channel.basic_cancel, consumer_tag=self._consumer_tag)

    async def count(self, queue: str) -> int:
        answer = await self._call(self.channel.queue_declare, queue=queue, passive=True)
        return int(answer.method.message_count)

    async def publish(self, message: Message, to: Address) -> None:
        if not self.is_open:
            raise Disconnected("no connection")
        if self.is_blocked:
            raise Blocked("the broker is short of memory or disk")
        confirmed = self._future()
        tag = self._published + 1
        with _as_disconnected():
            self.channel.basic_publish(
                to.exchange, to.routing_key, message.body, _properties(message, tag), mandatory=True
            )
        self._published = tag
        self._unconfirmed[tag] = confirmed
        try:
            await self._answer(confirmed)
        finally:
            self._unconfirmed.pop(tag, None)

    def acknowledge(self, tags: Sequence[int]) -> None:
        """Acknowledge, in one frame where nothing older is left unacknowledged."""
        if not tags or not self.is_open:
            return
        for tag in tags:
            self._unacknowledged.pop(tag, None)
        last = max(tags)
        with suppress(AMQPError):  # the connection is closing: all that comes again
            if next(iter(self._unacknowledged), last) >= last:
                self.channel.basic_ack(last, multiple=True)
                return
            for tag in tags:
                self.channel.basic_ack(tag)

    def reject_all(self) -> None:
        """Give back everything that is not acknowledged."""
        with _as_disconnected():
            self.channel.basic_nack(delivery_tag=0, multiple=True, requeue=True)

    async def close(self) -> None:
        """Send what is still to be sent, close, and wait until the broker has heard it."""
        if self._connection is None or self._closed.done():
            return
        if not self._connection.is_closing:
            self._connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._closed

    async def _call(
        self,
        method: Callable[..., Any],
        callback: str = "callback",
        **arguments: Any,  # noqa: ANN401 - pika's
    ) -> Any:  # noqa: ANN401
        answer = self._future()
        with _as_disconnected():
            method(**arguments, **{callback: lambda frame: _settle(answer, frame)})
        return await self._answer(answer)

    def _future(self) -> asyncio.Future[Any]:
        if self.lost.done():
            raise Disconnected(self.lost.result())
        return self._loop.create_future()

    async def _answer(self, future: asyncio.Future[Any]) -> Any:  # noqa: ANN401
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def _end(self, error: object) -> None:
        """The connection is closed, or was never made."""
        _settle(self._closed)
        self._lose(_reason(error))

    def _lose(self, reason: str) -> None:
        """The connection or its channel is gone: fail everything that waits for an answer."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        self.deliveries.clear()
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(Disconnected(reason))
        self._notify()

    def _on_blocked(self, _connection: Any, frame: Any) -> None:  # noqa: ANN401
        self.is_blocked = True
        self._log.warning("broker_blocked", reason=frame.method.reason)

    def _on_unblocked(self, _connection: Any, _frame: Any) -> None:  # noqa: ANN401
        self.is_blocked = False
        self._log.info("broker_unblocked")
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
        future = self._unconfirmed.get(int(properties.correlation_id))
        if future is not None and not future.done():
            future.set_exception(Returned(f"{method.reply_code} {method.reply_text}"))

    def _on_delivery(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401
        receipt = _Receipt(self, method.delivery_tag)
        self._unacknowledged[method.delivery_tag] = None
        self.deliveries.append(Delivery(_message(properties, body), receipt, method.redelivered))
        self._notify()


@contextmanager
def _as_disconnected() -> Iterator[None]:
    """What pika says of a connection that is closing, or gone, as one error of ours."""
    try:
        yield
    except AMQPError as error:
        raise Disconnected(_reason(error)) from error


def _settle(future: asyncio.Future[Any], result: object = None) -> None:
    if not future.done():
        future.set_result(result)


def _reason(error: object) -> str:
    return str(error) or repr(error)


def _properties(message: Message, tag: int) -> pika.BasicProperties:
    return pika.BasicProperties(
        correlation_id=str(tag),  # tells which message was returned
        message_id=message.message_id,
        type=message.type,
        content_type=message.content_type,
        delivery_mode=_PERSISTENT,
        timestamp=message.timestamp,
        app_id=message.app_id,
        headers=dict(message.headers),
    )


def _message(properties: pika.BasicProperties, body: bytes) -> Message:
    return Message(
        body=body,
        message_id=properties.message_id or "",
        type=properties.type or "",
        content_type=properties.content_type or "",
        timestamp=properties.timestamp,
        app_id=properties.app_id or "",
        headers=_headers(properties.headers or {}),
    )


def _headers(table: Mapping[str, object]) -> dict[str, HeaderValue]:
    """Ours, without what the broker or anybody else adds."""
    return {
        name: value
        for name, value in table.items()
        if isinstance(value, str | int) and not name.startswith("x-")
    }
