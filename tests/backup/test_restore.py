"""A restore brings back both databases and the step of the orders; a damaged file, nothing."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from pymongo import MongoClient

from aware.backup import collections_of
from messaging.amqp import AmqpBroker
from messaging.broker import Message
from messaging.topology import Topology
from storage.backup.manifest import BadBackupError, Manifest
from storage.backup.restoring import check_backup, open_backup
from storage.client import Json
from storage.evolution.reserve import NAME
from storage.system_fields import BUILD, CONTACT_VERSION, EMAIL_KEYS, SYSTEM, value_of
from tests.backup.conftest import Aware
from tests.messaging.system import System, create_collections, event
from tests.migrations import before_system_fields as before

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FLIPS = 300


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup is."""
    return tmp_path / "backup"


def contents(system: System, client: MongoClient[Json]) -> dict[str, list[Json]]:
    """All documents of both databases."""
    found = collections_of(client, system.mongo)
    return {name: [*each.find(sort=[("_id", 1)])] for name, each in found.items()}


def empty(system: System, client: MongoClient[Json]) -> None:
    """As after a set-up on a new machine."""
    for each in collections_of(client, system.mongo).values():
        each.delete_many({})


async def test_a_backup_of_an_older_release_is_brought_over(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """Whose documents have storage's own fields at the top: no change of it is lost."""
    users, orders = [before.user("u1", 3, pending=True)], [before.order("o1", "u1", 2)]
    before.make(client, system.mongo, users, orders)
    assert (await call("backup", file)).exit_code == 0
    create_collections(system.mongo, anew=True)
    restored = await call("restore", file)
    assert restored.exit_code == 0, restored.output
    (order,) = client[system.mongo.orders]["orders"].find()
    assert order == before.moved(orders[0])
    async with system.relay(), system.consumer():
        await system.in_step("o1", users[0]["emails"])


async def test_a_restored_system_comes_back_into_step(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """With the users' data of then, whatever happened since, and is still under way."""
    users = [await system.new_user() for _ in range(5)]
    orders = {user: await system.new_order(user) for user in users}
    async with system.relay(), system.consumer():
        emails = {user: await system.change(user) for user in users}
        for user in users[1:]:
            await system.in_step(orders[user], emails[user])
    emails[users[0]] = await system.change(users[0])  # not published at the time of the backup
    made = await call("backup", file)
    assert made.output.startswith(f"{file}: 5 users, 5 orders, 5 contacts as of 20")
    async with system.relay(), system.consumer():
        for user in users:
            await system.in_step(orders[user], await system.change(user))
    async with system.broker() as broker:
        await broker.publish(event(users[1], 7), system.topology.updates.address)
        await broker.publish(Message(b"{", "evidence"), system.topology.dead.address)
    empty(system, client)
    done = await call("restore", file)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:] == [
        "Dropped: 1 events that were under way. Kept: 1 dead letters.",
        "Resync: 5 documents will be published anew.",
    ]
    async with system.relay(), system.consumer():
        for user in users:
            await system.in_step(orders[user], emails[user])
        await system.in_step(orders[users[0]], await system.change(users[0]))


async def test_a_restore_brings_back_every_document_as_it_was(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """But for the version that the resync gives to each user."""
    for _ in range(3):
        await system.new_order(await system.new_user())
    before = contents(system, client)
    assert (await call("backup", file)).exit_code == 0
    empty(system, client)
    assert (await call("restore", file)).exit_code == 0
    after = contents(system, client)
    assert after["orders/orders.bson"] == before["orders/orders.bson"]
    assert after["orders/contacts.bson"] == before["orders/contacts.bson"]
    for user, was in zip(after["users/users.bson"], before["users/users.bson"], strict=True):
        assert value_of(user, BUILD) == "resync"
        assert value_of(user, CONTACT_VERSION) > value_of(was, CONTACT_VERSION)
        assert value_of(user, EMAIL_KEYS) == value_of(was, EMAIL_KEYS)
        assert {**user, SYSTEM: None} == {**was, SYSTEM: None}


async def test_databases_that_hold_something_are_left_alone_unless_told(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """Told to replace, it leaves nothing of what was there."""
    user = await system.new_user()
    assert (await call("backup", file)).exit_code == 0
    await system.new_order(await system.new_user())
    before = contents(system, client)
    refused = await call("restore", file)
    assert refused.exit_code == 1
    assert "there are documents in" in refused.stderr
    assert "--replace" in refused.stderr
    assert contents(system, client) == before
    assert (await call("restore", file, "--replace")).exit_code == 0
    after = contents(system, client)
    assert [each["_id"] for each in after["users/users.bson"]] == [user]
    assert after["orders/orders.bson"] == []


async def test_migrations_that_were_applied_since_are_pending_again(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """What is restored is as the documents were then, and the next set-up applies them."""
    records = client[system.mongo.orders]["migrations"]
    records.insert_one({"_id": "0001_before", "phase": 2})
    assert (await call("backup", file)).exit_code == 0
    records.insert_one({"_id": "0002_since", "phase": 2})
    await system.new_user()
    done = await call("restore", file, "--replace")
    assert done.exit_code == 0
    assert "migrations" not in done.stdout
    assert [each["_id"] for each in records.find({"_id": {"$ne": NAME}})] == ["0001_before"]


def damage(file: Path, kind: str) -> None:
    """Break it in one of these ways."""
    whole = file.read_bytes()
    middle = len(whole) // 3
    damaged = {
        "truncated": whole[:-1],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "other": b"not a backup at all",
        "empty": b"",
    }
    file.write_bytes(damaged[kind])


@pytest.mark.parametrize("broken", ["truncated", "flipped", "other", "empty"])
async def test_a_damaged_file_is_refused_before_anything_is_changed(
    system: System, client: MongoClient[Json], call: Aware, file: Path, broken: str
) -> None:
    """In one line that names it, even where it was told to replace what is there."""
    await system.new_order(await system.new_user())
    assert (await call("backup", file)).exit_code == 0
    damage(file, broken)
    before = contents(system, client)
    done = await call("restore", file, "--replace")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {file} is ")
    assert contents(system, client) == before


async def test_no_damage_to_what_it_holds_goes_unnoticed(
    system: System, client: MongoClient[Json], call: Aware, file: Path
) -> None:
    """One bit anywhere: what is read is what was written, or it is refused."""
    for _ in range(5):
        await system.new_order(await system.new_user())
    assert (await call("backup", file)).exit_code == 0
    names = collections_of(client, system.mongo)
    written = check(file, names)
    noticed = 0
    for _ in flip_bits(file, FLIPS):
        try:
            assert check(file, names) == written
        except BadBackupError:
            noticed += 1
    assert noticed > FLIPS / 2


def check(file: Path, names: Iterable[str]) -> Manifest:
    """What a backup says of itself, if that is true."""
    with open_backup(file) as backup:
        return check_backup(backup, names)


def flip_bits(file: Path, times: int) -> Iterator[None]:
    """Each time another one bit of what it was."""
    whole = file.read_bytes()
    chance = random.Random(1)
    for _ in range(times):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        yield


async def test_a_file_of_a_later_format_is_refused(
    call: Aware, file: Path, system: System, client: MongoClient[Json]
) -> None:
    """With the number that this program reads."""
    assert (await call("backup", file)).exit_code == 0
    later = file.with_name("later")
    with ZipFile(file) as archive, ZipFile(later, "w") as changed:
        for name in archive.namelist():
            text = archive.read(name)
            changed.writestr(name, text.replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(BadBackupError, match="format 2, and this program reads 1"):
        check(later, collections_of(client, system.mongo))


async def test_for_the_broker_the_login_of_the_consumer_is_enough(
    system: System, call: Aware, file: Path
) -> None:
    """It may empty its queue; whoever restores need not be the broker's administrator."""
    assert (await call("backup", file)).exit_code == 0
    login = system.stack.environment("order-consumer")
    queue = Topology("user_updates")
    async with AmqpBroker(system.parameters, queue.for_consuming()) as broker:
        await broker.connected()
        await broker.publish(event("someone", 2), queue.updates.address)
    done = await call(
        "restore",
        file,
        RABBITMQ_USER=login["RABBITMQ_USER"],
        RABBITMQ_PASSWORD=login["RABBITMQ_PASSWORD"],
        RABBITMQ_QUEUE_NAME="user_updates",
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Dropped: 1 events" in done.stdout


@pytest.mark.parametrize("absent", [{"RABBITMQ_PORT": "1"}, {"RABBITMQ_HOST": "nobody.invalid"}])
async def test_without_a_broker_nothing_is_changed(
    system: System, client: MongoClient[Json], call: Aware, file: Path, absent: dict[str, str]
) -> None:
    """It is needed at the end, and asked at the beginning."""
    await system.new_user()
    assert (await call("backup", file)).exit_code == 0
    before = contents(system, client)
    done = await call("restore", file, "--replace", **absent)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: RabbitMQ: ")
    assert contents(system, client) == before
