"""Backups: both databases as they were at one moment, in one file, and back.

The file is a ZIP archive, so that other tools can read it too: each collection is a member of BSON
documents one after the other, as `mongodump` writes them (`users/users.bson`), and `backup.json`
says how many they are, and of when.
"""

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Self, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError

from storage.client import Json
from storage.redaction import redacted

FORMAT = 1
"""Counts up when a file can no longer be read by what read the ones before."""

MANIFEST = "backup.json"
SUFFIX = ".zip"
"""What the names of backups end with."""

_RECORDS = "/migrations.bson"
"""Which migrations the documents have gone through: of none, where a backup does not say."""

_SNAPSHOT_TOO_OLD = 239
_AT_ONCE = 1000
_LENGTH = struct.Struct("<i")
_SHORTEST, _LONGEST = 5, 17 * 1024 * 1024
_DAMAGED = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError)

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


def write_backup(
    file: Path,
    client: MongoClient[Json],
    collections: Collections,
    specs: Mapping[str, str],
    step: Step = lambda _: None,
) -> Manifest:
    """Write what all collections hold at one moment, and put it in place when it is complete.

    Only its owner may read the file. Nothing else is written, and services need not stop.

    Raises:
        BackupError: Nothing was left behind.
        PyMongoError: The same, and MongoDB was the reason.
    """
    if file.exists():
        raise BackupError(f"{file} is there already")
    try:
        with _complete(file) as out, ZipFile(out, "w", ZIP_DEFLATED) as archive:
            return _write(archive, client, collections, specs, step)
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from error
    except OperationFailure as error:
        if error.code == _SNAPSHOT_TOO_OLD:
            raise BackupError(_TOO_SLOW) from error
        raise


_TOO_SLOW = (
    "MongoDB no longer has the moment at which the backup began; let it keep more of its history, "
    "with the parameter minSnapshotHistoryWindowInSeconds (300 by default), or write to a faster "
    "disk"
)


def _write(
    archive: ZipFile,
    client: MongoClient[Json],
    collections: Collections,
    specs: Mapping[str, str],
    step: Step,
) -> Manifest:
    with client.start_session(snapshot=True) as session:
        first = next(iter(collections.values()))
        first.find_one({}, ["_id"], session=session)  # the first read chooses the moment
        time = session.operation_time
        if time is None:
            raise BackupError("MongoDB is no replica set: it has no moments to read at")
        parts = {}
        for name, collection in collections.items():
            with archive.open(name, "w", force_zip64=True) as member:
                parts[name] = _copy(collection, session, member, step)
        manifest = Manifest(time.as_datetime(), str(client.server_info()["version"]), specs, parts)
    archive.writestr(MANIFEST, manifest.to_json())
    return manifest


def _copy(
    collection: Collection[Json], session: ClientSession, member: IO[bytes], step: Step
) -> Part:
    documents, size, digest = 0, 0, sha256()
    # pymongo's types say that these are documents.
    batches = cast("Iterable[bytes]", collection.find_raw_batches({}, session=session))
    for batch in batches:
        member.write(batch)
        digest.update(batch)
        count = sum(1 for _ in _documents(BytesIO(batch)))
        documents, size = documents + count, size + len(batch)
        step(count)
    return Part(documents, size, digest.hexdigest())


@contextmanager
def _complete(file: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when all of it is on the disk, and else not at all."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_backup(file: Path, names: Iterable[str], step: Step = lambda _: None) -> Manifest:
    """Read all of a backup, and answer what it says of itself if that is true.

    Args:
        file: The backup.
        names: The members that it must have.
        step: See `Step`.

    Raises:
        BadBackupError: It is not.
    """
    try:
        with ZipFile(file) as archive:
            manifest = Manifest.from_json(archive.read(MANIFEST))
            wanted = {name for name in names if not name.endswith(_RECORDS)}
            if not wanted <= set(manifest.parts) <= {*names}:
                raise BadBackupError(
                    f"{file} holds {', '.join(manifest.parts)}: not of this system"
                )
            for name, part in manifest.parts.items():
                if _measure(archive, name, step) != part:
                    raise BadBackupError(f"{file} is damaged: {name} is not what was written")
    except OSError as error:
        raise BadBackupError(f"{file}: {error.strerror or error}") from error
    except (*_DAMAGED, ValueError, KeyError, TypeError) as error:
        raise BadBackupError(f"{file} is no backup, or a damaged one: {redacted(error)}") from error
    return manifest


def newest_backup(folder: Path) -> tuple[datetime, int] | None:
    """Of when the newest backup in a folder is, and its bytes; None where there is none.

    Its contents are not checked. What is no backup is passed over.

    Raises:
        OSError: The folder cannot be read.
    """
    found = [_moment_and_size(file) for file in folder.iterdir() if file.suffix == SUFFIX]
    return max(filter(None, found), default=None)


def _moment_and_size(file: Path) -> tuple[datetime, int] | None:
    try:
        with ZipFile(file) as archive:
            return Manifest.from_json(archive.read(MANIFEST)).moment, file.stat().st_size
    except (OSError, *_DAMAGED, ValueError, KeyError, TypeError):
        return None


def _measure(archive: ZipFile, name: str, step: Step) -> Part:
    documents, size, digest = 0, 0, sha256()
    with archive.open(name) as member:
        for document in _documents(member):
            digest.update(document)
            documents, size = documents + 1, size + len(document)
            step(1)
    return Part(documents, size, digest.hexdigest())


def require_empty(collections: Collections) -> None:
    """Raise BackupError where there is a document in any of them."""
    full = [
        each.full_name
        for name, each in collections.items()
        if not name.endswith(_RECORDS) and each.find_one({}, ["_id"])
    ]
    if full:
        raise BackupError(
            f"there are documents in {', '.join(full)}: nothing was changed; "
            "--replace deletes them first"
        )


def restore_backup(
    file: Path, collections: Collections, *, replace: bool, step: Step = lambda _: None
) -> None:
    """Put every document of a backup that `check_backup` found to be good into its collection.

    Args:
        file: The backup.
        collections: Where to, with the login of one who may do everything.
        replace: Whether to delete what is there first.
        step: See `Step`.

    Raises:
        BackupError: A part may be there; `replace` begins anew.
    """
    try:
        with ZipFile(file) as archive:
            members = {*archive.namelist()}
            for name, collection in collections.items():
                if replace or name.endswith(_RECORDS):
                    collection.delete_many({})
                if name in members:
                    _fill(collection, archive, name, step)
    except PyMongoError as error:
        raise BackupError(
            f"only a part is restored; do it again with --replace: {redacted(error)}"
        ) from error


def _fill(collection: Collection[Json], archive: ZipFile, name: str, step: Step) -> None:
    batch: list[RawBSONDocument] = []

    def insert() -> None:
        if batch:
            # What it was is what it must be again, even where the validators are stricter today.
            collection.insert_many(batch, ordered=False, bypass_document_validation=True)
            step(len(batch))
            batch.clear()

    with archive.open(name) as member:
        for document in _documents(member):
            batch.append(RawBSONDocument(document))
            if len(batch) == _AT_ONCE:
                insert()
    insert()


def _documents(stream: IO[bytes]) -> Iterator[bytes]:
    """The BSON documents that follow one another; each begins with its own length."""
    while head := stream.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        if not _SHORTEST <= length <= _LONGEST:
            raise BadZipFile("what should be a document is none")
        rest = stream.read(length - _LENGTH.size)
        if len(head) + len(rest) < length:
            raise EOFError("it ends within a document")
        yield head + rest
