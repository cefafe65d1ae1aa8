"""A row is enough: a third service in a copy of the repository, which nothing else there names."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from local.ports import Ports, free_port, names, variable
from local.stack import Stack
from tests.generate.copying import copy_repository

pytestmark = pytest.mark.slow

ROW = """
  inventory-service:
    spec: specs/inventory.yaml
    handlers: handlers/inventory.py
    port: {port}
    database: inventory
    collections:
      items:
        schema: Item
        key: sku
"""
HANDLERS = '''"""The operations of the inventory API."""

from typing import Any

from contract.answers.returned import Answer
from contract.links import Links
from handlers.pages import paged
from storage.documents import Documents


async def create_item(body: dict[str, Any], *, items: Documents, link: Links) -> Answer[Any]:
    """POST /items."""
    item = await items.create(body)
    return Answer(item, 201, {"Location": link("get_item", sku=item["sku"])})


async def list_items(limit: int, cursor: str | None, *, items: Documents, link: Links) -> Any:
    """GET /items."""
    return paged(await items.page(limit, cursor), link, "list_items", limit=limit)


async def get_item(sku: str, *, items: Documents) -> dict[str, Any]:
    """GET /items/{sku}."""
    return await items.get(sku)
'''
REFUSED = """
import os
from pymongo.errors import OperationFailure
from local.commands import state_folder
from local.stack import Stack
from processes.settings import mongo_settings
from storage.client import connect_blocking

os.environ |= Stack.running(state_folder()).environment({part!r})
settings = mongo_settings()
with connect_blocking(settings) as client:
    try:
        client[settings.database("inventory")]["items"].{does}
    except OperationFailure as error:
        print(error.code)
"""
ITEM = {"sku": "ABC-1", "stock": 3, "delivered": "2026-11-22T10:15:30.123Z", "labels": ["new"]}


@dataclass(frozen=True)
class Copy:
    """A copy in which the system runs with a third service, at `url`."""

    folder: Path
    variables: dict[str, str]
    url: str

    def aware(self, *arguments: str) -> str:
        """What a command says; fails where it fails."""
        return self.python("-m", "aware", *arguments)

    def python(self, *arguments: str) -> str:
        """The same of a program, in the copy."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """A system that existed before the row did."""
    ports, port = Ports.free(), free_port()
    given = {variable(name): str(ports[name]) for name in names()}
    with tempfile.TemporaryDirectory(prefix="third-") as folder:  # a short path, for sockets
        copied = Copy(copy_repository(Path(folder)), given, f"http://127.0.0.1:{port}")
        root = copied.folder
        try:
            Stack(root / ".aware", ports, 70, ("mongodb", "mongodb-setup")).start()
            Stack(root / ".aware", ports, 70, ("mongodb", "mongodb-setup")).stop()
            spec = Path(__file__).with_name("inventory.yaml").read_text("utf-8")
            (root / "specs" / "inventory.yaml").write_text(spec, "utf-8")
            (root / "handlers" / "inventory.py").write_text(HANDLERS, "utf-8")
            with (root / "services.yaml").open("a", encoding="utf-8") as rows:
                rows.write(ROW.format(port=port))
            copied.aware("start")
            yield copied
        finally:
            Stack(root / ".aware", ports, 70).stop()


def test_it_is_started_and_answers(copy: Copy) -> None:
    """Stored as the spec has it, and refused as the spec has it; with a login of its own."""
    created = httpx.post(f"{copy.url}/items", json=ITEM)
    assert (created.status_code, created.headers["Location"]) == (201, "/items/ABC-1")
    assert httpx.get(f"{copy.url}/items/ABC-1").json() == ITEM
    assert httpx.get(f"{copy.url}/items").json() == [ITEM]
    assert httpx.get(f"{copy.url}/items/none").status_code == 404
    assert httpx.post(f"{copy.url}/items", json=ITEM).status_code == 409
    assert httpx.post(f"{copy.url}/items", json={**ITEM, "stock": -1}).status_code == 400
    assert httpx.get(f"{copy.url}/health/ready").json() == {"status": "ready"}
    assert "INVENTORY_SERVICE_MONGO_PASSWORD=" in (
        (copy.folder / ".aware" / "passwords.env").read_text()
    )


def test_it_is_a_part_like_the_others(copy: Copy) -> None:
    """In what is said at the end of a start, in the status, in the logs, and in a backup."""
    rows = [line.split() for line in copy.aware("status").splitlines()]
    (row,) = (each for each in rows if each[0] == "inventory-service")
    assert (row[1], f"http://{row[-1]}") == ("healthy", copy.url)
    backup = copy.folder / "backup.zip"
    said = copy.aware("as", "backup-reader", "backup", str(backup))
    assert "items" in said
    assert "inventory/items.bson" in ZipFile(backup).namelist()


@pytest.mark.parametrize(
    ("part", "does", "code"),
    [
        ("inventory-service", 'insert_one({"_id": "x", "stock": "many"})', 121),
        ("order-service", "find_one()", 13),
    ],
)
def test_its_database_takes_nothing_else(copy: Copy, part: str, does: str, code: int) -> None:
    """The validator follows from the spec, and no other service's login reads what it stores."""
    told = copy.python("-c", REFUSED.format(part=part, does=does))
    assert told.strip() == str(code)
