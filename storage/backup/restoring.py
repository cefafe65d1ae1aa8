"""Reading a backup: whether it is a good one, and bringing it back."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from storage.backup.encryption import EncryptionError, decrypted
from storage.backup.manifest import (
    DAMAGED,
    MANIFEST,
    RECORDS,
    BackupError,
    BadBackupError,
    Collections,
    Manifest,
    Part,
    Step,
    bson_documents,
)
from storage.client import Json
from storage.redaction import redacted

_AT_ONCE = 1000


@dataclass(frozen=True)
class BackupFile:
    """A backup that is open: the ZIP archive, and the file that it came from."""

    path: Path
    content: IO[bytes]


@contextmanager
def open_backup(file: Path, identities: Path | None = None) -> Iterator[BackupFile]:
    """Open a backup; an encrypted one with the file of an identity.

    Raises:
        BackupError: It cannot be opened.
    """
    with ExitStack() as stack:
        try:
            content = stack.enter_context(file.open("rb"))
            plain = stack.enter_context(decrypted(content, identities))
        except OSError as error:
            raise BadBackupError(f"{file}: {error.strerror or error}") from error
        except EncryptionError as error:
            raise BadBackupError(f"{file}: {error}") from error
        yield BackupFile(file, plain)


def check_backup(backup: BackupFile, names: Iterable[str], step: Step = lambda _: None) -> Manifest:
    """Read all of a backup, and answer what it says of itself if that is true.

    Args:
        backup: It.
        names: The members that it must have.
        step: See `Step`.

    Raises:
        BadBackupError: It is not.
    """
    file = backup.path
    try:
        with ZipFile(backup.content) as archive:
            manifest = Manifest.from_json(archive.read(MANIFEST))
            wanted = {name for name in names if not name.endswith(RECORDS)}
            if not wanted <= set(manifest.parts) <= {*names}:
                raise BadBackupError(
                    f"{file} holds {', '.join(manifest.parts)}: not of this system"
                )
            for name, part in manifest.parts.items():
                if _measure(archive, name, step) != part:
                    raise BadBackupError(f"{file} is damaged: {name} is not what was written")
    except OSError as error:
        raise BadBackupError(f"{file}: {error.strerror or error}") from error
    except (*DAMAGED, ValueError, KeyError, TypeError) as error:
        raise BadBackupError(f"{file} is no backup, or a damaged one: {redacted(error)}") from error
    return manifest


def _measure(archive: ZipFile, name: str, step: Step) -> Part:
    documents, size, digest = 0, 0, sha256()
    with archive.open(name) as member:
        for document in bson_documents(member):
            digest.update(document)
            documents, size = documents + 1, size + len(document)
            step(1)
    return Part(documents, size, digest.hexdigest())


def require_empty(collections: Collections) -> None:
    """Raise BackupError where there is a document in any of them."""
    full = [
        each.full_name
        for name, each in collections.items()
        if not name.endswith(RECORDS) and each.find_one({}, ["_id"])
    ]
    if full:
        raise BackupError(
            f"there are documents in {', '.join(full)}: nothing was changed; "
            "--replace deletes them first"
        )


def restore_backup(
    backup: BackupFile, collections: Collections, *, replace: bool, step: Step = lambda _: None
) -> None:
    """Put every document of a backup that `check_backup` found to be good into its collection.

    Args:
        backup: It.
        collections: Where to, with the login of one who may do everything.
        replace: Whether to delete what is there first.
        step: See `Step`.

    Raises:
        BackupError: A part may be there; `replace` begins anew.
    """
    try:
        with ZipFile(backup.content) as archive:
            members = {*archive.namelist()}
            for name, collection in collections.items():
                if replace or name.endswith(RECORDS):
                    collection.delete_many({})
                if name in members:
                    _fill(collection, archive, name, step)
    except (PyMongoError, OSError) as error:
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
        for document in bson_documents(member):
            batch.append(RawBSONDocument(document))
            if len(batch) == _AT_ONCE:
                insert()
    insert()
