"""A backup is whole and of one moment, or it is not there."""

import asyncio
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest
from bson import decode_all
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from aware.backup import collections_of
from local.stack import Stack
from models.fields.order import Item, Order
from models.fields.user import DeliveryAddress
from storage.backup.manifest import BackupError
from storage.backup.restoring import check_backup, open_backup
from storage.backup.writing import write_backup
from storage.client import Json, MongoSettings, connect_blocking
from tests.backup.conftest import Aware, environment
from tests.examples import ADDRESS
from tests.messaging.system import System
from tests.storage.test_validators import keyed
from tests.waiting import until_async

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ITEM = {Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}


async def test_a_backup_under_load_is_of_one_moment(
    system: System, client: MongoClient[Json], tmp_path: Path
) -> None:
    """Each order is made right after the change that it tells of: none is there without it."""
    user = await system.new_user()
    changes = before = 0
    ended = asyncio.Event()

    async def change_and_order() -> None:
        nonlocal changes
        while not ended.is_set():
            changes += 1
            address = ADDRESS | {"street": str(changes)}
            await system.users.update_contacts(user, {Order.deliveryAddress: address}, {})
            order = {
                Order.userId: user,
                Order.items: [ITEM],
                Order.userEmails: ["client@example.com"],
            }
            stamped = {**order, Order.deliveryAddress: address, Order.orderStatus: "shipping"}
            await system.orders.create(stamped)

    async def much_has_changed() -> bool:
        return changes > before + 50

    def step(_: int) -> None:
        nonlocal before
        before = changes
        waiting = until_async(much_has_changed, "much has changed")
        asyncio.run_coroutine_threadsafe(waiting, loop).result()

    loop = asyncio.get_running_loop()
    load = asyncio.create_task(change_and_order())
    await until_async(much_has_changed, "much has changed")
    file, found = tmp_path / "backup", collections_of(client, system.mongo)
    await asyncio.to_thread(write_backup, file, client, found, {}, step)
    ended.set()
    await load
    (stored,) = documents(file, "users/users.bson")
    changed = int(stored[Order.deliveryAddress][DeliveryAddress.street])
    ordered = [
        int(each[Order.deliveryAddress][DeliveryAddress.street])
        for each in documents(file, "orders/orders.bson")
    ]
    assert sorted(ordered) in ([*range(1, changed)], [*range(1, changed + 1)])
    assert changes > changed + 50


async def test_a_backup_that_takes_too_long_says_so_and_leaves_nothing(
    system: System, client: MongoClient[Json], tmp_path: Path
) -> None:
    """MongoDB forgets the moment before the second collection is read."""
    for _ in range(3):
        await system.new_order(await system.new_user())

    def forget(_: int) -> None:
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
        _until_forgotten(client, system)

    found = collections_of(client, system.mongo)
    try:
        with pytest.raises(BackupError, match="minSnapshotHistoryWindowInSeconds"):
            write_backup(tmp_path / "backup", client, found, {}, forget)
    finally:
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=300)
    assert left_in(tmp_path) == []


def test_the_login_of_backups_may_read_and_nothing_else(databases: Stack, tmp_path: Path) -> None:
    """It makes a backup of the system on this machine; only its owner may read that."""
    variables = databases.environment("backup-reader")
    settings = MongoSettings(
        variables["MONGO_URI"], variables["MONGO_USERNAME"], variables["MONGO_PASSWORD"]
    )
    file = tmp_path / "backup"
    done = aware("backup", file, environment=variables)
    assert done.returncode == 0
    assert re.match(rf"{file}: 5 users, \d+ orders, \d+ contacts as of 20", done.stdout)
    assert done.stderr == ""
    assert file.stat().st_mode & 0o777 == 0o600
    with connect_blocking(settings) as client:
        for collection in collections_of(client, settings).values():
            with pytest.raises(OperationFailure, match="not authorized"):
                collection.delete_many({})


async def test_what_is_there_is_not_written_over(tmp_path: Path, call: Aware) -> None:
    """One line, exit status 1."""
    file = tmp_path / "backup"
    file.write_text("precious")
    done = await call("backup", file)
    assert (done.exit_code, done.stderr) == (1, f"Error: {file} is there already\n")
    assert file.read_text() == "precious"


async def test_a_full_disk_leaves_nothing(
    system: System, client: MongoClient[Json], tmp_path: Path
) -> None:
    """Nor does it leave a traceback."""
    users = client[system.mongo.users]["users"]
    users.insert_many(
        [{"_id": str(n), **keyed(str(n)), "noise": secrets.token_hex(100)} for n in range(2000)],
        bypass_document_validation=True,
    )
    # A limit to the size of files is met in the same call as the end of a disk.
    limited = ("prlimit", "--fsize=50000")
    done = aware("backup", tmp_path / "backup", environment=environment(system), under=limited)
    assert done.returncode == 1
    assert done.stderr == f"Error: {tmp_path / 'backup'}: File too large\n"
    assert left_in(tmp_path) == []


async def test_an_absent_database_is_named(system: System, tmp_path: Path) -> None:
    """In one line; nothing is left."""
    variables = {**environment(system), "MONGO_URI": "mongodb://127.0.0.1:1/"}
    done = aware("backup", tmp_path / "backup", environment=variables)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: MongoDB: 127.0.0.1:1")
    assert left_in(tmp_path) == []


async def test_a_backup_says_what_it_holds(
    system: System, client: MongoClient[Json], tmp_path: Path
) -> None:
    """In a file that standard tools read."""
    user = await system.new_user()
    await system.new_order(user)
    file, found = tmp_path / "backup", collections_of(client, system.mongo)
    written = write_backup(file, client, found, {"user": "1.2.3"})
    with open_backup(file) as backup:
        assert check_backup(backup, found) == written
    counts = {name: part.documents for name, part in written.parts.items()}
    records = {f"{name}/migrations.bson": 0 for name in ("users", "orders")}
    assert counts == {
        "users/users.bson": 1,
        "orders/orders.bson": 1,
        "orders/contacts.bson": 0,
        **records,
    }
    assert written.specs == {"user": "1.2.3"}
    assert documents(file, "users/users.bson") == [*client[system.mongo.users]["users"].find()]


def left_in(folder: Path) -> list[Path]:
    """The files in it, hidden ones included."""
    return [*folder.iterdir()]


def documents(file: Path, member: str) -> list[Json]:
    """The documents of a collection in a backup."""
    with ZipFile(file) as archive:
        return decode_all(archive.read(member))


def aware(
    *arguments: str | Path, environment: Mapping[str, str], under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """What `python -m aware` does as a process, started by the command `under` if there is one."""
    return subprocess.run(
        [*under, sys.executable, "-m", "aware", *map(str, arguments)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def _until_forgotten(client: MongoClient[Json], system: System) -> None:
    """Write until MongoDB no longer has what was there when this began."""
    orders = client[system.mongo.orders]
    then = orders.command("ping")["operationTime"]
    snapshot = {"level": "snapshot", "atClusterTime": then}
    answer: Json = {"ok": 1}
    while answer["ok"]:
        orders["contacts"].delete_one({"_id": "nobody"})
        client[system.mongo.users]["noise"].insert_one({})
        answer = orders.command("find", "orders", limit=1, readConcern=snapshot, check=False)
    assert answer["codeName"] == "SnapshotTooOld"
