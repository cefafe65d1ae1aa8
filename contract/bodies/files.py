"""Uploaded files: in memory while they are small, on disk beyond that, gone with the request."""

import asyncio
import io
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from contract.bodies.body_limits import HELD_BYTES
from contract.errors import ServiceUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 8192


class Spool:
    """The files of one request, one behind the other.

    What does not fit into memory is in one temporary file without a name: whatever happens to the
    process, nothing of it is left. `TMPDIR` says where. Used by one task at a time.
    """

    def __init__(self) -> None:
        self.size = 0
        self._held: list[bytes | memoryview] = []
        self._begun = 0  # to be written
        self._writing: asyncio.Future[None] | None = None
        self._file: int | None = None
        self._closed = False

    def __enter__(self) -> Self:
        """The spool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget it."""
        self.close()

    def append(self, data: bytes | memoryview) -> None:
        """Add to the end."""
        self._held.append(data)
        self.size += len(data)

    async def settle(self) -> None:
        """Begin to write to disk what is too much for memory; more may come in meanwhile.

        Raises:
            ServiceUnavailable: The disk is full.
        """
        if self.size - self._begun > HELD_BYTES:
            await self._written()
            self._write()

    async def finish(self) -> None:
        """Make all of it readable; nothing is added after that. Raises as `settle` does."""
        if self._writing is None:
            self._held = [b"".join(self._held)]
            return
        await self._written()
        self._write()
        await self._written()

    def read(self, start: int, size: int) -> bytes:
        """A part of it, once it is finished."""
        if self._closed:
            raise ValueError("the request of this file has ended")
        if self._file is not None:
            return os.pread(self._file, size, start)
        return bytes(self._held[0][start : start + size])

    def close(self) -> None:
        """Forget it, as soon as nothing is being written. Calling it twice is no harm."""
        if self._closed:
            return
        self._closed = True
        self._held.clear()
        if self._writing is not None:
            self._writing.add_done_callback(self._close_file)

    def _close_file(self, written: "asyncio.Future[None]") -> None:
        written.exception()  # somebody was told, or is gone
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self) -> None:
        """Begin to write what is held, in a thread."""
        data, self._held = b"".join(self._held), []
        self._begun = self.size
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(None, self._write_now, data)

    async def _written(self) -> None:
        if self._writing is None:
            return
        try:
            await asyncio.shield(self._writing)
        except OSError as error:
            raise ServiceUnavailable(
                "There is no room for the upload now.", (), {"Retry-After": "60"}
            ) from error

    def _write_now(self, data: bytes) -> None:
        if self._file is None:
            with tempfile.TemporaryFile(buffering=0) as file:
                self._file = os.dup(file.fileno())
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]


NO_FILES = Spool()
"""What bodies are given that have none."""


class _Slice(io.RawIOBase):
    """One file of a spool."""

    def __init__(self, spool: Spool, start: int, size: int) -> None:
        self._spool, self._start, self._size, self._at = spool, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        left = max(0, self._size - self._at)
        data = self._spool.read(self._start + self._at, min(len(view), left))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a file begins at 0")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at


class UploadedFile(io.BufferedReader):
    """A file that a client sent: a binary file object, open for reading until the answer is sent.

    Attributes:
        filename: As the client calls it, without folders; None where it gave no name.
        content_type: Its media type in lower case, without parameters; None where it said none.
        size: In bytes.
        headers: Of its part of the form, by name in lower case; empty where it is the whole body.
    """

    def __init__(
        self,
        spool: Spool,
        start: int,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take what is in `spool` from `start` to its end."""
        self.size = spool.size - start
        super().__init__(_Slice(spool, start, self.size), max(1, min(_BUFFER, self.size)))
        self.filename = filename
        self.content_type = content_type
        self.headers = dict(headers or {})
