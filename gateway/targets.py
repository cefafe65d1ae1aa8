"""The upstreams of kong.yml: their targets, and when one is taken out."""

from dataclasses import dataclass

from gateway.yaml_fields import Field


@dataclass(frozen=True)
class Target:
    """A `host:port` of an upstream, and its share relative to the others'.

    The host is an address, or a name with any number of them. `version` is that of the service
    there, and empty where it has one only.
    """

    address: str
    weight: int
    version: str = ""


@dataclass(frozen=True)
class HealthCheck:
    """When a target is taken out and let in again.

    Active: GET `path` every `interval` seconds, `timeout` seconds each; `statuses` are good;
    `rise` good ones in a row let it in, `fall` bad ones take it out. Passive: `failures`
    connections in a row that could not be made take it out.
    """

    path: str
    statuses: tuple[int, ...]
    interval: int
    timeout: int
    rise: int
    fall: int
    failures: int


@dataclass(frozen=True)
class Upstream:
    """A named set of targets."""

    name: str
    targets: tuple[Target, ...]
    health: HealthCheck


def read_upstream(field: Field) -> Upstream:
    """An entry of `upstreams`; raises ConfigurationError, naming the field that is wrong."""
    targets = tuple(
        Target(
            target["target"].text(),
            target["weight"].whole(),
            next((tag.text() for tag in target.get("tags", [])), ""),
        )
        for target in field["targets"]
    )
    if not targets:
        raise field["targets"].error("must not be empty")
    field.get("algorithm", "round-robin").must_be("round-robin", "least-connections")
    return Upstream(field["name"].text(), targets, _health(field["healthchecks"]))


def _health(field: Field) -> HealthCheck:
    active, passive = field["active"], field["passive"]
    active["type"].must_be("http")
    passive["unhealthy"]["http_failures"].must_be(0)
    return HealthCheck(
        path=active["http_path"].text(),
        statuses=tuple(status.whole(100) for status in active["healthy"]["http_statuses"]),
        interval=active["healthy"]["interval"].whole(1),
        timeout=active["timeout"].whole(1),
        rise=active["healthy"]["successes"].whole(1),
        fall=active["unhealthy"]["tcp_failures"].whole(1),
        failures=passive["unhealthy"]["tcp_failures"].whole(1),
    )
