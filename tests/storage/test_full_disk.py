"""A disk without room is MongoDB's, and no document's."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient, MongoClient, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from local.mongodb import find_mongod
from local.ports import HOST, free_port
from storage.client import Json
from storage.mongo_io import DatabaseUnavailable, write
from storage.problems import problem_of
from tests.waiting import until, until_async

_PAGE = b"x" * 4096

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="a disk is mounted; run it as root"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, with room for an empty database."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(tmp_path)]
    subprocess.run(mount, check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@contextmanager
def server(disk: Path, port: int) -> Iterator[None]:
    """MongoDB on this disk, until the end of the block or of itself."""
    command = [find_mongod(), "--dbpath", str(disk), "--port", str(port), "--bind_ip", HOST]
    process = subprocess.Popen(
        [*command, "--replSet", "rs", "--oplogSize", "50", "--nounixsocket", "--quiet"],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def begin(uri: str, port: int) -> None:
    """Make it a replica set of one."""
    with MongoClient[Json](uri, directConnection=True) as client:
        member = {"_id": 0, "host": f"{HOST}:{port}"}
        client.admin.command("replSetInitiate", {"_id": "rs", "members": [member]})
        until(lambda: client.admin.command("hello")["isWritablePrimary"], "there is a primary")


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(_PAGE)
    return filler


@pytest.fixture
async def client(disk: Path) -> AsyncIterator[AsyncMongoClient[Json]]:
    """Of a server on the disk."""
    port = free_port()
    uri = f"mongodb://{HOST}:{port}"
    with server(disk, port):
        begin(uri, port)
        async with AsyncMongoClient[Json](
            uri, replicaSet="rs", w="majority", journal=True, timeoutMS=5000
        ) as client:
            yield client


async def test_a_full_disk_refuses_no_document(client: AsyncMongoClient[Json], disk: Path) -> None:
    """It is waited for, and named; with room again, the same write is done."""
    filler = fill(disk)
    new = client["full"]["new"]  # a collection takes a file, of which there can be none now
    with pytest.raises(DatabaseUnavailable) as refused:
        await put(new)
    problem = problem_of(refused.value)
    assert problem is not None
    assert problem.reason == "MongoDB's disk is full."
    filler.unlink()

    async def it_is_done() -> bool:
        try:
            return await put(new) == 1
        except DatabaseUnavailable:
            return False

    await until_async(it_is_done, "what was to be written is there")


async def put(collection: AsyncCollection[Json]) -> int:
    """Write a document; how many were written."""
    return await write(collection, [UpdateOne({"_id": 1}, {"$set": {"a": 1}}, upsert=True)])
