"""What storage keeps for itself moves into `_system`: nothing is lost, and the sync goes on."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import yaml
from bson import Int64
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

from local.stack import Stack
from openapi.reading import load_description
from storage.client import Json, MongoSettings, connect, connect_blocking
from storage.evolution.errors import MigrationError
from storage.setup import set_up
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, OUTBOX, value_of
from storage.users import Users
from tests.apis import both_collections
from tests.messaging.rabbitmq import OfTheMachine
from tests.messaging.system import System, event, new_system
from tests.migrations import before_system_fields as before

SPECS = Path(__file__).parents[2] / "specs"
DOCUMENTS = 1200
"""Three batches."""

_SET_UP = """
import json, os, signal, sys
from pathlib import Path
from storage.client import MongoSettings, connect_blocking
from storage.evolution.records import Records
from storage.setup import set_up
from tests.apis import both_collections

note, noted = Records.move, []

def move(*arguments):
    noted.append(arguments)
    if len(noted) == 2:  # a batch is moved, and that is not noted yet
        os.kill(os.getpid(), signal.SIGKILL)
    note(*arguments)

Records.move = move
settings, specs = MongoSettings(*json.loads(sys.argv[1])), Path(sys.argv[2])
with connect_blocking(settings, timed=False) as client:
    set_up(client, both_collections(settings.users, settings.orders, specs=specs), {}, say=print)
"""


@pytest.fixture
async def system(databases: Stack) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(OfTheMachine(databases)) as made:
        yield made


def killed_again_and_again(own: MongoSettings, specs: Path = SPECS) -> Iterator[str]:
    """Set up until it is done; yields what each one that was killed has said."""
    while True:
        done = subprocess.run(
            [sys.executable, "-u", "-c", _SET_UP, json.dumps(astuple(own)), str(specs)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != -signal.SIGKILL:
            assert done.returncode == 0
            return
        yield done.stdout


def test_documents_are_moved_however_often_the_set_up_is_killed(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """Each is moved as a whole, so that its version and its entry are never apart."""
    numbers = range(DOCUMENTS)
    users = [before.user(f"u{n:04}", n % 7 + 1, pending=n % 7 == 6) for n in numbers]
    orders = [before.order(f"o{n:04}", f"u{n % 50:04}", n % 3) for n in numbers]
    before.make(root, own, users, orders)
    wanted: dict[str, list[Json]] = {"users": users, "orders": orders}
    places = {"users": root[own.users]["users"], "orders": root[own.orders]["orders"]}
    halfway = 0
    for kills, said in enumerate(killed_again_and_again(own)):
        assert "Pending: 0000_system_fields: " in said
        if not kills:
            assert "move emailKeys, contactVersion, outbox into _system (1,200 of 1,200" in said
        for name, documents in wanted.items():
            found = [*places[name].find(sort=[("_id", 1)])]
            assert all(
                one == (before.moved(was) if "_system" in one else was)
                for one, was in zip(found, documents, strict=True)
            )
            halfway += 0 < sum("_system" in each for each in found) < DOCUMENTS
    assert halfway >= 4
    for name, documents in wanted.items():
        assert [*places[name].find(sort=[("_id", 1)])] == [*map(before.moved, documents)]
    for each in both_collections(own.users, own.orders):
        database = root[each.database]
        (found_,) = database.list_collections(filter={"name": each.name})
        assert found_["options"]["validator"] == {"$jsonSchema": each.schema}
        keys = [[*index["key"].items()] for index in database[each.name].list_indexes()]
        wanted_keys = [[*index.document["key"].items()] for index in each.indexes]
        assert sorted(keys) == sorted([[("_id", 1)], *wanted_keys])
    with pytest.raises(DuplicateKeyError):
        root[own.users]["users"].insert_one(
            before.moved({**users[0], "_id": "other", "userId": "other"})
        )


@pytest.mark.anyio
async def test_the_sync_goes_on(system: System, root: MongoClient[Json]) -> None:
    """What was pending is published, what is older does not win, and the next change is next."""
    before.make(
        root,
        system.mongo,
        [before.user("u1", 3, pending=True), before.user("u2", 2)],
        [before.order("o1", "u1", 1), before.order("o2", "u2", 2)],
    )
    set_up(root, both_collections(system.mongo.users, system.mongo.orders), {}, alone=True)
    (backlog,) = await system.outbox.backlog()
    assert (backlog.build, backlog.changes, backlog.oldest) == ("v1", 1, before.MOMENT)
    async with system.broker() as broker, system.relay(), system.consumer():
        await system.in_step("o1", ["V3.u1@example.com"])
        await system.published()
        for older in (event("u1", 2), event("u2", 1)):
            await broker.publish(older, system.topology.updates.address)
        emails = {user: await system.change(user) for user in ("u1", "u2")}
        for user, order in (("u1", "o1"), ("u2", "o2")):
            await system.in_step(order, emails[user])
    versions = [value_of(await system.stored_order(each), CONTACT_VERSION) for each in ("o1", "o2")]
    assert versions == [4, 3]


def test_as_long_as_a_process_is_connected_nothing_is_moved(
    databases: Stack, root: MongoClient[Json], own: MongoSettings
) -> None:
    """It could follow nowhere; it is named, by its login."""
    before.make(root, own, [before.user("u1")], [before.order("o1", "u1")])
    layout = both_collections(own.users, own.orders)
    env = databases.environment("user-relay")
    relay = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    with connect_blocking(relay) as client:
        client[relay.users]["users"].find_one({})
        with pytest.raises(MigrationError, match="user-relay are connected, and 0000_system_f"):
            set_up(root, layout, {}, alone=True)
        assert root[own.users]["users"].find_one() == before.user("u1")
        assert not root[own.users]["migrations"].find_one()
    set_up(root, layout, {})
    assert root[own.users]["users"].find_one() == before.moved(before.user("u1"))


HOSTILE: Json = {
    "_system": {"contactVersion": 2**40, "emailKeys": ["a"]},
    "contactVersion": 2**41,
    "outbox": {"since": 1},
    "emailKeys": [{"outbox": 1}],
    "_id": "x",
}


@pytest.mark.anyio
async def test_what_a_spec_calls_like_them_comes_back_as_it_was(
    root: MongoClient[Json], own: MongoSettings, tmp_path: Path
) -> None:
    """It had another name until now, but for `_system`, which has one from now on."""
    for spec in SPECS.glob("*.yaml"):
        (tmp_path / spec.name).write_text(spec.read_text("utf-8"), "utf-8")
    api: Any = yaml.safe_load((tmp_path / "user.yaml").read_text("utf-8"))
    api["components"]["schemas"]["User"]["additionalProperties"] = True
    (tmp_path / "user.yaml").write_text(yaml.safe_dump(api), "utf-8")
    aside = {f"\ufdd4{name}": HOSTILE[name] for name in HOSTILE if name != "_system"}
    users = [
        {**before.user(f"u{n:04}", 3, pending=True), **aside, "_system": HOSTILE["_system"]}
        for n in range(DOCUMENTS)
    ]
    root[own.users]["users"].insert_many(users)
    assert [*killed_again_and_again(own, tmp_path)][2:]
    async with connect(own) as client:
        stored = Users(client[own.users]["users"], "v1", load_description(tmp_path / "user.yaml"))
        for number in range(0, DOCUMENTS, 100):
            found = await stored.get(f"u{number:04}")
            assert {name: found[name] for name in HOSTILE} == HOSTILE
    for document, was in zip(root[own.users]["users"].find(sort=[("_id", 1)]), users, strict=True):
        assert value_of(document, CONTACT_VERSION) == Int64(3)
        assert value_of(document, EMAIL_KEYS) == was["emailKeys"]
        assert value_of(document, OUTBOX) == was["outbox"]
        assert {name: document[name] for name in ("contactVersion", "outbox", "emailKeys")} == {
            name: HOSTILE[name] for name in ("contactVersion", "outbox", "emailKeys")
        }
