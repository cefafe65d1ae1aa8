"""A TCP proxy that can cut and slow down the connections through it."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from local.ports import HOST

_CHUNK = 64 * 1024


class Proxy:
    """Passes on what comes to `port` to another port, and back. Use it as a context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._connections: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delay = 0.0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break all connections; new ones are accepted."""
        for each in list(self._connections):
            each.transport.abort()

    def slow(self, seconds: float) -> None:
        """From now on hold back everything for so long, each time; 0 is as fast as it can."""
        self._delay = seconds

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        for task in (self._pass_on(reader, back), self._pass_on(there, writer)):
            running = asyncio.create_task(task)
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while chunk := await reader.read(_CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            writer.transport.abort()  # the other side must learn of it as abruptly
        finally:
            self._connections.discard(writer)
            with suppress(OSError, RuntimeError):
                writer.close()
