"""`aware forward`: a way into the inner networks, for who operates the system."""

import asyncio
import os
import sys
from contextlib import suppress

import click

_CHUNK = 64 * 1024


@click.command()
@click.argument("host")
@click.argument("port", type=click.IntRange(1, 65535))
def forward(host: str, port: int) -> None:
    """Listen on PORT, and pass on what comes to the same port of HOST.

    Ends with Ctrl-C, and where the terminal that it was started in is gone.
    """
    click.echo(f"Port {port} leads to {host}, until Ctrl-C.")
    with suppress(KeyboardInterrupt):
        asyncio.run(_forward(host, port))


async def _forward(host: str, port: int) -> None:
    connections = set[asyncio.Task[None]]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError as error:
            click.echo(f"{host}:{port} does not answer: {error}", err=True)
            writer.close()
            return
        for each in (_pass_on(reader, back), _pass_on(there, writer)):
            task = asyncio.create_task(each)
            connections.add(task)
            task.add_done_callback(connections.discard)

    # Its container publishes it on the machine's loopback alone.
    server = await asyncio.start_server(accept, "0.0.0.0", port)  # noqa: S104
    try:
        await _end_of_input()
    finally:
        server.close()
        for each in [*connections]:
            each.cancel()


async def _end_of_input() -> None:
    """Return when nobody is there any more who could end this."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), _CHUNK):
            ended.set()

    loop.add_reader(sys.stdin, read)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(sys.stdin)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the end of one direction; the other may go on, for an answer that is under way."""
    with suppress(OSError):  # who has gone wants nothing more
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
        return
    writer.close()
