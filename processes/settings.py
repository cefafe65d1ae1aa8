"""The environment variables, read and checked when a process starts."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from environs import Env, EnvError, validate

from messaging.settings import RabbitSettings
from messaging.topology import QUEUE_NAME
from storage.client import MongoSettings


class SettingsError(Exception):
    """An environment variable is missing or wrong; the message names it."""


@dataclass(frozen=True)
class Address:
    """Where a process listens."""

    host: str
    port: int


def mongo_settings() -> MongoSettings:
    """MONGO_URI, MONGO_USERNAME, MONGO_PASSWORD and DATABASE_NAME."""
    env = _Environment()
    return MongoSettings(
        env.text("MONGO_URI", starts=("mongodb://", "mongodb+srv://")),
        env.text("MONGO_USERNAME"),
        env.text("MONGO_PASSWORD"),
        env.name("DATABASE_NAME", "aware"),
    )


def rabbit_settings() -> RabbitSettings:
    """RABBITMQ_HOST, _PORT, _USER, _PASSWORD and _QUEUE_NAME."""
    env = _Environment()
    return RabbitSettings(
        env.text("RABBITMQ_HOST"),
        env.whole("RABBITMQ_PORT", 1, 65535, default=5673),
        env.text("RABBITMQ_USER"),
        env.text("RABBITMQ_PASSWORD"),
        env.name("RABBITMQ_QUEUE_NAME", QUEUE_NAME),
    )


def management_port() -> int:
    """RABBITMQ_MANAGEMENT_PORT."""
    return _Environment().whole("RABBITMQ_MANAGEMENT_PORT", 1, 65535, default=15672)


def health_address() -> Address:
    """HEALTH_BIND, as host:port."""
    text = _Environment().text("HEALTH_BIND", default="127.0.0.1:5000")
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"HEALTH_BIND: {text} is not host:port")
    return Address(host, int(port))


def password_for(login: str, system: str) -> str:
    """What the set-up gives a login: for `user-relay` and `MONGO`, USER_RELAY_MONGO_PASSWORD."""
    return _Environment().text(f"{login.replace('-', '_').upper()}_{system}_PASSWORD")


def worker_count() -> int:
    """WORKERS: how many workers an HTTP service has."""
    return _Environment().whole("WORKERS", 1, 64, default=1)


def validate_responses() -> bool:
    """VALIDATE_RESPONSES: whether every answer is checked against the spec."""
    return _Environment().flag("VALIDATE_RESPONSES")


def drain_file() -> Path | None:
    """DRAIN_FILE: while this file is there, the gateway is told to send nothing new."""
    name = os.environ.get("DRAIN_FILE")
    return Path(name) if name else None


def drain_seconds() -> int:
    """DRAIN_SECONDS: how long an HTTP service that is told to end says so before it does."""
    return _Environment().whole("DRAIN_SECONDS", 0, 60, default=0)


def with_seed() -> bool:
    """SEED: whether the set-up inserts the paper's sample data."""
    return _Environment().flag("SEED")


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
