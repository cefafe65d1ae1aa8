"""Uploaded files: in memory while they are small, on disk beyond that, gone with the request."""

import asyncio
import io
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from contract.bodies.limits import HELD_BYTES
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
        self._held: list[bytes] = []
        self._on_disk = 0
        self._file: int | None = None
        self._closed = False

    def __enter__(self) -> Self:
        """The spool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget it."""
        self.close()

    def append(self, data: bytes) -> None:
        """Add to the end."""
        self._held.append(data)
        self.size += len(data)

    async def settle(self) -> None:
        """Write to disk what is too much for memory, in a thread.

        Raises:
            ServiceUnavailable: The disk is full.
        """
        if self.size - self._on_disk > HELD_BYTES:
            await self._write()

    async def finish(self) -> None:
        """Make all of it readable; nothing is added after that. Raises as `settle` does."""
        if self._file is None:
            self._held = [b"".join(self._held)]
        else:
            await self._write()

    def read(self, start: int, size: int) -> bytes:
        """A part of it, once it is finished."""
        if self._closed:
            raise ValueError("the request of this file has ended")
        if self._file is not None:
            return os.pread(self._file, size, start)
        return self._held[0][start : start + size]

    def close(self) -> None:
        """Forget it. Calling it twice is no harm."""
        self._closed = True
        self._held.clear()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def _write(self) -> None:
        data, self._held = b"".join(self._held), []
        self._on_disk = self.size
        writing = asyncio.get_running_loop().run_in_executor(None, self._write_now, data)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:  # the thread must be done with the file before it is closed
            await asyncio.wait([writing])
            raise
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
