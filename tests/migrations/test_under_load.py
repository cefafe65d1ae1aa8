"""Five changes of what is stored, one after the other, while two versions answer clients.

The number of orders is TEST_MIGRATED_ORDERS; docs/migrations.md shows what came of it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from bson import Int64
from pymongo import MongoClient

from local.ports import Ports
from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking
from storage.evolution.layers import Phase
from storage.system_fields import CONTACT_VERSION, SYSTEM, name_of
from tests.examples import ADDRESS, ITEM
from tests.migrations.load import STATUSES, Client, Target, as_answered, plain
from tests.migrations.versions import CHANGES, copies
from tests.waiting import until

ORDERS = int(os.environ.get("TEST_MIGRATED_ORDERS", "10000"))
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_COMMAND = [
    *(sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py"),
    "processes.service:create('order-service')",
]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass
class System:
    """MongoDB, and versions of the order service that use it."""

    stack: Stack
    mongo: MongoSettings
    root: MongoClient[Json]
    running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def begin_set_up(self, folder: Path, *options: str) -> "subprocess.Popen[str]":
        """Begin a version's set-up."""
        return subprocess.Popen(
            [sys.executable, "-m", "aware", "setup", "mongodb", *options],
            cwd=folder,
            env=self.stack.environment("mongodb-setup") | {"PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def set_up(self, folder: Path, *options: str) -> str:
        """Run a version's set-up; what it wrote."""
        begun = self.begin_set_up(folder, *options)
        written, _ = begun.communicate()
        assert begun.returncode == 0, written
        return written

    def start(self, folder: Path, number: int) -> Target:
        """Start a version's order service."""
        port = Ports.free()["order-service"]
        env = self.stack.environment("order-service") | {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(folder),
            "BIND": f"127.0.0.1:{port}",
            "VALIDATE_RESPONSES": "true",
        }
        with (folder / "service.log").open("wb") as log:
            self.running[number] = subprocess.Popen(
                _COMMAND, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
            )
        target = Target(f"http://127.0.0.1:{port}", number)
        until(lambda: _is_ready(target), f"version {number} is ready")
        return target

    def stop(self, number: int) -> None:
        """End it as a deployment does."""
        process = self.running.pop(number)
        process.terminate()
        assert process.wait(60) == 0


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """MongoDB alone; what a test starts ends with it."""
    stack = Stack(tmp_path / "state", Ports.free(), 50, ("mongodb",))
    stack.start()
    env = stack.environment("mongodb-setup")
    mongo = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    try:
        with connect_blocking(mongo, timed=False) as root:
            made = System(stack, mongo, root)
            yield made
    finally:
        for each in made.running.values():
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()
        stack.stop()


def seeds() -> Iterator[Json]:
    """Orders as the first version stores them."""
    chance = random.Random(7)
    for number in range(ORDERS):
        order: Json = {
            "_id": f"s{number:06}",
            "orderId": f"s{number:06}",
            "items": [ITEM],
            "userEmails": ["a@example.com"],
            "deliveryAddress": {**ADDRESS, "street": f"{number} Street"},
            "orderStatus": chance.choice(STATUSES),
            SYSTEM: {name_of(CONTACT_VERSION): Int64(0)},
            "createdAt": _EPOCH + timedelta(seconds=number),
            "updatedAt": _EPOCH + timedelta(seconds=number),
        }
        for name, value in (("channel", "shop"), ("giftNote", "x"), ("reference", "ab-1")):
            if chance.random() < 0.5:
                order[name] = value
        yield order


def test_five_changes_under_load(system: System, tmp_path: Path) -> None:
    """No request fails, nothing is lost, and each set-up may be killed in the middle."""
    versions = copies(tmp_path / "versions")
    folder = next(versions)
    system.set_up(folder, "--alone")
    collection = system.root[system.mongo.orders]["orders"]
    seeded = [*seeds()]
    for begin in range(0, ORDERS, 5000):
        collection.insert_many(map(dict, seeded[begin : begin + 5000]))
    targets = [system.start(folder, 0)]
    own = [{each["_id"]: each for each in seeded[number::20]} for number in range(2)]
    clients = [Client(number, orders, targets) for number, orders in enumerate(own)]
    for client in clients:
        client.start()
    for number, (change, new) in enumerate(zip(CHANGES, versions, strict=True), 1):
        began = time.monotonic()
        _replace(system, new, number, change.name, targets)
        asked = sum(sum(each.counts.values()) for each in clients)
        failed = [failure for each in clients for failure in each.failures]
        took = time.monotonic() - began
        print(f"{change.name:18} {took:5.1f} s, {asked:,} requests so far, {len(failed)} failed")  # noqa: T201
        assert not failed, failed[:5]
    for client in clients:
        client.finish()
    assert not [failure for each in clients for failure in each.failures]
    written = {id_: order for each in clients for id_, order in each.orders.items()}
    _look_at_all(system, {each["_id"]: each for each in seeded} | written, targets[0])


def _replace(system: System, folder: Path, number: int, name: str, targets: list[Target]) -> None:
    """Bring a version in beside the one before, end that, and let the old shape go."""
    said = system.set_up(folder)
    assert f"Pending: {number:04}_{name}" in said
    assert "of another version still run" in said
    old, new = targets[0], system.start(folder, number)
    targets.append(new)
    time.sleep(2)
    targets.remove(old)
    old.leave()
    system.stop(number - 1)
    records = system.root[system.mongo.orders]["migrations"]
    begun = {"_id": f"{number:04}_{name}", "phase": Phase.SWITCHING, "position": {"$ne": None}}
    setting_up = system.begin_set_up(folder, "--wait", "60")
    until(lambda: records.find_one(begun), f"{name} is in the middle")
    setting_up.kill()
    assert setting_up.wait() == -signal.SIGKILL
    setting_up.communicate()
    assert records.find_one(begun), "it was killed too late"
    time.sleep(1)
    system.set_up(folder, "--wait", "60")
    assert records.find_one({"_id": begun["_id"]})["phase"] == Phase.DONE  # type: ignore[index]


def _look_at_all(system: System, written: dict[str, Json], target: Target) -> None:
    """Every document is as the last version has it, with what was written last."""
    collection = system.root[system.mongo.orders]["orders"]
    assert collection.count_documents({}) == len(written)
    fields = {"orderStatus", "deliveryAddress", "giftNote"}
    for stored in collection.find({}):
        order = written[stored["_id"]]
        assert not fields & stored.keys()
        assert stored["status"] == order["orderStatus"]
        assert {"street": stored["street"], **stored["place"]} == order["deliveryAddress"]
        assert stored["channel"] == order.get("channel", "web")
        assert stored.get("reference") == plain(order.get("reference"))
    (found,) = system.root[system.mongo.orders].list_collections(filter={"name": "orders"})
    assert "anyOf" not in str(found["options"]["validator"])
    assert "orderStatus" not in str([each["key"] for each in collection.list_indexes()])
    with httpx.Client(timeout=30) as http:
        for id_ in [*written][:: max(1, len(written) // 200)]:
            answered = http.get(f"{target.url}/orders/{id_}").json()
            assert as_answered(answered, target.number) == as_answered(written[id_], target.number)


def _is_ready(target: Target) -> bool:
    try:
        return httpx.get(f"{target.url}/health/ready", timeout=5).is_success
    except httpx.HTTPError:
        return False
