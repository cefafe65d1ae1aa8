"""The environment variables, read and checked when a process starts."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from contract.bodies.body_limits import MAX_UPLOAD_BYTES
from messaging.settings import RabbitSettings
from messaging.topology import MAX_PARTS, QUEUE_NAME
from settings.environment import Environment, SettingError
from storage.client import MongoSettings

_HOSTS = re.compile(r"[^,\s]+(,[^,\s]+)*")
_MONGO_SCHEMES = ("mongodb://", "mongodb+srv://")


@dataclass(frozen=True)
class Address:
    """Where a process listens."""

    host: str
    port: int


def mongo_settings() -> MongoSettings:
    """How a process reaches MongoDB.

    MONGO_URI: where the replica set is; `mongodb://` or `mongodb+srv://`
    MONGO_USERNAME: the login of this process
    MONGO_PASSWORD: its password
    DATABASE_NAME: the prefix of both database names, `…_users` and `…_orders`
    """
    env = Environment()
    uri = env.text("MONGO_URI")
    if not uri.startswith(_MONGO_SCHEMES):  # whatever it is, there may be a password in it
        raise SettingError(f"MONGO_URI must start with {' or '.join(_MONGO_SCHEMES)}")
    return MongoSettings(
        uri,
        env.text("MONGO_USERNAME"),
        env.secret("MONGO_PASSWORD"),
        env.name("DATABASE_NAME", "aware"),
    )


def rabbit_settings() -> RabbitSettings:
    """How a process reaches RabbitMQ.

    RABBITMQ_HOST: the broker's host; where it has several nodes, those of them all, with commas
    RABBITMQ_PORT: its AMQP port, the same on each
    RABBITMQ_CA: certificates (PEM); where they are set, everything goes over TLS, and only to a
        broker that one of them vouches for
    RABBITMQ_USER: the login of this process
    RABBITMQ_PASSWORD: its password
    RABBITMQ_QUEUE_NAME: the queue of contact changes; retry and dead-letter queues begin with it
    """
    env = Environment()
    settings = RabbitSettings(
        env.matching("RABBITMQ_HOST", _HOSTS, "a host, or several with commas", None),
        env.whole("RABBITMQ_PORT", 5673, 1, 65535),
        env.text("RABBITMQ_USER"),
        env.secret("RABBITMQ_PASSWORD"),
        env.name("RABBITMQ_QUEUE_NAME", QUEUE_NAME),
        env.secret("RABBITMQ_CA", ""),
    )
    try:
        _ = settings.tls
    except (ssl.SSLError, ValueError) as error:
        raise SettingError(f"RABBITMQ_CA must be certificates in PEM: {error}") from error
    return settings


def queue_parts() -> int:
    """RABBITMQ_QUEUE_PARTS: in so many parts the queue of each subscriber is.

    It may change while everything runs: start the subscribers anew, one after another.
    """
    return Environment().whole("RABBITMQ_QUEUE_PARTS", 1, 1, MAX_PARTS)


def management_port() -> int:
    """RABBITMQ_MANAGEMENT_PORT: the broker's management API, which the set-up calls."""
    return Environment().whole("RABBITMQ_MANAGEMENT_PORT", 15672, 1, 65535)


def health_address() -> Address:
    """HEALTH_BIND: `host:port` where relay, consumer and exporter answer health and metrics."""
    text = Environment().text("HEALTH_BIND", "127.0.0.1:5000")
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SettingError(f"HEALTH_BIND: {text} is not host:port")
    return Address(host, int(port))


def backups_folder() -> Path | None:
    """BACKUPS_DIR: the folder whose newest backup the exporter measures; none if not set."""
    return Environment().path("BACKUPS_DIR")


def password_for(login: str, system: str) -> str:
    """What the set-up gives a login in a system, `MONGO` or `RABBITMQ`."""
    return Environment().secret(password_variable(login, system))


def password_variable(login: str, system: str) -> str:
    """Where that is: for `user-relay` and `MONGO`, USER_RELAY_MONGO_PASSWORD."""
    return f"{login.replace('-', '_').upper()}_{system}_PASSWORD"


def worker_count() -> int:
    """WORKERS: worker processes of an HTTP service."""
    return Environment().whole("WORKERS", 1, 1, 64)


def max_upload_bytes() -> int:
    """MAX_UPLOAD_BYTES: bytes of all files of a request, where its spec says none."""
    return Environment().whole("MAX_UPLOAD_BYTES", MAX_UPLOAD_BYTES, 1, 1_099_511_627_776)


def validate_responses() -> bool:
    """VALIDATE_RESPONSES: whether every response is checked against the spec (for tests)."""
    return Environment().flag("VALIDATE_RESPONSES")


def drain_seconds() -> int:
    """DRAIN_SECONDS: how long `/health/ready` is 503 after SIGTERM before the process ends."""
    return Environment().whole("DRAIN_SECONDS", 0, 0, 60)


def drain_after_seconds() -> int:
    """DRAIN_AFTER_SECONDS: how long a service stays ready after SIGTERM before it drains.

    Where its name no longer leads to it from then on, the gateway needs that long to hear of it.
    """
    return Environment().whole("DRAIN_AFTER_SECONDS", 0, 0, 60)


def with_seed() -> bool:
    """SEED: whether the set-up inserts sample data: users u1 to u5, orders o1 to o15, others."""
    return Environment().flag("SEED")
