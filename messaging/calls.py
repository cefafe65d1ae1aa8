"""pika's callbacks as answers that one waits for."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pika.exceptions import AMQPError

from messaging.broker import Disconnected


class Calls:
    """Whatever waits for an answer over a connection, or over a channel of it, until it is lost.

    `lost` is then done, and its result is the reason.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[object] = self._loop.create_future()
        self._waiting: set[asyncio.Future[Any]] = set()

    async def call(
        self,
        method: Callable[..., Any],
        callback: str = "callback",
        **arguments: Any,  # noqa: ANN401 - pika's
    ) -> Any:  # noqa: ANN401
        """Call a method of pika's and wait for its answer. Raises Disconnected."""
        answer = self.future()
        with as_disconnected():
            method(**arguments, **{callback: lambda frame: settle(answer, frame)})
        return await self.answer(answer)

    def future(self) -> asyncio.Future[Any]:
        """Something to wait for. Raises Disconnected."""
        if self.lost.done():
            raise disconnected(self.lost.result())
        return self._loop.create_future()

    async def answer(self, future: asyncio.Future[Any]) -> Any:  # noqa: ANN401
        """Wait for it. Raises Disconnected."""
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def lose(self, reason: object) -> None:
        """It is gone: fail everything that waits for an answer."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(disconnected(reason))


def disconnected(reason: object) -> Disconnected:
    """The error for what pika says; what pika raised is its cause."""
    error = Disconnected(str(reason) or repr(reason))
    error.__cause__ = reason if isinstance(reason, BaseException) else None
    return error


@contextmanager
def as_disconnected() -> Iterator[None]:
    """What pika says of a connection that is closing, or gone, as one error of ours."""
    try:
        yield
    except AMQPError as error:
        raise disconnected(error) from error


def settle(future: asyncio.Future[Any], result: object = None) -> None:
    """Have an answer, unless nobody waits for it any more."""
    if not future.done():
        future.set_result(result)
