"""The bytes of a body as they come in: not too many, and not too slowly."""

import asyncio

from starlette.types import Message, Receive

from contract.bodies.body_limits import WINDOW_BYTES, WINDOW_SECONDS
from contract.errors import PayloadTooLarge, RequestTimeout


class Incoming:
    """A body that is on its way; `size` is how many bytes of it are here."""

    __slots__ = ("_begun", "_in_window", "_left", "_more", "_most", "_receive", "size")

    def __init__(self, receive: Receive, most: int) -> None:
        """Take the bytes from `receive`, `most` of them at most."""
        self._receive, self._most = receive, most
        self.size, self._in_window = 0, 0
        self._begun, self._more = False, True
        self._left: float = WINDOW_SECONDS

    async def chunk(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            PayloadTooLarge: There are too many.
            RequestTimeout: They come too slowly, or the connection ended before the body did.
        """
        chunk = b""
        while self._more and not chunk:
            # The first is mostly there already; gunicorn has a deadline of its own for it.
            chunk = self._taken(await (self._timed() if self._begun else self._receive()))
        return chunk

    async def whole(self) -> bytes:
        """All of it. Raises as `chunk` does."""
        first = self._taken(await self._receive())
        if not self._more:
            return first
        chunks = [first]
        while chunk := await self.chunk():
            chunks.append(chunk)
        return b"".join(chunks)

    def _taken(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise RequestTimeout("The connection ended before the body did.")
        self._begun = True
        self._more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        self.size += len(chunk)
        if self.size > self._most:
            raise PayloadTooLarge(f"A body has at most {self._most} bytes here.")
        return chunk

    async def _timed(self) -> Message:
        """What comes next. Only time spent waiting for the client counts."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(
                f"{WINDOW_BYTES} bytes took longer than {WINDOW_SECONDS} seconds."
            ) from None
        self._left -= loop.time() - began
        self._in_window += len(message.get("body", b""))
        if self._in_window >= WINDOW_BYTES:
            self._left, self._in_window = WINDOW_SECONDS, 0
        return message
