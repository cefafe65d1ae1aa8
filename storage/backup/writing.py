"""Writing a backup."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from storage.backup.encryption import Recipients, encrypted
from storage.backup.manifest import (
    MANIFEST,
    BackupError,
    Collections,
    Manifest,
    Part,
    Step,
    bson_documents,
)
from storage.client import Json

_SNAPSHOT_TOO_OLD = 239


def write_backup(
    file: Path,
    client: MongoClient[Json],
    collections: Collections,
    specs: Mapping[str, str],
    step: Step = lambda _: None,
    *,
    recipients: Recipients = (),
) -> Manifest:
    """Write what all collections hold at one moment, and put it in place when it is complete.

    Only its owner may read the file, and where there are `recipients`, none but these what it says.
    Nothing else is written, and services need not stop.

    Raises:
        BackupError: Nothing was left behind.
        PyMongoError: The same, and MongoDB was the reason.
    """
    if file.exists():
        raise BackupError(f"{file} is there already")
    try:
        with _complete(file) as out:
            with (
                encrypted(out, recipients, file.parent) as plain,
                ZipFile(plain, "w", ZIP_DEFLATED) as archive,
            ):
                manifest = _write(archive, client, collections, specs, step)
            # By this the newest is found: an encrypted file says nothing else of its moment.
            out.flush()
            os.utime(out.fileno(), (manifest.moment.timestamp(),) * 2)
            return manifest
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
        count = sum(1 for _ in bson_documents(BytesIO(batch)))
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
