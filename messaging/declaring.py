"""Declaring at the broker what is to be there, any number of times."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import structlog

from messaging.broker import Disconnected, NotDeclared
from messaging.channel import Channel
from messaging.topology import Binding, Declarations

_Step = tuple[str, dict[str, Any]]
"""A method of pika's channel, and its arguments."""


class Declaring:
    """Makes all that is not there, then removes what is not to be.

    What the broker refuses keeps nothing else from being made, but from being removed. It closes a
    channel: those that are opened here are used for nothing else.
    """

    def __init__(self) -> None:
        self._made: set[str] = set()
        self._log = structlog.get_logger()

    async def __call__(
        self, open_channel: Callable[[], Awaitable[Channel]], wanted: Declarations, version: str
    ) -> dict[str, int]:
        """How full each queue is, by its name.

        Args:
            open_channel: Opens a channel. Raises Disconnected.
            wanted: What is to be there.
            version: The broker's.

        Raises:
            Disconnected: The connection was lost.
            NotDeclared: Something was refused.
        """
        round_ = _Round(open_channel, await open_channel())
        try:
            await self._look_for_queues(round_, wanted)
            refused, messages = await round_.take(_making(wanted, version))
            if not refused:
                refused, _ = await round_.take(_step("unbind", each) for each in wanted.unbound)
        finally:
            round_.channel.close()
        if refused:
            raise NotDeclared("; ".join(map(str, refused))) from refused[0]
        self._made |= messages.keys()
        return messages

    async def _look_for_queues(self, round_: "_Round", wanted: Declarations) -> None:
        """Say which of those are gone that were there: they are made again, but empty."""
        for queue in wanted.queues:
            if queue.name in self._made:
                passively = {"queue": queue.name, "passive": True}
                missing, _ = await round_.take(iter([("queue_declare", passively)]))
                if missing:
                    self._log.warning("queue_was_missing", queue=queue.name, remedy=_EMPTY)


_EMPTY = (
    "It is made again, but what it held is lost: `python -m aware resync` has every change "
    "published anew."
)


class _Round:
    """The channel on which all is declared once; the next one where something was refused."""

    def __init__(self, open_channel: Callable[[], Awaitable[Channel]], channel: Channel) -> None:
        self._open_channel = open_channel
        self.channel = channel

    async def take(self, steps: Iterator[_Step]) -> tuple[list[Disconnected], dict[str, int]]:
        """What was refused, and how full the queues are. Raises Disconnected."""
        refused: list[Disconnected] = []
        messages: dict[str, int] = {}
        for method, arguments in steps:
            try:
                answer = await self.channel.call(getattr(self.channel.raw, method), **arguments)
            except Disconnected as error:
                refused.append(error)
                self.channel = await self._open_channel()
            else:
                if method == "queue_declare":
                    messages[answer.method.queue] = answer.method.message_count
        return refused, messages


def _making(wanted: Declarations, version: str) -> Iterator[_Step]:
    for exchange in wanted.exchanges:
        yield (
            "exchange_declare",
            {
                "exchange": exchange.name,
                "exchange_type": exchange.kind,
                "durable": True,
                "arguments": dict(exchange.arguments),
            },
        )
    for queue in wanted.queues:
        arguments = queue.arguments(version)
        yield "queue_declare", {"queue": queue.name, "durable": True, "arguments": arguments}
    for binding in wanted.bindings:
        yield _step("bind", binding)


def _step(what: str, binding: Binding) -> _Step:
    source, key = binding.source.exchange, binding.source.routing_key
    if binding.to_exchange:
        of = {"destination": binding.destination, "source": source}
        return f"exchange_{what}", {**of, "routing_key": key}
    return f"queue_{what}", {"queue": binding.destination, "exchange": source, "routing_key": key}
