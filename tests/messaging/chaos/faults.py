"""What is done to the system, by name."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from local.parts import event_processes, http_processes
from local.stack import Stack
from tests.messaging.chaos.proxy import Proxy

KILLED = (*http_processes(), *event_processes(), "rabbitmq", "mongodb")
_DELAY_SECONDS = 0.2
_SLOW_FOR_SECONDS = 2.0

Fault = Callable[[], Awaitable[None]]


def faults(stack: Stack, proxies: Mapping[str, Proxy]) -> dict[str, Fault]:
    """Every kind of fault: a kill -9 of each part, a cut and a slow time of each connection."""
    kills = {f"kill -9 {part}": _kill(stack, part) for part in KILLED}
    cuts = {f"cut connections to {name}": _cut(each) for name, each in proxies.items()}
    slow = {f"slow connections to {name}": _slow(each) for name, each in proxies.items()}
    return kills | cuts | slow


def deck(kinds: list[str], count: int, rng: random.Random) -> list[str]:
    """So many faults, at random, but none of a kind again before all kinds have been."""
    drawn: list[str] = []
    while len(drawn) < count:
        rng.shuffle(kinds)
        drawn += kinds
    return drawn[:count]


def _kill(stack: Stack, part: str) -> Fault:
    async def kill() -> None:
        await asyncio.to_thread(stack.wait_healthy, part)
        await asyncio.to_thread(stack.kill, part)

    return kill


def _cut(proxy: Proxy) -> Fault:
    async def cut() -> None:
        proxy.cut()

    return cut


def _slow(proxy: Proxy) -> Fault:
    async def slow() -> None:
        proxy.slow(_DELAY_SECONDS)
        await asyncio.sleep(_SLOW_FOR_SECONDS)
        proxy.slow(0)

    return slow
