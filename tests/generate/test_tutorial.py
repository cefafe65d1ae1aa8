"""The whole loop, as docs/tutorial.md tells it: from an edited spec to a system that knows it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import WriteError

from local.ports import Ports, names, taken, variable
from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking
from tests.generate.copying import ROOT, copy_repository
from tests.generate.printed import Change, Command, Step, environment, steps

PAGE = ROOT / "docs" / "tutorial.md"
LAST_WHILE_RUNNING = "make sdks"
NOTE = "giftNote"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Followed:
    """A copy in which the tutorial is followed; `left` is what is still to do."""

    copy: Path
    ports: Ports
    left: list[Step]

    def follow(self, last: str | None = None) -> None:
        """Follow it to the end, or up to the command `last`; fails where it goes otherwise."""
        given = {variable(name): str(self.ports[name]) for name in names()}
        while self.left:
            step = self.left.pop(0)
            if isinstance(step, Change):
                difference = step.apply(self.copy)
            else:
                difference = step.run(self.copy, environment(**given))
            assert difference is None, difference
            if isinstance(step, Command) and step.line == last:
                break


@pytest.fixture(scope="module")
def followed() -> Iterator[Followed]:
    """The tutorial, followed up to the point where it stops the system."""
    ports = _ports()
    replaced = {
        f"127.0.0.1:{Ports()[name]}": ports.address(name) for name in ("gateway", "order-service")
    }
    with tempfile.TemporaryDirectory(prefix="tutorial-") as folder:  # a short path, for sockets
        copy = copy_repository(Path(folder))
        tutorial = Followed(copy, ports, steps(PAGE, replaced))
        try:
            tutorial.follow(LAST_WHILE_RUNNING)
            yield tutorial
        finally:
            Stack(copy / ".aware", ports, 70).stop()


def _ports() -> Ports:
    """In CI the ports that the page prints; elsewhere they may be somebody's."""
    standard = Ports()
    in_ci = "CI" in os.environ and not any(taken(standard[name]) for name in names())
    return standard if in_ci else Ports.free()


@pytest.fixture(scope="module")
def orders(followed: Followed) -> Iterator[httpx.Client]:
    """The order service of the copy."""
    with httpx.Client(base_url=followed.ports.url("order-service"), timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def database(followed: Followed) -> Iterator[MongoClient[Json]]:
    """MongoDB of the copy, with its highest login."""
    env = Stack.running(followed.copy / ".aware").environment("mongodb-setup")
    settings = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    with connect_blocking(settings) as client:
        yield client


@pytest.mark.timeout(900)
def test_each_step_of_the_tutorial_goes_as_printed(followed: Followed) -> None:
    """Changes fit; commands write what the page says, `…` aside. What is left is the end."""
    left = [each.line for each in followed.left if isinstance(each, Command)]
    assert [line for line in left if line.startswith("make")] == [
        *("make stop", "make start", "make stop"),
        "make generate",
    ]


@pytest.mark.usefixtures("followed")
def test_the_validator_knows_the_new_field(
    database: MongoClient[Json], orders: httpx.Client
) -> None:
    """The database itself takes a note, and none that is too long."""
    collection = database["aware_orders"]["orders"]
    found: Any = collection.find_one({NOTE: {"$exists": True}})
    assert orders.get(f"/orders/{found['_id']}").json()[NOTE] == found[NOTE]
    with pytest.raises(WriteError, match="Document failed validation"):
        collection.update_one({"_id": found["_id"]}, {"$set": {NOTE: "x" * 201}})


def test_pages_and_descriptions_know_both(followed: Followed, orders: httpx.Client) -> None:
    """What is served, what is published, what Insomnia imports, and the JSON schema."""
    described = orders.get("/openapi.json").json()
    assert "delete" in described["paths"]["/orders/{id}"]
    assert NOTE in described["components"]["schemas"]["NewOrder"]["properties"]
    page = (followed.copy / "build" / "pages" / "order.html").read_text("utf-8")
    assert "delete_order" in page
    assert NOTE in page
    insomnia = json.loads((followed.copy / "docs" / "insomnia.json").read_text("utf-8"))
    assert "req_order_delete_order" in {each["_id"] for each in insomnia["resources"]}
    schema = json.loads((followed.copy / "schemas" / "order_schema.json").read_text("utf-8"))
    assert schema["properties"][NOTE]["maxLength"] == 200


def test_the_client_packages_know_both(followed: Followed) -> None:
    """With the names that a person of each language would choose."""
    sdks = followed.copy / "build" / "sdks"
    python = "".join(each.read_text("utf-8") for each in sdks.glob("python/aware-orders/**/*.py"))
    assert "def delete_order(" in python
    assert f"{NOTE}: NotRequired[" in python
    typed = sdks.glob("typescript/aware-orders/src/**/*.ts")
    typescript = "".join(each.read_text("utf-8") for each in typed)
    assert "function deleteOrder(" in typescript
    assert f"{NOTE}?: Text" in typescript


@pytest.mark.timeout(900)
def test_the_fuzz_tests_know_both(
    followed: Followed, database: MongoClient[Json], tmp_path: Path
) -> None:
    """They delete orders and send notes, and meet no answer outside the contract."""
    collection = database["aware_orders"]["orders"]
    collection.delete_many({NOTE: {"$exists": True}})
    command = [
        *(".venv/bin/python", "-m", "schemathesis.cli", "run", "specs/order.yaml", "--no-color"),
        *("--url", followed.ports.url("order-service"), "--checks", "all", "--mode", "all"),
        *("--phases", "examples,fuzzing,stateful", "--max-examples", "10"),
    ]
    done = subprocess.run(
        command, cwd=followed.copy, env=environment(FUZZ_FOLDER=str(tmp_path)), check=False
    )
    assert done.returncode == 0
    (outcomes,) = tmp_path.glob("outcomes.*")
    assert json.loads(outcomes.read_text())["DELETE /orders/{id}"]["2xx"] > 0
    assert collection.count_documents({NOTE: {"$exists": True}}) > 0


@pytest.mark.timeout(600)
def test_the_rest_of_the_tutorial_goes_as_printed(followed: Followed) -> None:
    """The system stops; a wrong spec is told in one line."""
    followed.follow()


def test_a_wrong_spec_left_nothing_half_generated(followed: Followed) -> None:
    """Not a byte differs from what was generated before it."""
    status = subprocess.run(
        [".venv/bin/python", "-m", "aware", "generate"],
        cwd=followed.copy,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert status.returncode == 1
    assert not list(followed.copy.glob("**/.*.new"))
    handlers = (followed.copy / "handlers" / "orders.py").read_text("utf-8")
    assert handlers.count("async def delete_order") == 1
