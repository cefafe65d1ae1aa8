"""MongoDB on this machine: a single-node replica set with logins."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from local.errors import LocalError, MissingError
from local.passwords import write_private
from local.ports import HOST, accepts, free_port

REPLICA_SET = "rs0"
ROOT = "root"
_AUTHENTICATION_FAILED = 18
_UNAUTHORIZED = 13
_NOT_YET_INITIALIZED = 94
_INVALID_REPLICA_SET_CONFIG = 93


def find_mongod() -> str:
    """The path of a mongod: one on the PATH, else the one that the PyPI wheel carries.

    Raises MissingError.
    """
    on_path = shutil.which("mongod")
    if on_path:
        return on_path
    wheel = importlib.util.find_spec("fiftyone")
    for folder in (wheel and wheel.submodule_search_locations) or []:
        carried = Path(folder, "db", "bin", "mongod")
        if carried.exists():
            return str(carried)
    raise MissingError(
        "No MongoDB server: there is no mongod on the PATH, and the Python package that carries "
        "one exists only for Linux on x86-64. Install MongoDB 6.0 or newer and put its mongod on "
        "the PATH."
    )


def write_configuration(folder: Path, port: int, key: str) -> Path:
    """Write what mongod reads at its start into `folder`; return the configuration's path."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    write_private(folder / "keyfile", key)
    configuration = folder / "mongod.conf"
    # The cache is bounded because mongod takes half of the memory otherwise.
    write_private(
        configuration,
        f"""\
net: {{bindIp: {HOST}, port: {port}, unixDomainSocket: {{enabled: false}}}}
storage: {{dbPath: "{data}", wiredTiger: {{engineConfig: {{cacheSizeGB: 0.5}}}}}}
replication: {{replSetName: {REPLICA_SET}, oplogSizeMB: 512}}
security: {{authorization: enabled, keyFile: "{folder / "keyfile"}"}}
systemLog: {{quiet: true}}
operationProfiling: {{slowOpSampleRate: 0}} # what is slow would be logged with what it writes
setParameter: {{diagnosticDataCollectionEnabled: false}}
""",
    )
    return configuration


def uri(port: int) -> str:
    """How clients find the replica set; without credentials."""
    return f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}&directConnection=false"


def prepare(port: int, root_password: str) -> bool:
    """Bring a running mongod forward, and say whether it is a primary that our root login reaches.

    Does one step at each call: makes the replica set, points it to `port` where it was made with
    another one, makes the root login through the localhost exception. Whatever was done before,
    by a start that was cut off too, is left as it is. Raises LocalError where the database has
    logins, but with another password.
    """
    if not accepts(port):
        return False
    try:
        with _client(port, root_password) as client:
            return _has_primary(client, port)
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            return False
    except PyMongoError:
        return False
    try:
        with _client(port, None) as client:
            if _has_primary(client, port):
                client.admin.command("createUser", ROOT, pwd=root_password, roles=["root"])
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            raise LocalError(
                "MongoDB's data was made with other passwords than those in the state folder. "
                "Put that file back, or remove the state folder to begin with empty databases."
            ) from error
    except PyMongoError:
        pass
    return False


def _has_primary(client: MongoClient[dict[str, Any]], port: int) -> bool:
    member = {"_id": 0, "host": f"{HOST}:{port}"}
    hello = client.admin.command("hello")
    if hello["isWritablePrimary"]:
        return True
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code == _NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        elif error.code == _INVALID_REPLICA_SET_CONFIG:
            _move(client, member)
        else:
            raise
    return False


def _move(client: MongoClient[dict[str, Any]], member: dict[str, Any]) -> None:
    """Tell a replica set that was made on another port where it is now."""
    configuration = client.admin.command("replSetGetConfig")["config"]
    configuration["members"][0] |= member
    configuration["version"] += 1
    client.admin.command("replSetReconfig", configuration, force=True)


def _client(port: int, password: str | None) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        HOST,
        port,
        username=ROOT if password else None,
        password=password,
        directConnection=True,
        serverSelectionTimeoutMS=500,
        connectTimeoutMS=500,
        socketTimeoutMS=5000,
    )


@contextmanager
def scratch() -> Iterator[MongoClient[dict[str, Any]]]:
    """A client of an empty server that ends with the block, and of which nothing is left.

    Raises LocalError where none can be started.
    """
    with TemporaryDirectory() as folder:
        port = free_port()
        command = [find_mongod(), "--dbpath", folder, "--port", str(port), "--bind_ip", HOST]
        server = subprocess.Popen(
            [*command, "--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", "0.25"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with MongoClient[dict[str, Any]](HOST, port, serverSelectionTimeoutMS=30_000) as client:
                client.admin.command("ping")
                yield client
        except ServerSelectionTimeoutError as error:
            raise LocalError("MongoDB did not start.") from error
        finally:
            server.kill()
            server.wait()
