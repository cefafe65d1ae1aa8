"""The gateway that runs: what it sends where just now, and how it is told otherwise."""

import csv
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from gateway import haproxy
from gateway.configuration import Configuration
from gateway.errors import UnreachableError
from gateway.process import Kind
from gateway.splits import SplitNames, name_of, split_names

_SETTLED_WITHIN = 30.0  # seconds until all of Kong's workers do what its configuration says
_LOOK = 0.02  # seconds between two looks whether they do


@dataclass(frozen=True)
class LiveTarget:
    """A target `host:port` of a service that is split, as the gateway sees it.

    `up` is how many of its addresses get requests, `down` how many do not.
    """

    address: str
    up: int
    down: int


class RunningGateway(Protocol):
    """A gateway that answers. Not for use by several threads at once."""

    kind: Kind

    def answer(self) -> None:
        """Raise UnreachableError where it does not."""

    def share(self, service: str = "") -> int:
        """The percentage of requests for the first version; raises UnreachableError.

        Of the service of that name; it may be left out where only one is split.
        """

    def targets(self, service: str = "") -> tuple[LiveTarget, ...]:
        """The targets of both versions; raises UnreachableError."""

    def apply(self, text: str, configuration: Configuration) -> None:
        """Split like this from now on; `text` is the kong.yml that `configuration` is of.

        Requests under way are not touched. Raises UnreachableError; then nothing has changed.
        """


class HAProxy:
    """HAProxy, through its runtime socket."""

    kind = Kind.HAPROXY

    def __init__(self, path: Path) -> None:
        self._path = path

    def answer(self) -> None:
        """See `RunningGateway`."""
        self._ask("show version")

    def share(self, service: str = "") -> int:
        """See `RunningGateway`."""
        answer = self._ask(f"get var proc.percent_{name_of(split_names(service).name)}")
        found = re.search(r"value=<(\d+)>", answer)
        if found is None:
            raise UnreachableError(f"HAProxy at {self._path} does not split: {answer.strip()}")
        return int(found[1])

    def targets(self, service: str = "") -> tuple[LiveTarget, ...]:
        """See `RunningGateway`."""
        names = split_names(service)
        up: Counter[str] = Counter()
        down: Counter[str] = Counter()
        for server in self._servers(names, backup=False):
            target = haproxy.target_of(server["svname"])
            up[target] += server["status"].startswith("UP")
            # A server that no address of the name has been found for stands for nothing.
            down[target] += server["status"].startswith("DOWN")
        return tuple(LiveTarget(target, up[target], down[target]) for target in up)

    def apply(self, text: str, configuration: Configuration) -> None:  # noqa: ARG002 - for Kong
        """Set the split; raises UnreachableError, and changes nothing, if it has other targets."""
        commands = ["experimental-mode on"]
        for split in configuration.splits:
            upstream = configuration.upstream(split.names.upstream)
            wanted = {target.address for target in upstream.targets}
            backups = tuple(self._servers(split.names, backup=True))
            before = {haproxy.target_of(server["svname"]) for server in backups}
            if before != wanted:
                raise UnreachableError(
                    f"the running HAProxy has the targets {', '.join(sorted(before))}: restart it"
                )
            weight = haproxy.backup_weight(split)
            commands.append(f"set var proc.percent_{split.variable} int({split.percent})")
            commands += [
                f"set server {server['pxname']}/{server['svname']} weight {weight}"
                for server in backups
            ]
        refusal = self._ask("; ".join(commands)).strip()
        if refusal:
            raise UnreachableError(f"HAProxy refuses the split: {refusal}")

    def _servers(self, names: SplitNames, *, backup: bool) -> Iterator[Mapping[str, str]]:
        """The lines of HAProxy's statistics about the versions' servers, or their backups."""
        rows = csv.DictReader(self._ask("show stat").removeprefix("# ").splitlines())
        return (
            row
            for row in rows
            if row["pxname"] in names.versions.values()
            and row["svname"] not in ("FRONTEND", "BACKEND")
            and (row["bck"] == "1") == backup
        )

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self._path))
                connection.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError as error:
            raise UnreachableError(f"HAProxy does not answer at {self._path}: {error}") from error


class Kong:
    """Kong, through its Admin API."""

    kind = Kind.KONG

    def __init__(self, url: str) -> None:
        self._url = url

    def answer(self) -> None:
        """See `RunningGateway`."""
        self._listed("/upstreams")

    def share(self, service: str = "") -> int:
        """See `RunningGateway`."""
        names = split_names(service)
        targets = self._listed(f"/upstreams/{names.upstream}/targets")
        weights = [
            target["weight"] for target in targets if names.first in (target.get("tags") or ())
        ]
        if not weights:
            raise UnreachableError(f"Kong at {self._url} does not split")
        return int(weights[0])

    def targets(self, service: str = "") -> tuple[LiveTarget, ...]:
        """See `RunningGateway`."""
        return tuple(
            _live(entry)
            for version, upstream in split_names(service).versions.items()
            for entry in self._listed(f"/upstreams/{upstream}/health")
            if version in (entry.get("tags") or ())
        )

    def apply(self, text: str, configuration: Configuration) -> None:
        """Hand over the whole kong.yml; Kong refuses one it cannot use and keeps the old.

        Each of Kong's workers takes it over in its own time: returns when all have.
        """
        self._request("POST", "/config?flatten_errors=1", {"config": text})
        upstreams = [each.names.upstream for each in configuration.splits]
        wanted = {
            name: {t.address: t.weight for t in configuration.upstream(name).targets if t.weight}
            for name in upstreams
        }
        deadline, settled = time.monotonic() + _SETTLED_WITHIN, set[int]()
        while True:
            worker, count, weights = self._ask_a_worker(upstreams)
            if weights == wanted:
                settled.add(worker)
            if len(settled) == count:
                return
            if time.monotonic() > deadline:
                raise UnreachableError(
                    f"Kong took the configuration, but only {len(settled)} of its {count} workers "
                    "split like that"
                )
            time.sleep(_LOOK)

    def _ask_a_worker(
        self, upstreams: Iterable[str]
    ) -> tuple[int, int, Mapping[str, Mapping[str, int]]]:
        """Which worker answers, how many there are, and the weights of its own balancers.

        A worker puts its functions into force just before its balancers. A new connection goes to
        any worker, and what follows on it to the same one.
        """
        with self._connection() as client:
            worker = self._request("GET", "/timers", client=client)["worker"]
            weights = {each: self._weights(each, client) for each in upstreams}
        return worker["id"], worker["count"], weights

    def _weights(self, upstream: str, client: httpx.Client) -> Mapping[str, int]:
        path = f"/upstreams/{upstream}/health?balancer_health=1"
        # A worker that has not built its balancer yet says nothing of it.
        health = self._request("GET", path, client=client).get("data") or {}
        hosts = health.get("details", {}).get("hosts", ())
        weights = {f"{host['host']}:{host['port']}": host["nodeWeight"] for host in hosts}
        return {address: weight for address, weight in weights.items() if weight}

    def _connection(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=30, trust_env=False)

    def _listed(self, path: str) -> list[Any]:
        answer = self._request("GET", path)
        entries = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(entries, list):
            raise UnreachableError(f"{self._url} is not Kong's Admin API")
        return entries

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        client: httpx.Client | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        try:
            with nullcontext(client) if client else self._connection() as sender:
                answer = sender.request(method, path, json=body)
            document = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise UnreachableError(f"Kong does not answer at {self._url}: {error}") from error
        if answer.is_error:
            raise UnreachableError(f"Kong refuses: {'; '.join(_reasons(document))}")
        return document


def _live(entry: Mapping[str, Any]) -> LiveTarget:
    addresses = (entry.get("data") or {}).get("addresses") or []
    up = sum(address["health"] in ("HEALTHY", "HEALTHCHECKS_OFF") for address in addresses)
    return LiveTarget(entry["target"], up, len(addresses) - up)


def _reasons(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """The messages in Kong's answer, with the field each is about."""
    if not isinstance(document, dict):
        yield str(document)
        return
    entries = document.get("flattened_errors") or []
    for entry in entries:
        for error in entry.get("errors", ()):
            place = ".".join(
                filter(
                    None, (entry.get("entity_type"), entry.get("entity_name"), error.get("field"))
                )
            )
            yield f"{place}: {error.get('message')}"
    if not entries:
        yield str(document.get("message", document))
