"""Three servers of MongoDB for the tests, which may become one replica set."""

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from local import mongodb
from local.ports import HOST, free_port
from storage.client import Json, MongoSettings, connect_blocking
from tests.certificate import Certificate
from tests.cluster.programs import Programs

_KEY = "the same key for all members"


@dataclass
class Servers(Programs):
    """Three servers of MongoDB that nobody has made a set, each with a login of its own.

    They are called as clients call them, `host:port`. With a certificate, which must be for
    127.0.0.1, they and their clients speak TLS alone.
    """

    folder: Path
    password: str = field(repr=False)
    members: tuple[str, ...] = field(
        default_factory=lambda: tuple(f"{HOST}:{free_port()}" for _ in range(3))
    )
    certificate: Certificate | None = None
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_all(self) -> None:
        """Start all, each with a login, and none in a set."""
        for member in self.members:
            self._make_root(member)
            self.start(member)

    def start(self, member: str) -> None:
        """Start one, or start it again with its data."""
        port = _port(member)
        configuration = mongodb.write_configuration(self.folder / str(port), port, _KEY)
        if self.certificate is not None:
            tls = (
                f'tls: {{mode: requireTLS, certificateKeyFile: "{self.certificate.both}", '
                f'CAFile: "{self.certificate.certificate}", '
                "allowConnectionsWithoutCertificates: true}"
            )
            plain = configuration.read_text()
            configuration.write_text(plain.replace("net: {", f"net: {{{tls}, "))
        self._run(member, "--config", str(configuration))

    def _run(self, member: str, *options: str) -> None:
        command = [mongodb.find_mongod(), *options]
        self.running[member] = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def _make_root(self, member: str) -> None:
        """As the image of MongoDB makes it: by a server that asks for no login yet."""
        port = _port(member)
        data = self.folder / str(port) / "data"
        data.mkdir(parents=True)
        self._run(member, "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST)
        with MongoClient[Json](HOST, port) as client:
            client.admin.command("createUser", mongodb.ROOT, pwd=self.password, roles=["root"])
        self.running[member].terminate()
        self.running.pop(member).wait()

    @property
    def settings(self) -> MongoSettings:
        """As a process has them that knows all three."""
        uri = f"mongodb://{','.join(self.members)}/?replicaSet=rs0"
        if self.certificate is not None:
            uri += f"&tls=true&tlsCAFile={self.certificate.certificate}"
        return MongoSettings(uri, mongodb.ROOT, self.password)

    def states(self) -> Mapping[str, str]:
        """What each member of the set is, by its name; nothing while nobody is the primary."""
        with connect_blocking(self.settings) as client, suppress(PyMongoError):
            members = client.admin.command("replSetGetStatus")["members"]
            return {each["name"]: each["stateStr"] for each in members}
        return {}

    def votes(self) -> list[tuple[str, int, float]]:
        """Each member with its votes and its priority."""
        with connect_blocking(self.settings) as client:
            members = client.admin.command("replSetGetConfig")["config"]["members"]
            return [(each["host"], each["votes"], each["priority"]) for each in members]

    @property
    def primary(self) -> str:
        """The one that takes writes."""
        found = [name for name, state in self.states().items() if state == "PRIMARY"]
        return found[0] if found else ""


def _port(member: str) -> int:
    return int(member.rpartition(":")[2])
