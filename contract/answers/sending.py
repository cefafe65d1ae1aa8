"""Bodies, streams and files, sent until they end or the client is gone."""

import asyncio
import stat
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import suppress
from os import SEEK_END, stat_result
from pathlib import Path
from typing import Any, BinaryIO

from anyio import to_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from contract.answers.headers import Raw
from contract.answers.ranges import with_plain_range
from contract.answers.returned import File, InvalidAnswerError, Stream

_CHUNK_BYTES = 64 * 1024


def start_of(status: int, headers: list[Raw]) -> Message:
    """The message with which an answer begins."""
    return {"type": "http.response.start", "status": status, "headers": headers}


async def send_file(start: Message, file: File, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a file, or the part of it that was asked for.

    Raises:
        RangeNotSatisfiable: That part is beyond its end.
        InvalidAnswerError: It is no file.
        OSError: It cannot be read.
    """
    headers = start["headers"]
    if not isinstance(file.source, Path):
        length = await to_thread.run_sync(_bytes_left, file.source)
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        if file.filename is not None:
            named = FileResponse("", filename=file.filename).headers["content-disposition"]
            headers.append((b"content-disposition", named.encode("latin-1")))
        await send_stream(start, _chunks(file.source), scope, receive, send)
        return
    found = await to_thread.run_sync(_regular, file.source)
    # Which may be there twice, while the mapping that the library takes knows each name once.
    cookies = [each for each in headers if each[0] == b"set-cookie"]
    others = [each for each in headers if each not in cookies]
    given = {name.decode("latin-1"): value.decode("latin-1") for name, value in others}
    response = FileResponse(
        file.source, start["status"], given, filename=file.filename, stat_result=found
    )
    response.raw_headers.extend(cookies)
    validators = response.headers["etag"], response.headers["last-modified"]
    scope = with_plain_range(scope, found.st_size, validators)
    await _while_connected(response, scope, receive, send)


def _regular(path: Path) -> stat_result:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise InvalidAnswerError(f"a handler answered a file, and {path.name} is none")
    return found


def _bytes_left(file: BinaryIO) -> int | None:
    """How much there is to read; None where the file cannot say."""
    if not file.seekable():
        return None
    here = file.tell()
    length = file.seek(0, SEEK_END) - here
    file.seek(here)
    return length


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


async def send_stream(
    start: Message,
    stream: Stream,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    charset: str = "utf-8",
) -> None:
    """Send the parts of a stream as they come, text in a charset, and close it.

    Whatever it raises before its first part is raised before anything is sent.
    """
    if scope["method"] == "HEAD":
        await _close(stream)
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return

    async def pump(_scope: Scope, _receive: Receive, send: Send) -> None:
        parts = _parts(stream)
        try:
            first = _part(await anext(parts, b""), charset)
            await send(start)
            await send(first)
            async for each in parts:
                await send(_part(each, charset))
                await asyncio.sleep(0)  # or a stream that never waits lets nobody else in
            await send({"type": "http.response.body", "body": b""})
        finally:
            await _close(parts)
            await _close(stream)

    await _while_connected(pump, scope, receive, send)


def _parts(stream: Stream) -> AsyncIterator[bytes | str]:
    if isinstance(stream, AsyncIterable):
        return aiter(stream)
    return aiter(iterate_in_threadpool(stream))


def _part(part: object, charset: str) -> Message:
    if isinstance(part, str):
        part = part.encode(charset)
    if not isinstance(part, bytes | bytearray | memoryview):
        name = type(part).__name__
        raise InvalidAnswerError(f"a stream has a part of type {name}: yield bytes or text")
    return {"type": "http.response.body", "body": bytes(part), "more_body": True}


async def _close(stream: object) -> None:
    if hasattr(stream, "aclose"):
        await stream.aclose()
    elif hasattr(stream, "close"):
        await to_thread.run_sync(stream.close)


async def _while_connected(app: Any, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ANN401
    """Call an application; stop it where its client goes away."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    sending = asyncio.ensure_future(app(scope, receive, send))
    watching = asyncio.ensure_future(gone())
    try:
        await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (sending, watching):
            if not each.done():
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each
    if not sending.cancelled():
        sending.result()
