"""Declaring at the broker what is to be there, any number of times."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from messaging.broker import Disconnected, NotDeclared
from messaging.channel import Channel
from messaging.topology import Binding, Declarations

_Step = tuple[str, dict[str, Any]]
"""A method of pika's channel, and its arguments."""


async def declare(
    open_channel: Callable[[], Awaitable[Channel]], declarations: Declarations, version: str
) -> dict[str, int]:
    """Make all that is not there, then remove what is not to be; how full each queue is, by name.

    What the broker refuses keeps nothing else from being made, but from being removed. It closes a
    channel: those that are opened here are used for nothing else.

    Args:
        open_channel: Opens a channel. Raises Disconnected.
        declarations: What is to be there.
        version: The broker's.

    Raises:
        Disconnected: The connection was lost.
        NotDeclared: Something was refused.
    """
    refused: list[Disconnected] = []
    messages: dict[str, int] = {}
    channel = await open_channel()

    async def take(steps: Iterator[_Step]) -> None:
        nonlocal channel
        for method, arguments in steps:
            try:
                answer = await channel.call(getattr(channel.raw, method), **arguments)
            except Disconnected as error:
                refused.append(error)
                channel = await open_channel()
            else:
                if method == "queue_declare":
                    messages[answer.method.queue] = answer.method.message_count

    try:
        await take(_made(declarations, version))
        if not refused:
            await take(_step("unbind", each) for each in declarations.unbound)
    finally:
        channel.close()
    if refused:
        raise NotDeclared("; ".join(map(str, refused))) from refused[0]
    return messages


def _made(declarations: Declarations, version: str) -> Iterator[_Step]:
    for exchange in declarations.exchanges:
        yield (
            "exchange_declare",
            {
                "exchange": exchange.name,
                "exchange_type": exchange.kind,
                "durable": True,
                "arguments": dict(exchange.arguments),
            },
        )
    for queue in declarations.queues:
        arguments = queue.arguments(version)
        yield "queue_declare", {"queue": queue.name, "durable": True, "arguments": arguments}
    for binding in declarations.bindings:
        yield _step("bind", binding)


def _step(what: str, binding: Binding) -> _Step:
    source, key = binding.source.exchange, binding.source.routing_key
    if binding.to_exchange:
        of = {"destination": binding.destination, "source": source}
        return f"exchange_{what}", {**of, "routing_key": key}
    return f"queue_{what}", {"queue": binding.destination, "exchange": source, "routing_key": key}
