"""RabbitMQ as a cluster of three on this machine, each node with an address of its own."""

import os
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local import rabbitmq
from local.ports import HOST, Ports, accepts, free_port
from tests.certificate import Certificate
from tests.cluster.programs import Programs
from tests.waiting import until

_ENCRYPTED = {
    "listeners.tcp.1": "listeners.tcp = none\nlisteners.ssl.1",
    "management.tcp": "management.ssl",
}
HOSTS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
"""Where the nodes are."""


@dataclass
class Nodes(Programs):
    """Three nodes, which are called by their addresses; `passwords` are those of a system.

    Their clients speak TLS alone, by a certificate that is for all three.
    """

    folder: Path
    passwords: Mapping[str, str] = field(repr=False)
    certificate: Certificate
    ports: Ports = field(default_factory=Ports.free)
    hosts: tuple[str, ...] = HOSTS
    distribution: tuple[int, ...] = field(
        default_factory=lambda: tuple(free_port() for _ in range(3))
    )
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_all(self) -> None:
        """Start the first, which the others then find and join."""
        addresses = ",".join((HOST, *self.hosts))
        command = [rabbitmq.find_epmd(), "-port", str(self.ports.epmd), "-address", addresses]
        self.running["epmd"] = subprocess.Popen(command)
        until(lambda: accepts(self.ports.epmd), "the port mapper answers")
        for host in self.hosts:
            self.start(host)
            until(partial(self._answers, host), f"{host} answers")

    def start(self, host: str) -> None:
        """Start one, or start it again with its data."""
        folder = self.folder / host
        rabbitmq.write_configuration(folder, self.ports, self.passwords)
        configuration = folder / "rabbitmq.conf"
        text = configuration.read_text().replace(HOST, host)
        for plain, encrypted in _ENCRYPTED.items():
            text = text.replace(plain, encrypted)
        tls = "".join(
            f"{prefix}.{name} = {file}\n"
            for prefix in ("ssl_options", "management.ssl")
            for name, file in (
                ("certfile", self.certificate.certificate),
                ("keyfile", self.certificate.key),
                ("cacertfile", self.certificate.certificate),
            )
        )
        listed = "".join(
            f"cluster_formation.classic_config.nodes.{number} = {_name(each)}\n"
            for number, each in enumerate(self.hosts, 1)
        )
        configuration.write_text(
            f"{text}{tls}cluster_formation.peer_discovery_backend = classic_config\n{listed}"
            "cluster_partition_handling = pause_minority\n"
        )
        octets = host.replace(".", ",")
        given = rabbitmq.environment(folder, self.ports)
        arguments = given["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"].replace("127,0,0,1", octets)
        given |= {
            "PATH": os.environ["PATH"],
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_NODENAME": _name(host),
            "RABBITMQ_NODE_IP_ADDRESS": host,
            "RABBITMQ_DIST_PORT": str(self.distribution[self.hosts.index(host)]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments,
        }
        with (folder / "log").open("ab") as log:
            self.running[host] = subprocess.Popen(
                [rabbitmq.find_server()],
                cwd=folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def queue(self, name: str) -> Mapping[str, Any]:
        """What the cluster knows of a queue; nothing while it is not there."""
        return next(self._ask(f"/queues/%2F/{name}"), {})

    def leader(self, queue: str) -> str:
        """The host of the node that leads a queue."""
        return str(self.queue(queue).get("leader", "")).partition("@")[2]

    def _answers(self, host: str) -> bool:
        return any(self._ask("/overview", (host,)))

    def _ask(self, path: str, hosts: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
        login = (rabbitmq.ADMINISTRATOR, self.passwords["RABBITMQ_ADMIN_PASSWORD"])
        verify = ssl.create_default_context(cafile=self.certificate.certificate)
        for host in hosts or self.hosts:
            url = f"https://{host}:{self.ports.rabbitmq_management}/api{path}"
            try:
                answer = httpx.get(url, auth=login, timeout=5, trust_env=False, verify=verify)
            except httpx.HTTPError:
                continue
            if answer.is_success:
                yield answer.json()


def _name(host: str) -> str:
    """The one port mapper knows a node by the part before the @."""
    return f"rabbit{host.rpartition('.')[2]}@{host}"
