"""RabbitMQ through pika: a connection that comes back by itself, with all that is declared.

Everything happens on one event loop, so that heartbeats are kept as long as the loop turns.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import cycle
from time import monotonic
from types import TracebackType
from typing import Self

import structlog

from health.problems import Problem, Problems
from messaging.broker import (
    Address,
    BrokerError,
    Delivery,
    Disconnected,
    Message,
    NotDeclared,
    Returned,
)
from messaging.clock import Backoff, SystemClock
from messaging.declaring import Declaring
from messaging.nodes import Nodes
from messaging.problems import CONNECTING, refusal, shortage, untaken
from messaging.session import ConsumeOptions, Receipt, Session
from messaging.topology import Declarations, Queue

_PUT_BACK_WITHIN_SECONDS = 60
_TRIED_AGAIN_WITHIN_SECONDS = 30

_CONNECTION, _DECLARATION, _ROOM, _TAKING = "connection", "declaration", "room", "taking"
"""What may be wrong, of which one does not end another."""

DECLARE_AGAIN_SECONDS = 5.0
"""How often everything is declared anew, so that what somebody removed is back."""


class AmqpBroker:
    """A `Broker` on RabbitMQ. Use it as an asynchronous context manager.

    Entering returns at once; the connection is made, and made again whenever it is lost, in the
    background: to a node by chance first, so that the nodes share the connections, and then to the
    next. Each time, and every few seconds, everything in `declarations` is declared. While
    something of that is refused, nothing is published; receiving goes on. `problems` has whatever
    is in the way. Leaving closes the connection, after all acknowledged so far has been sent.

    A message that no queue takes has everything declared at once, and then `if_returned` too: what
    others declare, and what is only needed while they do not.
    """

    def __init__(
        self,
        nodes: Nodes,
        declarations: Declarations,
        subscribed: ConsumeOptions | None = None,
        *,
        if_returned: Declarations | None = None,
        confirm_timeout: float = 10,
    ) -> None:
        self._nodes = cycle(random.sample(nodes, len(nodes)))
        self._parameters = next(self._nodes)
        self._declarations = declarations
        self._subscribed = subscribed
        self._if_returned = if_returned or Declarations()
        self._confirm_timeout = confirm_timeout
        self._session: Session | None = None
        self._one_declares = asyncio.Lock()
        self._refused: NotDeclared | None = None
        self.problems = Problems("broker")
        self._clock = SystemClock()
        self._repairing: asyncio.Task[None] | None = None
        self._untaken_at = 0.0
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
        session = self._session
        is_open = session is not None and session.is_open and session.blocked_by is None
        return is_open and self._refused is None

    @property
    def problem(self) -> Problem | None:
        """Why nothing can be published, or what was published last is not taken."""
        return self.problems.current or (None if self.is_connected else CONNECTING)

    async def connected(self) -> None:
        """See `Publisher`."""
        while not self.is_connected:
            await self._change()

    async def declare(
        self, declarations: Declarations, subscribed: ConsumeOptions | None = None
    ) -> None:
        """Have this at the broker from now on, and receive from these queues and no others.

        Return when it is so. What a queue delivered that is no more received from stays to be
        acknowledged.

        Raises:
            BrokerError: It is not so yet; it will be as soon as the broker allows.
        """
        self._declarations, self._subscribed = declarations, subscribed
        await self._declare(self._connected_session)
        if self._refused is not None:
            raise self._refused

    async def publish(self, message: Message, to: Address) -> None:
        """See `Publisher`."""
        session = self._connected_session
        if self._refused is not None:
            raise NotDeclared(str(self._refused))
        try:
            await session.publish(message, to, self._confirm_timeout)
        except BrokerError as error:
            if isinstance(error, Returned):
                await self._repair(session)
            problem = untaken(to.exchange, error, self._parameters)
            if problem is not None:
                self.problems.report(problem, _TAKING)
                self._untaken_at = monotonic()
            raise
        self.problems.report(None, _TAKING)

    async def receive(self, most: int) -> Sequence[Delivery]:
        """See `Subscription`."""
        while self._session is None or not self._session.deliveries:
            await self._change()
        waiting = self._session.deliveries
        return [waiting.popleft() for _ in range(min(most, len(waiting)))]

    async def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """See `Subscription`."""
        receipts = [each.receipt for each in deliveries if isinstance(each.receipt, Receipt)]
        if self._session is not None:
            self._session.acknowledge([r.tag for r in receipts if r.session is self._session])

    async def requeue(self) -> None:
        """See `Subscription`. The connection is made anew for it."""
        if self._session is not None:
            await self._session.close()

    def were_waiting_in(self, queue: Queue) -> int:
        """How many messages were ready in a declared queue when the connection was made.

        Raises:
            Disconnected: There is no connection.
        """
        return self._connected_session.declared[queue.name]

    async def waiting_in(self, queue: Queue) -> int:
        """How many messages are ready in the queue.

        Raises:
            Disconnected: There is no connection, or no such queue.
        """
        return await self._connected_session.count(queue.name)

    async def requeue_all(self, queue: Queue, count: int) -> None:
        """Receive nothing more, and give back what is held; return when the queue has it again.

        A lost connection gives it back too, but only some time after the loss.

        Args:
            queue: Where it was received from.
            count: How many messages are held.

        Raises:
            Disconnected: The connection was lost.
            TimeoutError: The queue does not have them within 60 s.
        """
        self._subscribed, session = None, self._connected_session
        async with self._one_declares:
            await session.subscribe(None)
        session.reject_all()
        async with asyncio.timeout(_PUT_BACK_WITHIN_SECONDS):
            while await self.waiting_in(queue) < count:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.005)

    @property
    def _connected_session(self) -> Session:
        if self._session is None:
            raise Disconnected("no connection")
        return self._session

    async def _change(self) -> None:
        self._changed.clear()
        if not self._connecting.done():
            await self._changed.wait()
        if self._connecting.done():
            await self._connecting  # an error that nobody foresaw must end the process

    async def _stay_connected(self) -> None:
        declaring, backoff = Declaring(), Backoff(first=0.1, most=2)
        while True:
            session = Session(self._parameters, declaring, self._look)
            try:
                await session.open()
                declared = None
                while declared is not self._declarations:  # they may change meanwhile
                    declared = self._declarations
                    await self._declare(session)
                self._session = session
                self._log.info("broker_connected", version=session.version)
                self.problems.report(None, _CONNECTION)
                self._look()
                backoff.reset()
                await self._stay_declared(session)
                self._log.info("broker_connection_lost", reason=session.lost.result())
            except Disconnected as error:
                self._log.debug("broker_unreachable", reason=error)
                self.problems.report_alone(refusal(error, self._parameters), _CONNECTION)
            finally:
                self._session = None
                await session.close()
                self._parameters = next(self._nodes)
            await self._clock.pause(backoff)

    def _look(self) -> None:
        """Something has changed: the broker may be short of something, or not any more."""
        reason = None if self._session is None else self._session.blocked_by
        self.problems.report(None if reason is None else shortage(reason), _ROOM)
        self._changed.set()

    async def _stay_declared(self, session: Session) -> None:
        """Declare everything again and again, until the connection is lost."""
        while True:
            await asyncio.wait([session.lost], timeout=DECLARE_AGAIN_SECONDS)
            if session.lost.done():
                return
            if session.blocked_by is None:
                await self._declare(session)
            if monotonic() - self._untaken_at > _TRIED_AGAIN_WITHIN_SECONDS:
                self.problems.report(None, _TAKING)  # others publish it, or nobody

    async def _declare(self, session: Session, also: Declarations | None = None) -> None:
        """Declare everything, and receive. Raises Disconnected."""
        async with self._one_declares:
            refused: NotDeclared | None = None
            for each in (self._declarations, also):
                try:
                    if each is not None:
                        await session.declare(each)
                except NotDeclared as error:
                    refused = error
            self._refused = refused
            problem = None if refused is None else refusal(refused, self._parameters)
            self.problems.report(problem, _DECLARATION)
            await session.subscribe(self._subscribed)
            self._changed.set()

    async def _repair(self, session: Session) -> None:
        """No queue took a message: declare what is to be there, once for all that come now."""

        async def declare() -> None:
            with suppress(BrokerError):
                await self._declare(session, self._if_returned)

        if self._repairing is None or self._repairing.done():
            self._repairing = asyncio.create_task(declare())
        await asyncio.shield(self._repairing)
