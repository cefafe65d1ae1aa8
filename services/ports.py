"""What listens on a developer's machine besides the services' processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields


def _port(number: int, purpose: str) -> int:
    port: int = field(default=number, metadata={"purpose": purpose})
    return port


@dataclass(frozen=True)
class FixedPorts:
    """The ports of what every system has; the defaults are the paper's where it has one."""

    gateway: int = _port(8000, "the gateway")
    gateway_admin: int = _port(8001, "the gateway's administration")
    rabbitmq: int = _port(5673, "RabbitMQ")
    rabbitmq_management: int = _port(15672, "RabbitMQ's management")
    rabbitmq_prometheus: int = _port(15692, "RabbitMQ's metrics")
    rabbitmq_distribution: int = _port(25673, "RabbitMQ's command line tools")
    epmd: int = _port(4371, "Erlang's port mapper, which RabbitMQ needs")
    mongodb: int = _port(27017, "MongoDB")
    exporter: int = _port(5019, "metrics of the split and the backups, with OBSERVABILITY")
    prometheus: int = _port(9090, "Prometheus, with OBSERVABILITY")


def purposes() -> Mapping[str, str]:
    """What each of them is for, by its name."""
    return {each.name: each.metadata["purpose"] for each in fields(FixedPorts)}
