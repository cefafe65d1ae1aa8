"""The set-up: any number of times, each login with no more than it needs."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from local.stack import Stack
from models.fields.order import Order
from models.fields.user import User
from storage.client import Json, MongoSettings, connect_blocking
from storage.system_fields import EMAIL_KEYS
from tests.storage.test_validators import keyed, user


def set_up(databases: Stack, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "aware", "setup", "mongodb", *options],
        env=databases.environment("mongodb-setup") | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_set_up_changes_nothing(databases: Stack, root: MongoClient[Json]) -> None:
    """Documents and indexes stay; nothing is seeded twice, nothing that was changed set back."""
    users = root["aware_users"]["users"]
    users.update_one({"_id": "u3"}, {"$set": {User.firstName: "Clara"}})
    before = [*users.find()], [*users.list_indexes()]
    done = set_up(databases, "--seed")
    assert done.returncode == 0, done.stderr
    assert "Seed: 0 users and 0 orders were missing" in done.stdout
    assert ([*users.find()], [*users.list_indexes()]) == before


def test_passwords_out_of_files_set_up_the_same(databases: Stack, tmp_path: Path) -> None:
    """Its own, and those that it gives: the database lets the login in with what the file holds."""
    changes: dict[str, str] = {}
    for name, value in databases.environment("mongodb-setup").items():
        if name.endswith("_PASSWORD"):
            (tmp_path / name).write_text(f"{value}\n", "utf-8")
            changes |= {name: "", f"{name}_FILE": str(tmp_path / name)}
    assert {"MONGO_PASSWORD", "USER_SERVICE_MONGO_PASSWORD"} <= changes.keys()
    done = set_up(databases, **changes)
    assert done.returncode == 0, done.stderr
    given = databases.environment("user-service-v1")
    login = MongoSettings(given["MONGO_URI"], given["MONGO_USERNAME"], given["MONGO_PASSWORD"])
    with connect_blocking(login) as client:
        assert client["aware_users"]["users"].find_one({"_id": "u1"})


def test_seeding_is_a_choice_and_tells_how_far_it_is(databases: Stack) -> None:
    """The variable does what the option does; without either nothing is seeded."""
    assert "Seed" not in set_up(databases).stdout
    done = set_up(databases, SEED="true")
    assert "Seed: 0 users and 0 orders were missing" in done.stdout
    events = [json.loads(line) for line in done.stderr.splitlines()]
    steps = [each["done"] for each in events if each["event"] == "progress"]
    assert steps == [5, 10, 15, 20]


def test_on_a_terminal_there_is_a_bar(databases: Stack) -> None:
    """It ends at the whole."""
    terminal, process_side = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "aware", "setup", "mongodb", "--seed"],
        env=databases.environment("mongodb-setup") | {"TERM": "xterm", "LOG_FORMAT": "json"},
        stdout=subprocess.DEVNULL,
        stderr=process_side,
        check=False,
    )
    os.close(process_side)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert done.returncode == 0, shown
    assert "100%" in shown


def test_laptop_passwords_do_on_a_laptop(databases: Stack) -> None:
    """Where the gateway is on loopback, or nobody says where it is."""
    for address in ("127.0.0.1", "localhost", ""):
        done = set_up(databases, GATEWAY_ADDRESS=address, UNUSED_PASSWORD="laptop-x")
        assert done.returncode == 0, done.stderr


def test_a_replica_set_that_is_there_is_left_alone(
    databases: Stack, root: MongoClient[Json]
) -> None:
    """`--members` may be said every time."""
    before = root.admin.command("replSetGetConfig")["config"]
    done = set_up(databases, "--members", f"127.0.0.1:{databases.ports.mongodb}")
    assert done.returncode == 0, done.stderr
    assert root.admin.command("replSetGetConfig")["config"] == before


def test_the_seed_is_the_papers(root: MongoClient[Json], databases: Stack) -> None:
    """Users u1 to u5, and 15 orders of theirs with 1 to 3 items."""
    assert databases.is_running()
    users = {each["_id"] for each in root["aware_users"]["users"].find()}
    assert {f"u{n}" for n in range(1, 6)} <= users
    orders = [
        *root["aware_orders"]["orders"].find({"_id": {"$in": [f"o{n}" for n in range(1, 16)]}})
    ]
    assert len(orders) == 15
    assert {each[Order.userId] for each in orders} == {f"u{n}" for n in range(1, 6)}
    assert {len(each["items"]) for each in orders} <= {1, 2, 3}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MONGO_URI": ""}, "MONGO_URI is not set"),
        ({"MONGO_URI": "a:secret@b"}, "MONGO_URI must start with mongodb:// or mongodb+srv://"),
        ({"MONGO_PASSWORD": "wrong"}, "Authentication failed"),
        ({"USER_RELAY_MONGO_PASSWORD": ""}, "USER_RELAY_MONGO_PASSWORD is not set"),
        ({"DATABASE_NAME": "a/b"}, "DATABASE_NAME must be up to 50 letters"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be one of auto, console, json"),
        ({"SEED": "perhaps"}, "SEED must be true or false"),
        (
            {"GATEWAY_ADDRESS": "0.0.0.0", "USER_RELAY_MONGO_PASSWORD": "laptop-relay"},  # noqa: S104
            "USER_RELAY_MONGO_PASSWORD is one of .env.example, which everybody knows",
        ),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    databases: Stack, changes: dict[str, str], reason: str
) -> None:
    """No traceback, no password."""
    done = set_up(databases, **changes)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert reason in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("login", "database", "collection"),
    [
        ("user-service", "aware_orders", "orders"),
        ("order-service", "aware_users", "users"),
        ("user-relay", "aware_orders", "contacts"),
        ("order-consumer", "aware_users", "users"),
        ("backup-reader", "admin", "system.users"),
    ],
)
def test_a_login_reaches_only_its_own_database(
    databases: Stack, mongo: MongoSettings, login: str, database: str, collection: str
) -> None:
    """Reading the other's is refused, and so is dropping its own."""
    parts = {"user-service": "user-service-v1"}
    password = databases.environment(parts.get(login, login))["MONGO_PASSWORD"]
    with connect_blocking(MongoSettings(mongo.uri, login, password)) as client:
        with pytest.raises(OperationFailure, match="not authorized"):
            client[database][collection].find_one()
        own = "aware_users" if database == "aware_orders" else "aware_orders"
        with pytest.raises(OperationFailure, match="not authorized"):
            client[own].drop_collection("users" if own == "aware_users" else "orders")


def test_the_set_up_brings_the_keys_of_addresses_up_to_date(
    databases: Stack, root: MongoClient[Json]
) -> None:
    """It is the command that does so."""
    users = root["aware_users"]["users"]
    address = f"{uuid4().hex}@faß.de"
    users.insert_one(user(_id=address, **{User.emails: [address]}, **keyed(address.casefold())))
    try:
        assert set_up(databases).returncode == 0
        assert users.distinct(EMAIL_KEYS, {"_id": address}) == [address]
    finally:
        users.delete_one({"_id": address})
