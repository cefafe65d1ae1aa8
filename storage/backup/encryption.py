"""Backups that only the owners of some keys can read, as `age` encrypts (https://age-encryption.org).

A file can be read without this project: `age --decrypt --identity KEY backup.zip.age`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast

import pyrage

ENCRYPTED = ".age"
"""What the names of encrypted files end with."""

_BEGINNING = b"age-encryption.org/v1"


def is_encrypted(content: IO[bytes]) -> bool:
    """Whether that is what is encrypted; it is read from its beginning again afterwards."""
    found = content.read(len(_BEGINNING)) == _BEGINNING
    content.seek(0)
    return found


Recipient = pyrage.x25519.Recipient | pyrage.ssh.Recipient
Recipients = Sequence[Recipient]


class EncryptionError(Exception):
    """A key is none, or not the one; the message says which, and nothing of a secret one."""


def recipients_of(text: str) -> Recipients:
    """Public keys, separated by commas: `age1…`, or `ssh-ed25519 …` as in `authorized_keys`.

    Raises:
        EncryptionError: One of them is none.
    """
    found = []
    for number, key in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        kind = pyrage.ssh if key.startswith("ssh-") else pyrage.x25519
        try:
            found.append(kind.Recipient.from_str(key))
        except pyrage.RecipientError as error:  # it may be a private one, so it is not repeated
            raise EncryptionError(f"key {number} is no public key of age or ssh") from error
    return found


@contextmanager
def encrypted(out: IO[bytes], recipients: Recipients, scratch: Path) -> Iterator[IO[bytes]]:
    """A file in the place of `out`, which gets all of it, encrypted, at the end.

    Where there are no recipients it is `out` itself. Until then it is in the folder `scratch`, and
    has no name there.
    """
    if not recipients:
        yield out
        return
    with TemporaryFile(dir=scratch) as plain:
        yield plain
        plain.seek(0)
        pyrage.encrypt_io(cast("Any", plain), cast("Any", out), recipients)


@contextmanager
def decrypted(content: IO[bytes], identities: Path | None) -> Iterator[IO[bytes]]:
    """The content, decrypted where it is encrypted: into a file without a name, in TMPDIR.

    Raises:
        EncryptionError: It is encrypted, and the identities are not those of a recipient.
        OSError: There is no room for it.
    """
    if not is_encrypted(content):
        yield content
        return
    if identities is None:
        raise EncryptionError("it is encrypted; --identity names the file of a key that opens it")
    keys = _identities(identities)
    with TemporaryFile() as plain:
        try:
            pyrage.decrypt_io(cast("Any", content), cast("Any", plain), keys)
        except pyrage.DecryptError as error:
            raise EncryptionError(f"{identities} does not open it, or it is damaged") from error
        plain.seek(0)
        yield plain


def _identities(file: Path) -> list[pyrage.x25519.Identity | pyrage.ssh.Identity]:
    """What `age-keygen` writes, or a private key of ssh without a passphrase."""
    try:
        text = file.read_text("utf-8")
        if text.startswith("-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = (line.strip() for line in text.splitlines())
        keys = [line for line in lines if line and not line.startswith("#")]
        if keys:
            return [pyrage.x25519.Identity.from_str(each) for each in keys]
    except OSError as error:
        raise EncryptionError(f"{file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, pyrage.IdentityError):
        pass
    raise EncryptionError(f"{file} holds no private key of age or ssh without a passphrase")
