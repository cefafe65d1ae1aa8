"""What a backup consists of, and what it says of itself."""

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Self
from zipfile import BadZipFile

from pymongo.collection import Collection

from storage.client import Json

FORMAT = 1
"""Counts up when a file can no longer be read by what read the ones before."""

MANIFEST = "backup.json"
SUFFIX = ".zip"
"""What the names of backups end with."""

RECORDS = "/migrations.bson"
"""Which migrations the documents have gone through: of none, where a backup does not say."""

DAMAGED = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a file that is no backup may raise."""

_LENGTH = struct.Struct("<i")
_SHORTEST, _LONGEST = 5, 17 * 1024 * 1024

Step = Callable[[int], None]
"""Told of so many documents more that are done."""


class BackupError(Exception):
    """A backup could not be made or brought back; the message says why, and what is there now."""


class BadBackupError(BackupError):
    """A file is no backup, or not a whole one; nothing was changed."""


@dataclass(frozen=True)
class Part:
    """What there must be of one collection: documents, their bytes, and the checksum of these."""

    documents: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    `moment` is when the databases were as it has them, `mongodb` and `specs` are versions of then,
    `parts` are the collections by the name of their member.
    """

    moment: datetime
    mongodb: str
    specs: Mapping[str, str]
    parts: Mapping[str, Part]

    @property
    def documents(self) -> int:
        """How many there are in all."""
        return sum(part.documents for part in self.parts.values())

    def to_json(self) -> str:
        """As the file has it."""
        return json.dumps(
            {"format": FORMAT, **asdict(self), "moment": self.moment.isoformat()}, indent=2
        )

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Raises ValueError, KeyError or TypeError for what is none of this format."""
        read = json.loads(text)
        if read["format"] != FORMAT:
            raise ValueError(f"it has format {read['format']}, and this program reads {FORMAT}")
        parts = {name: Part(**part) for name, part in read["parts"].items()}
        moment = datetime.fromisoformat(read["moment"])
        return cls(moment, read["mongodb"], read["specs"], parts)


Collections = Mapping[str, Collection[Json]]
"""What a backup holds, by the name of its member: `users/users.bson` of the user database."""


def bson_documents(stream: IO[bytes]) -> Iterator[bytes]:
    """The BSON documents that follow one another; each begins with its own length."""
    while head := stream.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        if not _SHORTEST <= length <= _LONGEST:
            raise BadZipFile("what should be a document is none")
        rest = stream.read(length - _LENGTH.size)
        if len(head) + len(rest) < length:
            raise EOFError("it ends within a document")
        yield head + rest
