"""The gateway that runs: what it sends where just now, and how it is told otherwise."""

import csv
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from kong import haproxy
from kong.configuration import Configuration, Target
from kong.errors import GatewayError, UnreachableError
from kong.process import Kind
from kong.settings import GatewaySettings

UPSTREAM = "user_service_upstream"
_SETTLED_WITHIN = 10.0  # seconds until Kong's balancer has what its configuration says
_LOOK = 0.05  # seconds between two looks whether it has


@dataclass(frozen=True)
class LiveTarget:
    """A target of the user service as the gateway sees it.

    `addresses` is how many its name resolves to; each gets `weight`. `up`: it gets requests.
    """

    address: str
    weight: int
    up: bool
    addresses: int = 1


class RunningGateway(Protocol):
    """A gateway that answers. Not for use by several threads at once."""

    kind: Kind

    def targets(self) -> tuple[LiveTarget, ...]:
        """The user service's targets; raises UnreachableError."""

    def apply(self, text: str, configuration: Configuration) -> None:
        """Split by these weights from now on; `text` is the kong.yml that `configuration` is of.

        Requests under way are not touched. Raises UnreachableError; then nothing has changed.
        """


def find(settings: GatewaySettings) -> RunningGateway:
    """The gateway that runs with these settings; raises UnreachableError where none does."""
    path = haproxy.socket_path(settings)
    for gateway in (HAProxy(path), Kong(f"http://{settings.admin_listen}")):
        try:
            gateway.targets()
        except UnreachableError:
            continue
        return gateway
    raise UnreachableError(
        f"no gateway runs: neither {path} nor http://{settings.admin_listen} answers"
    )


def share(targets: tuple[LiveTarget, ...], v1: tuple[str, ...]) -> float:
    """The percentage of user requests for the targets `v1`, when all are up.

    Raises GatewayError where no target has a weight.
    """
    total = sum(target.weight * target.addresses for target in targets)
    if not total:
        raise GatewayError("the running gateway has no target with a weight")
    ones = sum(t.weight * t.addresses for t in targets if t.address in v1)
    return 100 * ones / total


class HAProxy:
    """HAProxy, through its runtime socket."""

    kind = Kind.HAPROXY

    def __init__(self, path: Path) -> None:
        self._path = path

    def targets(self) -> tuple[LiveTarget, ...]:
        """The user service's targets; raises UnreachableError."""
        rows = csv.DictReader(self._ask("show stat").removeprefix("# ").splitlines())
        return tuple(
            LiveTarget(row["svname"], int(row["weight"]), row["status"].startswith("UP"))
            for row in rows
            if row["pxname"] == UPSTREAM and row["svname"] not in ("FRONTEND", "BACKEND")
        )

    def apply(self, text: str, configuration: Configuration) -> None:  # noqa: ARG002 - for Kong
        """Set the weights; raises UnreachableError, and sets none, if it has other targets."""
        wanted = haproxy.scaled(configuration.upstream(UPSTREAM).targets)
        before = {target.address: target.weight for target in self.targets()}
        if set(before) != {target.address for target in wanted}:
            raise UnreachableError(
                f"the running HAProxy has the targets {', '.join(before)}: restart it"
            )
        # What grows first: at no moment are all weights zero.
        ordered = sorted(wanted, key=lambda target: before[target.address] - target.weight)
        self._set(ordered)

    def _set(self, targets: list[Target]) -> None:
        commands = "; ".join(
            f"set server {UPSTREAM}/{t.address} weight {t.weight}" for t in targets
        )
        refusal = self._ask(commands).strip()
        if refusal:
            raise UnreachableError(f"HAProxy refuses the weights: {refusal}")

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

    def targets(self) -> tuple[LiveTarget, ...]:
        """The user service's targets; raises UnreachableError."""
        answer = self._request("GET", f"/upstreams/{UPSTREAM}/health")
        try:
            return tuple(_live(entry) for entry in answer["data"])
        except (KeyError, TypeError) as error:
            raise UnreachableError(f"{self._url} is not Kong's Admin API") from error

    def apply(self, text: str, configuration: Configuration) -> None:
        """Hand over the whole kong.yml; Kong refuses one it cannot use and keeps the old."""
        self._request("POST", "/config?flatten_errors=1", {"config": text})
        wanted = {t.address: t.weight for t in configuration.upstream(UPSTREAM).targets}
        deadline = time.monotonic() + _SETTLED_WITHIN
        while {target.address: target.weight for target in self.targets()} != wanted:
            if time.monotonic() > deadline:
                raise UnreachableError("Kong took the configuration, but not its weights")
            time.sleep(_LOOK)

    def _request(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = httpx.request(
                method, f"{self._url}{path}", json=body, timeout=30, trust_env=False
            )
            document = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise UnreachableError(f"Kong does not answer at {self._url}: {error}") from error
        if answer.is_error:
            raise UnreachableError(f"Kong refuses: {'; '.join(_reasons(document))}")
        return document


def replicas(gateway: RunningGateway, target: str) -> int:
    """How many addresses the running gateway has for `target`; 1 where it does not know it."""
    return {live.address: live.addresses for live in gateway.targets()}.get(target, 1)


def _live(entry: Mapping[str, Any]) -> LiveTarget:
    addresses = (entry.get("data") or {}).get("addresses") or []
    up = entry["health"] in ("HEALTHY", "HEALTHCHECKS_OFF")
    return LiveTarget(entry["target"], entry["weight"], up, max(1, len(addresses)))


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
