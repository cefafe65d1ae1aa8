"""The environment variables, read and checked when a process starts."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from environs import Env, EnvError, validate

from contract.bodies.limits import MAX_UPLOAD_BYTES
from messaging.settings import RabbitSettings
from messaging.topology import MAX_PARTS, QUEUE_NAME
from processes.secret_files import SecretError, read_secret
from storage.client import MongoSettings


class SettingsError(Exception):
    """An environment variable is missing or wrong; the message names it."""


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
    env = _Environment()
    return MongoSettings(
        env.text("MONGO_URI", starts=("mongodb://", "mongodb+srv://")),
        env.text("MONGO_USERNAME"),
        env.secret("MONGO_PASSWORD"),
        env.name("DATABASE_NAME", "aware"),
    )


def rabbit_settings() -> RabbitSettings:
    """How a process reaches RabbitMQ.

    RABBITMQ_HOST: the broker's host
    RABBITMQ_PORT: its AMQP port
    RABBITMQ_USER: the login of this process
    RABBITMQ_PASSWORD: its password
    RABBITMQ_QUEUE_NAME: the queue of contact changes; retry and dead-letter queues begin with it
    """
    env = _Environment()
    return RabbitSettings(
        env.text("RABBITMQ_HOST"),
        env.whole("RABBITMQ_PORT", 1, 65535, default=5673),
        env.text("RABBITMQ_USER"),
        env.secret("RABBITMQ_PASSWORD"),
        env.name("RABBITMQ_QUEUE_NAME", QUEUE_NAME),
    )


def queue_parts() -> int:
    """RABBITMQ_QUEUE_PARTS: in so many parts the queue of each subscriber is.

    It may change while everything runs: start the subscribers anew, one after another.
    """
    return _Environment().whole("RABBITMQ_QUEUE_PARTS", 1, MAX_PARTS, default=1)


def management_port() -> int:
    """RABBITMQ_MANAGEMENT_PORT: the broker's management API, which the set-up calls."""
    return _Environment().whole("RABBITMQ_MANAGEMENT_PORT", 1, 65535, default=15672)


def health_address() -> Address:
    """HEALTH_BIND: `host:port` where relay, consumer and exporter answer health and metrics."""
    text = _Environment().text("HEALTH_BIND", default="127.0.0.1:5000")
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"HEALTH_BIND: {text} is not host:port")
    return Address(host, int(port))


def backups_folder() -> Path | None:
    """BACKUPS_DIR: the folder whose newest backup the exporter measures; none if not set."""
    name = os.environ.get("BACKUPS_DIR")
    return Path(name) if name else None


def password_for(login: str, system: str) -> str:
    """What the set-up gives a login in a system, `MONGO` or `RABBITMQ`."""
    return _Environment().secret(password_variable(login, system))


def password_variable(login: str, system: str) -> str:
    """Where that is: for `user-relay` and `MONGO`, USER_RELAY_MONGO_PASSWORD."""
    return f"{login.replace('-', '_').upper()}_{system}_PASSWORD"


def worker_count() -> int:
    """WORKERS: worker processes of an HTTP service."""
    return _Environment().whole("WORKERS", 1, 64, default=1)


def max_upload_bytes() -> int:
    """MAX_UPLOAD_BYTES: bytes of all files of a request, where its spec says none."""
    return _Environment().whole("MAX_UPLOAD_BYTES", 1, 1_099_511_627_776, default=MAX_UPLOAD_BYTES)


def validate_responses() -> bool:
    """VALIDATE_RESPONSES: whether every response is checked against the spec (for tests)."""
    return _Environment().flag("VALIDATE_RESPONSES")


def drain_file() -> Path | None:
    """DRAIN_FILE: a path; while a file is there, `/health/ready` answers 503."""
    name = os.environ.get("DRAIN_FILE")
    return Path(name) if name else None


def drain_seconds() -> int:
    """DRAIN_SECONDS: how long `/health/ready` is 503 after SIGTERM before the process ends."""
    return _Environment().whole("DRAIN_SECONDS", 0, 60, default=0)


def with_seed() -> bool:
    """SEED: whether the set-up inserts sample data: users u1 to u5, orders o1 to o15, others."""
    return _Environment().flag("SEED")


def secret(name: str) -> str:
    """The secret `name`, empty where there is none; raises SettingsError."""
    try:
        return read_secret(os.environ, name)
    except SecretError as error:
        raise SettingsError(str(error)) from error


class _Environment:
    """environs, with messages that begin with the variable's name."""

    def __init__(self) -> None:
        self._env = Env()

    def text(self, name: str, default: str | None = None, starts: tuple[str, ...] = ()) -> str:
        value = os.environ.get(name, default)
        if not value:
            raise SettingsError(f"{name} is not set")
        if starts and not value.startswith(starts):
            raise SettingsError(f"{name} must start with {' or '.join(starts)}")
        return value

    def secret(self, name: str) -> str:
        value = secret(name)
        if not value:
            raise SettingsError(f"{name} is not set")
        return value

    def name(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", value):
            raise SettingsError(f"{name}: only letters, digits, _ and -, 50 at most")
        return value

    def whole(self, name: str, least: int, most: int, default: int) -> int:
        try:
            value: int = self._env.int(name, default, validate=validate.Range(least, most))
        except EnvError as error:
            raise SettingsError(f"{name} must be a whole number, {least} to {most}") from error
        return value

    def flag(self, name: str) -> bool:
        try:
            value: bool = self._env.bool(name, default=False)
        except EnvError as error:
            raise SettingsError(f"{name} must be true or false") from error
        return value
