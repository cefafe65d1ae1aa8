"""An encrypted backup is read by those whom it was made for, and by nobody else."""

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest
from pymongo import MongoClient
from pyrage import x25519

from aware.backup import collections_of
from storage.backup.manifest import MANIFEST, Manifest
from storage.backup.newest import newest_backup
from storage.client import Json
from tests.backup.conftest import Aware
from tests.deploy.missing import missing
from tests.messaging.system import System

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@dataclass(frozen=True)
class Key:
    """A public key, and the file of its private one."""

    public: str
    file: Path


def age_key(folder: Path, name: str) -> Key:
    """As `age-keygen` writes it."""
    identity, file = x25519.Identity.generate(), folder / name
    public = str(identity.to_public())
    file.write_text(f"# public key: {public}\n{identity}\n")
    return Key(public, file)


def ssh_key(folder: Path, name: str, passphrase: str = "") -> Key:
    """As `ssh-keygen` writes it."""
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(file)]
    subprocess.run(command, check=True)
    return Key(file.with_suffix(".pub").read_text().strip(), file)


def names(folder: Path) -> list[str]:
    """What is in it."""
    return [each.name for each in folder.iterdir()]


def mode(file: Path) -> int:
    """Who may do what with it."""
    return file.stat().st_mode & 0o777


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup is."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "backup.zip.age"


async def test_any_of_the_keys_opens_it_and_no_other(
    system: System, client: MongoClient[Json], call: Aware, file: Path, tmp_path: Path
) -> None:
    """It is refused in one line otherwise, and nothing is changed."""
    for _ in range(3):
        await system.new_order(await system.new_user())
    orders = collections_of(client, system.mongo)["orders/orders.bson"]
    before = [*orders.find(sort=[("_id", 1)])]
    keys, other = [age_key(tmp_path, "age"), ssh_key(tmp_path, "ssh")], age_key(tmp_path, "other")
    locked = ssh_key(tmp_path, "locked", "a passphrase").file
    made = await call("backup", file, BACKUP_RECIPIENTS=", ".join(each.public for each in keys))
    assert made.exit_code == 0, made.output
    assert names(file.parent) == [file.name]
    assert mode(file) == 0o600
    for arguments, reason in (
        ((), "it is encrypted; --identity names the file of a key that opens it"),
        (("--identity", other.file), f"{other.file} does not open it, or it is damaged"),
        (("--identity", file), f"{file} holds no private key of age or ssh"),
        (("--identity", "/dev/null"), "/dev/null holds no private key of age or ssh"),
        (
            ("--identity", locked),
            f"{locked} holds no private key of age or ssh without a passphrase",
        ),
    ):
        refused = await call("restore", "--replace", file, *arguments)
        assert refused.exit_code == 1
        (line,) = refused.stderr.splitlines()
        assert line.startswith("Error: ")
        assert reason in line
        assert [*orders.find(sort=[("_id", 1)])] == before
    for key in keys:
        orders.delete_many({})
        done = await call("restore", "--replace", file, "--identity", key.file)
        assert done.exit_code == 0, done.output
        assert [*orders.find(sort=[("_id", 1)])] == before


async def test_age_opens_it_without_this_project(
    system: System, call: Aware, file: Path, tmp_path: Path
) -> None:
    """And it is the ZIP archive that it would be otherwise."""
    if shutil.which("age") is None:
        missing("there is no age; run tests/install-tools.sh")
    await system.new_user()
    key = age_key(tmp_path, "key")
    assert (await call("backup", file, BACKUP_RECIPIENTS=key.public)).exit_code == 0
    plain = tmp_path / "backup.zip"
    command = ["age", "--decrypt", "-i", str(key.file), "-o", str(plain), str(file)]
    age = await asyncio.create_subprocess_exec(*command)
    assert await age.wait() == 0
    with ZipFile(plain) as archive:
        assert archive.testzip() is None
        assert "users/users.bson" in archive.namelist()
    newest = newest_backup(file.parent)
    assert newest is not None
    with ZipFile(plain) as archive:
        said = Manifest.from_json(archive.read(MANIFEST))
    assert newest[0] == said.moment


@pytest.mark.parametrize(
    ("name", "recipients", "reason"),
    [
        ("backup.zip", "KEY", "must end with .age: BACKUP_RECIPIENTS is set"),
        ("backup.zip.age", "", "must not end with .age: BACKUP_RECIPIENTS is not set"),
        ("backup.zip.age", "age1nobody", "BACKUP_RECIPIENTS: key 1 is no public key of age"),
        ("backup.zip.age", "KEY, ssh-ed25519 x", "BACKUP_RECIPIENTS: key 2 is no public key"),
        ("backup.zip.age", "SECRET", "BACKUP_RECIPIENTS: key 1 is no public key of age or ssh"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    call: Aware, tmp_path: Path, name: str, recipients: str, reason: str
) -> None:
    """In one line, and nothing is written."""
    key = x25519.Identity.generate()
    given = recipients.replace("KEY", str(key.to_public())).replace("SECRET", str(key))
    refused = await call("backup", tmp_path / name, BACKUP_RECIPIENTS=given)
    assert refused.exit_code == 1
    said = f"{refused.stderr}{refused.exception}"
    assert reason in said
    assert str(key) not in said
    assert names(tmp_path) == []
