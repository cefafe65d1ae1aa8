"""A port of this machine that leads to a port of a container, wherever that is just now."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_CHUNK = 64 * 1024


@asynccontextmanager
async def forwarded(address: Callable[[], str], port: int) -> AsyncIterator[int]:
    """Give a port of 127.0.0.1 that is passed on to `port` at what `address` says each time."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            found = await asyncio.to_thread(address)
            there, back = await asyncio.wait_for(asyncio.open_connection(found, port), 5)
        except OSError:  # TimeoutError is one
            writer.transport.abort()
            return
        for each in (_pass_on(reader, back), _pass_on(there, writer)):
            task = asyncio.create_task(each)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        writer.transport.abort()  # the other side must learn of it as abruptly
    finally:
        with suppress(OSError, RuntimeError):
            writer.close()
